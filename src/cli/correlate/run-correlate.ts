import { extname } from 'node:path'
import { type CorrelatedPair, topPairs } from '../../analysis/correlation/top-pairs.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { type SubsetTerm, subsetCells } from '../../cells/subset.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { ScvaeError } from '../../errors.js'
import type { ModelDescription } from '../../files/model-description.js'
import { readModel } from '../../files/model-files.js'
import { modelGenes } from '../../models/expression-options.js'
import type { CorrelationOptions } from '../../models/imputing-model.js'
import { SCVI } from '../../models/scvi.js'
import { formatCount } from '../../report/format.js'
import { genesAsked } from '../fit/genes-file.js'
import { interruptible, stopIfInterrupted } from '../interrupt.js'
import { Log, type Verbosity } from '../log.js'
import type { GenesGiven } from '../model-options.js'
import { countedCells, openQuery, type QuerySettings } from '../query.js'
import { stageBar } from '../stage-bar.js'
import { openTable, type TableColumn } from '../table-writers.js'

/** What a run of `scvae correlate` was asked to do. */
export interface CorrelateSettings extends Omit<QuerySettings, 'file'>, GenesGiven {
  directory: string
  file: string | undefined
  output: string
  overwrite: boolean
  top: number
  subset: readonly SubsetTerm[]
  method: 'spearman' | 'pearson'
  draws: number
  transformBatch: string | undefined
  sizeFactor: number
  seed: number | undefined
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Reads a model, and a file where one was given, and writes the pairs of genes that correlate most. */
export async function runCorrelate(settings: CorrelateSettings): Promise<void> {
  const { output, overwrite, transformBatch, seed } = settings
  refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const { description } = readModel(settings.directory)
  const names = genesAsked(settings)
  const genes = modelGenes(description, names) ?? Int32Array.from(description.genes.keys())
  const progress = stageBar(log, 'correlate')
  const cells = await cellsOf(settings, description, log)
  const device = await openDevice(settings)
  try {
    await using model = await SCVI.load(settings.directory, undefined, { device })
    if (settings.file === undefined && !model.hasCells)
      throw new ScvaeError('usage', 'The model tells of no cells: give a file.')
    const matrix = await interruptible(
      (signal) =>
        model.getFeatureCorrelationMatrix({
          ...cells,
          ...(names && { genes: names }),
          ...(transformBatch !== undefined && { transformBatch }),
          ...(seed !== undefined && { seed }),
          nSamples: settings.draws,
          rnaSizeFactor: settings.sizeFactor,
          correlationType: settings.method,
          onProgress(share) {
            stopIfInterrupted(signal)
            progress(share, 1)
          },
        }),
      () => log.warn('stopping'),
    )
    log.clearBar()
    const pairs = topPairs(matrix, settings.top)
    const labels = Array.from(genes, (gene) => description.genes[gene]!)
    await writeBeside(output, (path) => writePairs(path, extname(output), pairs, labels), { overwrite })
    log.info(`wrote ${output}: ${formatCount(pairs.length)} pairs of ${formatCount(genes.length)} genes`)
  } finally {
    await device.dispose()
  }
}

/** The cells of the file, where there is one. */
async function cellsOf(
  settings: CorrelateSettings,
  description: ModelDescription,
  log: Log,
): Promise<Pick<CorrelationOptions, 'adata' | 'cells' | 'genePositions'>> {
  const { file } = settings
  if (file === undefined) return {}
  const query = await openQuery({ ...settings, file }, description, log)
  const cells = countedCells(query, subsetCells(query.adata, settings.subset), log)
  return { adata: query.adata, cells, genePositions: query.positions }
}

/** Rows that are written at a time. */
const LOT = 2 ** 16

function writePairs(
  path: string,
  ending: string,
  pairs: readonly CorrelatedPair[],
  labels: readonly string[],
): void {
  const columnsOf = (some: readonly CorrelatedPair[]): TableColumn[] => [
    { name: 'gene1', type: 'STRING', data: some.map(({ first }) => labels[first]!) },
    { name: 'gene2', type: 'STRING', data: some.map(({ second }) => labels[second]!) },
    { name: 'correlation', type: 'FLOAT', data: Float32Array.from(some, ({ correlation }) => correlation) },
  ]
  const writer = openTable(path, ending, columnsOf([]))
  for (let at = 0; at < pairs.length; at += LOT) writer.add(columnsOf(pairs.slice(at, at + LOT)))
  writer.end()
}
