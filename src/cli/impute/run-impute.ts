import { extname } from 'node:path'
import type { ImputedBlock } from '../../analysis/imputation/impute.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { writeCopy } from '../../anndata/write/copy.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { readModel } from '../../files/model-files.js'
import { modelGenes } from '../../models/expression-options.js'
import type { ImputeOptions } from '../../models/imputing-model.js'
import { SCVI } from '../../models/scvi.js'
import { formatPlural } from '../../report/format.js'
import { genesAsked } from '../fit/genes-file.js'
import { interruptible, stopIfInterrupted } from '../interrupt.js'
import { Log, type Verbosity } from '../log.js'
import type { GenesGiven } from '../model-options.js'
import { countedCells, openQuery, type Query, type QuerySettings } from '../query.js'
import { stageBar } from '../stage-bar.js'
import { openTable, type TableColumn } from '../table-writers.js'
import { type Estimate, FilledRows } from './filled-rows.js'

/** Layers that are added to a copy. */
const LAYERS = ['scvae_imputed', 'scvae_imputed_low', 'scvae_imputed_high']

/** What a run of `scvae impute` was asked to do. */
export interface ImputeSettings extends QuerySettings, GenesGiven {
  directory: string
  output: string
  overwrite: boolean
  draws: number
  interval: number
  /** What of a missing count goes into the first layer of a copy. */
  estimate: Estimate
  seed: number | undefined
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Reads a model and a file, and writes what the file's missing counts would have been, block by block. */
export async function runImpute(settings: ImputeSettings): Promise<void> {
  const { output, overwrite, draws, interval, seed } = settings
  refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const { description } = readModel(settings.directory)
  const names = genesAsked(settings)
  const wanted = modelGenes(description, names) ?? Int32Array.from(description.genes.keys())
  // a copy has the file's genes beside those of the model
  const asLayers = extname(output).startsWith('.h5')
  const query = await openQuery({ ...settings, allGenes: asLayers }, description, log)
  const { adata, positions } = query
  const cells = countedCells(
    query,
    Int32Array.from({ length: adata.nCells }, (_, cell) => cell),
    log,
  )
  // genes that the file does not have have no column in its layers
  const genes = asLayers ? wanted.filter((gene) => positions[gene]! >= 0) : wanted
  const progress = stageBar(log, 'impute')
  const options: ImputeOptions = {
    adata,
    cells,
    genePositions: positions,
    nSamples: draws,
    interval,
    genes,
    onCells: progress,
    ...(seed !== undefined && { seed }),
  }
  const device = await openDevice(settings)
  try {
    await using model = await SCVI.load(settings.directory, undefined, { device })
    let nImputed = 0
    const changes = await interruptible(
      (signal) => {
        const each = async (visit: (block: ImputedBlock) => void) => {
          const done = await model.eachImputed(options, (block) => {
            stopIfInterrupted(signal)
            visit(block)
          })
          nImputed = done.nImputed
        }
        return asLayers
          ? writeLayers(settings, query, cells, each)
          : writeTable(settings, query, description.genes, cells, each)
      },
      () => log.warn('stopping'),
    )
    log.clearBar()
    for (const change of changes) log.warn(change)
    log.info(`wrote ${output}: ${formatPlural(nImputed, 'missing count')}`)
  } finally {
    await device.dispose()
  }
}

type EachBlock = (visit: (block: ImputedBlock) => void) => Promise<void>

/** @returns one sentence for each thing of the input that a copy of it does not have as it was */
function writeLayers(
  { output, overwrite, interval, draws, estimate }: ImputeSettings,
  { adata, format, positions }: Query,
  cells: Int32Array,
  each: EachBlock,
): Promise<string[]> {
  const rows = new FilledRows(adata.counts, cells, positions, estimate)
  const jointLayers = {
    names: LAYERS,
    async rows(add: (rows: readonly Float32Array[]) => void) {
      await each((block) => rows.take(block, add))
      rows.end(add)
    },
  }
  const settings = { imputed: { estimate, interval, draws } }
  return writeCopy(adata, format, output, { jointLayers }, { overwrite, settings })
}

/** A row for each missing count. */
async function writeTable(
  { output, overwrite }: ImputeSettings,
  { adata }: Query,
  genes: readonly string[],
  cells: Int32Array,
  each: EachBlock,
): Promise<string[]> {
  const columnsOf = (block: ImputedBlock): TableColumn[] => {
    const names: string[] = []
    for (const [i, cell] of block.cells.entries())
      for (let k = block.offsets[i]!; k < block.offsets[i + 1]!; k++)
        names.push(adata.obsNames[cells[cell]!]!)
    return [
      { name: 'cell', type: 'STRING', data: names },
      { name: 'gene', type: 'STRING', data: Array.from(block.genes, (gene) => genes[gene]!) },
      ...(['mean', 'median', 'low', 'high'] as const).map(
        (name) => ({ name, type: 'FLOAT', data: block[name] }) as const,
      ),
    ]
  }
  const none = new Float32Array()
  const empty = { cells: new Int32Array(), offsets: Int32Array.of(0), genes: new Int32Array() }
  await writeBeside(
    output,
    async (path) => {
      const writer = openTable(
        path,
        extname(output),
        columnsOf({ ...empty, mean: none, median: none, low: none, high: none }),
      )
      await each((block) => writer.add(columnsOf(block)))
      writer.end()
    },
    { overwrite },
  )
  return []
}
