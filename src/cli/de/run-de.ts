import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { type SubsetTerm, subsetCells } from '../../cells/subset.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { ScvaeError } from '../../errors.js'
import { readModel } from '../../files/model-files.js'
import type { DifferentialOptions, GroupComparison } from '../../models/differential-options.js'
import { SCVI } from '../../models/scvi.js'
import { formatCount, formatPlural } from '../../report/format.js'
import { interruptible } from '../interrupt.js'
import { Log, type Verbosity } from '../log.js'
import { countedCells, openQuery, type QuerySettings } from '../query.js'
import { stageBar } from '../stage-bar.js'
import { deColumns, writeDeCsv, writeDeParquet } from './de-table.js'

/** What a run of `scvae de` was asked to do. */
export interface DeSettings extends QuerySettings {
  directory: string
  prefix: string
  parquet: boolean
  overwrite: boolean
  groupby: string
  groups: readonly string[]
  /** `rest` for all others. */
  reference: string
  subset: readonly SubsetTerm[]
  comparison: Pick<
    DifferentialOptions,
    'mode' | 'delta' | 'fdrTarget' | 'batchCorrection' | 'nSamples' | 'pseudocount' | 'seed'
  >
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Reads a model and a file, compares groups of the file's cells and writes the table. */
export async function runDe(settings: DeSettings): Promise<void> {
  const { prefix, parquet, overwrite, groups, reference } = settings
  const outputs = [`${prefix}_de.csv`, ...(parquet ? [`${prefix}_de.parquet`] : [])]
  for (const output of outputs) refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const { description } = readModel(settings.directory)
  const query = await openQuery(settings, description, log)
  const cells = countedCells(query, subsetCells(query.adata, settings.subset), log)
  const progress = stageBar(log, 'compare')
  const options: DifferentialOptions = {
    ...settings.comparison,
    adata: query.adata,
    cells,
    genePositions: query.positions,
    groupBy: settings.groupby,
    ...(groups.length > 0 && { group1: groups }),
    ...(reference !== 'rest' && { group2: reference }),
  }
  const device = await openDevice(settings)
  try {
    await using model = await SCVI.load(settings.directory, undefined, { device })
    const comparisons = await interruptible(
      (signal) =>
        model.differentialExpression({
          ...options,
          onProgress(done, total) {
            if (signal.aborted) throw new ScvaeError('interrupted', 'Interrupted; nothing was written.')
            progress(done, total)
          },
        }),
      () => log.warn('stopping'),
    )
    log.clearBar()
    say(comparisons, log)
    const columns = deColumns(comparisons)
    await writeBeside(outputs[0]!, (path) => writeDeCsv(path, columns), { overwrite })
    if (parquet) await writeBeside(outputs[1]!, (path) => writeDeParquet(path, columns), { overwrite })
  } finally {
    await device.dispose()
  }
  log.info(`wrote ${outputs.join(', ')}`)
}

/** Below this number of cells in a group, what is said of it is warned of. */
const FEW_CELLS = 10

function say(comparisons: readonly GroupComparison[], log: Log): void {
  for (const { group1, group2, nCells1, nCells2, mode, genes } of comparisons) {
    const marked = genes.filter(({ isDe }) => isDe)
    const top = genes
      .slice(0, 3)
      .map(({ gene }) => gene)
      .join(', ')
    const found = mode === 'change' ? `${formatPlural(marked.length, 'gene')} differ; ` : ''
    log.info(
      `${group1} (${formatCount(nCells1)} cells) against ${group2} (${formatCount(nCells2)}): ${found}first ${top}`,
    )
    if (Math.min(nCells1, nCells2) < FEW_CELLS)
      log.warn(`${group1} against ${group2} rests on ${Math.min(nCells1, nCells2)} cells of one of them.`)
  }
}
