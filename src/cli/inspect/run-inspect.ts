import { type InspectOptions, inspectCounts } from '../../anndata/inspect-any.js'
import { type CountsOptions, detectFormat } from '../../anndata/read-any.js'
import { geneIds } from '../../cells/gene-ids.js'
import { ScvaeError } from '../../errors.js'
import type { DataSettings } from '../fit/fit-settings.js'
import { Log, type Verbosity } from '../log.js'
import { printJson } from '../print-json.js'
import { batchColumns } from './batch-columns.js'
import { fitOutlook } from './fit-outlook.js'
import { lookJson, looksJson } from './inspect-json.js'
import { looksText, lookText } from './inspect-text.js'
import { joinOutlook } from './join-outlook.js'
import type { FileLook, JoinLook } from './look.js'
import { modelOutlook } from './model-outlook.js'

/** What a run of `scvae inspect` was asked to do. */
export interface InspectSettings {
  data: DataSettings
  model: string | undefined
  geneKey: string | undefined
  verbosity: Verbosity
  json: boolean
}

/**
 * Prints what files hold and what `scvae fit` and `scvae embed` would do with them; the log has their warnings.
 *
 * @throws ScvaeError `bad-input` for a file that cannot be read at all, `usage` for options that do not apply
 */
export async function runInspect(settings: InspectSettings): Promise<void> {
  const { data, model, geneKey, verbosity, json } = settings
  if (geneKey !== undefined && model === undefined) {
    throw new ScvaeError('usage', '--gene-key is about a model, and there is no --model.')
  }
  const log = new Log(verbosity)
  const { inputs } = data
  const print = (text: string) => void process.stdout.write(`${text}\n`)
  if (!inputs) {
    const look = await lookAt(data.file, settings, false)
    for (const warning of warningsOf(look)) log.warn(warning)
    if (json) printJson(lookJson(look), verbosity)
    else print(lookText(look))
    return
  }
  const files: FileLook[] = []
  for (const { path } of inputs.files) {
    const look = await lookAt(path, settings, true)
    for (const warning of warningsOf(look)) log.warn(`${path}: ${warning}`)
    files.push(look)
  }
  const look: JoinLook = {
    files,
    kind: inputs.join,
    join: joinOutlook(files.map(({ fit }) => fit.genes)),
    fit: await fitOutlook(data, undefined),
  }
  if (json) printJson(looksJson(look), verbosity)
  else print(looksText(look))
}

async function lookAt(path: string, settings: InspectSettings, isPart: boolean): Promise<FileLook> {
  const { data, model: directory, geneKey } = settings
  const { counts, allowNoninteger } = data
  const format = await detectFormat(path)
  const summary = await inspectCounts(path, formOptions(counts))
  const { obs, var: variables, obsNames, varNames } = summary.tables
  const fit = await fitOutlook({ ...data, file: path, inputs: undefined }, summary, isPart)
  const question = { file: path, counts, geneKey, allowNoninteger, genes: fit.genes }
  return {
    format,
    summary,
    batches: batchColumns({ path, nCells: summary.nCells, obs, obsNames }),
    repeats: {
      genes: repeated(varNames),
      ids: repeated(geneIds({ var: variables, nGenes: varNames.length }) ?? []),
      cells: repeated(obsNames),
    },
    fit,
    model: directory === undefined ? undefined : await modelOutlook({ ...question, directory }),
  }
}

/** Those options that say what of a file is looked at, and not which of its matrices is fitted. */
function formOptions(counts: CountsOptions): InspectOptions {
  const { layer: _layer, useRaw: _useRaw, missing: _missing, maskLayer: _maskLayer, ...form } = counts
  return form
}

const repeated = (names: readonly string[]) => names.length - new Set(names).size

/** Each once: commands that read a file say the same of it. */
function warningsOf({ summary, fit, model }: FileLook): Set<string> {
  return new Set([...summary.warnings, ...fit.warnings, ...(model?.warnings ?? [])])
}
