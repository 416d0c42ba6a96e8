import { availableParallelism } from 'node:os'
import { Log } from '../log.js'
import { type Outputs, planOutputs } from '../outputs.js'
import { shellWord } from '../text.js'
import type { FitSettings } from './fit-settings.js'
import { PhaseTimer } from './phase-timer.js'

/** What the phases of a run of `scvae fit` share. */
export interface Run {
  settings: FitSettings
  outputs: Outputs
  log: Log
  timer: PhaseTimer
  threads: number
  /** The command as a shell takes it. */
  command: string
}

/** @throws ScvaeError `usage` or `failed` for outputs that cannot be written */
export function startRun(settings: FitSettings): Run {
  return {
    settings,
    log: new Log(settings.verbosity),
    timer: new PhaseTimer(),
    outputs: planOutputs(settings.file, { ...settings, loadings: settings.model.decoder === 'linear' }),
    threads: settings.threads ?? availableParallelism(),
    command: ['scvae', ...process.argv.slice(2)].map(shellWord).join(' '),
  }
}
