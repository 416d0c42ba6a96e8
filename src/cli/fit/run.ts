import { availableParallelism } from 'node:os'
import { isMuDataFile } from '../../anndata/mudata/modality.js'
import { shellWord } from '../../anndata/shell-word.js'
import { fileNames } from '../../cells/join/file-names.js'
import { Log } from '../log.js'
import { checkOutputs, nameOutputs, type Outputs } from '../outputs.js'
import { RunLock } from '../run-lock.js'
import type { FitSettings } from './fit-settings.js'
import { PhaseTimer } from './phase-timer.js'

/** What the phases of a run of `scvae fit` share. */
export interface Run {
  settings: FitSettings
  outputs: Outputs
  /** Keeps other runs from the same outputs until it is released. */
  lock: RunLock
  log: Log
  timer: PhaseTimer
  threads: number
  /** The command as a shell takes it. */
  command: string
}

/** The command that was given, as a shell takes it. */
export const commandLine = (): string => ['scvae', ...process.argv.slice(2)].map(shellWord).join(' ')

/** @throws ScvaeError `usage` or `failed` for outputs that cannot be written, or that another run writes */
export async function startRun(settings: FitSettings): Promise<Run> {
  const command = commandLine()
  const outputs = await outputsOf(settings)
  // outputs of a run that goes on are not yet there
  const lock = new RunLock(outputs.prefix, command)
  try {
    for (const file of inputPaths(settings)) checkOutputs(outputs, file, settings)
  } catch (error) {
    lock.release()
    throw error
  }
  return {
    settings,
    log: new Log(settings.verbosity),
    timer: new PhaseTimer(),
    outputs,
    lock,
    threads: settings.threads ?? availableParallelism(),
    command,
  }
}

/** What a run with such settings writes. */
export async function outputsOf(settings: FitSettings): Promise<Outputs> {
  return nameOutputs(settings.file, {
    ...settings,
    loadings: settings.model.decoder === 'linear',
    mudata: await isMuDataFile(settings.file),
    split: settings.splitOutputs ? await splitNames(inputPaths(settings)) : undefined,
  })
}

/** The files that are read. */
export function inputPaths({ file, inputs }: Pick<FitSettings, 'file' | 'inputs'>): string[] {
  return inputs?.files.map(({ path }) => path) ?? [file]
}

/** A name for each of several files, with the ending that its copy has. */
async function splitNames(paths: readonly string[]): Promise<string[]> {
  const endings = await Promise.all(paths.map(async (path) => ((await isMuDataFile(path)) ? 'h5mu' : 'h5ad')))
  return fileNames(paths).map((name, i) => `${name}.${endings[i]}`)
}
