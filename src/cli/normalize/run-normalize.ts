import { extname } from 'node:path'
import type { ExpressionBlock } from '../../analysis/expression/normalized-expression.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { writeCopy } from '../../anndata/write/copy.js'
import { writeZarrRows } from '../../anndata/zarr/write.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { readModel } from '../../files/model-files.js'
import { type ExpressionOptions, modelBatches, modelGenes } from '../../models/expression-options.js'
import { SCVI } from '../../models/scvi.js'
import { formatCount } from '../../report/format.js'
import { genesAsked } from '../fit/genes-file.js'
import { interruptible, stopIfInterrupted } from '../interrupt.js'
import { Log, type Verbosity } from '../log.js'
import type { GenesGiven } from '../model-options.js'
import { countedCells, openQuery, type Query, type QuerySettings } from '../query.js'
import { openRows } from '../row-writers.js'
import { stageBar } from '../stage-bar.js'
import { RowsOfFile } from './rows-of-file.js'

/** The layer that is added to a copy. */
const LAYER = 'scvae_normalized'

/** What a run of `scvae normalize` was asked to do. */
export interface NormalizeSettings extends QuerySettings, GenesGiven {
  directory: string
  output: string
  dtype: 'float32' | 'float16'
  overwrite: boolean
  draws: number
  transformBatch: string | undefined
  librarySize: number | 'observed' | 'median'
  seed: number | undefined
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Reads a model and a file, and writes what the file's cells express, block by block. */
export async function runNormalize(settings: NormalizeSettings): Promise<void> {
  const { output, overwrite, transformBatch } = settings
  refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const { description } = readModel(settings.directory)
  const names = genesAsked(settings)
  const genes = modelGenes(description, names) ?? Int32Array.from(description.genes.keys())
  modelBatches(description, transformBatch)
  const query = await openQuery(settings, description, log)
  const { nCells } = query.adata
  const cells = countedCells(
    query,
    Int32Array.from({ length: nCells }, (_, cell) => cell),
    log,
  )
  const options: ExpressionOptions = {
    adata: query.adata,
    cells,
    genePositions: query.positions,
    nSamples: settings.draws,
    librarySize: settings.librarySize,
    ...(names && { genes: names }),
    ...(transformBatch !== undefined && { transformBatch }),
    ...(settings.seed !== undefined && { seed: settings.seed }),
  }
  const progress = stageBar(log, 'normalize')
  const device = await openDevice(settings)
  try {
    await using model = await SCVI.load(settings.directory, undefined, { device })
    const made = await interruptible(
      (signal) => {
        const each = (visit: (block: ExpressionBlock) => void) =>
          model.eachNormalizedExpression(options, (block) => {
            stopIfInterrupted(signal)
            visit(block)
            progress(block.firstCell + block.nCells, cells.length)
          })
        return write(settings, query, names ?? description.genes, genes, cells, each)
      },
      () => log.warn('stopping'),
    )
    log.clearBar()
    for (const change of made) log.warn(change)
  } finally {
    await device.dispose()
  }
  log.info(`wrote ${output}: ${formatCount(nCells)} cells × ${formatCount(genes.length)} genes`)
}

/** @returns one sentence for each thing of the input that a copy of it does not have as it was */
async function write(
  { output, overwrite, dtype }: NormalizeSettings,
  { adata, format, match, nFileGenes }: Query,
  names: readonly string[],
  genes: Int32Array,
  cells: Int32Array,
  each: (visit: (block: ExpressionBlock) => void) => Promise<void>,
): Promise<string[]> {
  const ending = extname(output)
  if (ending.startsWith('.h5')) {
    const layer = async (add: (rows: Float32Array) => void) => {
      const rows = new RowsOfFile(adata.nCells, cells, genes.length, {
        places: Array.from(genes, (gene) => match.positions[gene]!),
        width: nFileGenes,
      })
      await each((block) => rows.take(block, add))
      rows.end(add)
    }
    const added = dtype === 'float16' ? { half: layer } : layer
    return writeCopy(adata, format, output, { layers: { [LAYER]: added } }, { overwrite })
  }
  const allRows = async (add: (values: Float32Array) => void) => {
    const rows = new RowsOfFile(adata.nCells, cells, genes.length)
    await each((block) => rows.take(block, add))
    rows.end(add)
  }
  if (ending === '.zarr') {
    const { obsNames, obs } = adata
    await writeZarrRows(output, allRows, { obsNames, varNames: names, obs, dtype }, { overwrite })
    return []
  }
  await writeBeside(
    output,
    async (path) => {
      const writer = openRows(path, ending, { nameColumn: 'cell', rowNames: adata.obsNames, columns: names })
      await allRows((values) => writer.add(values))
      writer.end()
    },
    { overwrite },
  )
  return []
}
