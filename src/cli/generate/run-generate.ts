import type { Column } from '../../anndata/frame/column.js'
import { refuseExisting } from '../../anndata/write/beside.js'
import { writeStreamedAnnData } from '../../anndata/write/streamed-anndata.js'
import { type SubsetTerm, subsetCells } from '../../cells/subset.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { ScvaeError } from '../../errors.js'
import type { ModelDescription } from '../../files/model-description.js'
import { readModel } from '../../files/model-files.js'
import type { GenerationOptions } from '../../models/generation.js'
import { SCVI } from '../../models/scvi.js'
import { formatCount } from '../../report/format.js'
import { interruptible, stopIfInterrupted } from '../interrupt.js'
import { Log, type Verbosity } from '../log.js'
import { countedCells, openQuery, type QuerySettings } from '../query.js'
import { stageBar } from '../stage-bar.js'
import { MadeCells } from './made-cells.js'

/** What a run of `scvae generate` was asked to do. */
export interface GenerateSettings extends Omit<QuerySettings, 'file'> {
  directory: string
  file: string | undefined
  output: string
  overwrite: boolean
  nCells: number | undefined
  from: 'posteriors' | 'cells' | 'prior'
  counterfactual: boolean
  subset: readonly SubsetTerm[]
  covariates: Readonly<Record<string, string>>
  librarySize: number | undefined
  seed: number | undefined
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Reads a model, and a file of real cells where one was given, and writes cells that the model makes, block by block. */
export async function runGenerate(settings: GenerateSettings): Promise<void> {
  const { output, overwrite } = settings
  refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const { description } = readModel(settings.directory)
  const { options, names } = await realCells(settings, description, log)
  const progress = stageBar(log, 'generate')
  const device = await openDevice(settings)
  try {
    await using model = await SCVI.load(settings.directory, undefined, { device })
    const stored = settings.file === undefined && model.hasCells
    if (settings.file === undefined && !stored && settings.from === 'posteriors')
      log.warn(
        'The model tells of no cells, so these come from its prior: give a file for cells like real ones.',
      )
    if (settings.file === undefined && !stored && settings.from === 'cells')
      throw new ScvaeError('usage', 'The model tells of no cells that could be made anew: give a file.')
    const made = new MadeCells(description, {
      names: settings.file === undefined ? model.cellNames : names,
      word: wordOf(settings, stored || settings.file !== undefined),
    })
    await interruptible(
      (signal) =>
        writeStreamedAnnData(
          output,
          {
            varNames: description.genes,
            uns: { scvae: { generated: made.record(settings.covariates, options.seed ?? description.seed) } },
            async counts(add) {
              await model.eachGenerated(options, (block, total) => {
                stopIfInterrupted(signal)
                add(block.rows)
                made.add(block)
                progress(made.nCells, total)
              })
            },
            obs: () => made.obs() satisfies { names: readonly string[]; columns: Record<string, Column> },
          },
          { overwrite },
        ),
      () => log.warn('stopping'),
    )
    log.clearBar()
    log.info(
      `wrote ${output}: ${formatCount(made.nCells)} cells × ${formatCount(description.genes.length)} genes, ${made.word}`,
    )
  } finally {
    await device.dispose()
  }
}

/** What is asked of the model, and the names of the real cells. */
async function realCells(
  settings: GenerateSettings,
  description: ModelDescription,
  log: Log,
): Promise<{ options: GenerationOptions; names: readonly string[] | undefined }> {
  const { file, nCells, from, covariates, librarySize, seed } = settings
  const options: GenerationOptions = {
    from,
    covariates,
    ...(nCells !== undefined && { nCells }),
    ...(librarySize !== undefined && { librarySize }),
    ...(seed !== undefined && { seed }),
  }
  if (file === undefined) return { options, names: undefined }
  const query = await openQuery({ ...settings, file }, description, log)
  const { adata, positions } = query
  const cells = countedCells(query, subsetCells(adata, settings.subset), log)
  return {
    options: { ...options, adata, cells, genePositions: positions },
    names: Array.from(cells, (cell) => adata.obsNames[cell]!),
  }
}

/** Where cells come from, for their obs. */
function wordOf({ from, counterfactual }: GenerateSettings, hasReal: boolean): string {
  if (from === 'prior' || !hasReal) return 'prior'
  if (counterfactual) return 'counterfactual'
  return from === 'cells' ? 'posterior predictive' : 'aggregated posterior'
}
