import type { TuneResult } from '../../models/tune.js'
import { type Candidate, TUNED } from '../../models/tune-grid.js'
import { snakeCase } from '../fit/metrics.js'
import { candidateWords } from './grid-options.js'

/** A candidate by what it changes. */
export const candidateName = (candidate: Candidate): string =>
  candidateWords(candidate)
    .join(' ')
    .replaceAll(/(^| )--/g, (_, space) => (space === '' ? '' : ', ')) || 'the default'

const settingsOf = (candidate: Candidate) =>
  snakeCase(Object.fromEntries(TUNED.map((name) => [name, candidate[name]])))

/** One sentence about the winner. */
export function tuneVerdict({ candidates, ranking, gain, rungs }: TuneResult): string {
  const name = candidateName(candidates[ranking[0]!]!)
  const last = rungs.at(-1)!.maxEpochs
  if (!gain) {
    const how =
      name === 'the default'
        ? 'No candidate is better than the default'
        : `Best of ${candidates.length}: ${name}`
    return `${how}, by fits of up to ${last} epochs.`
  }
  const sure = gain.value > 2 * gain.error
  const than = `${gain.value.toFixed(2)} ± ${gain.error.toFixed(2)} nats a cell ${gain.value < 0 ? '(worse)' : 'better'} than the default by the held-out bound after ${gain.maxEpochs} epochs`
  return sure
    ? `Best of ${candidates.length}: ${name}; ${than}.`
    : `Best of ${candidates.length}: ${name}; ${than}, which is no sure gain: the default will do as well unless batches have to mix better.`
}

/** All figures under stable names. */
export function tuneRecord({ candidates, rungs, ranking, gain }: TuneResult): Record<string, unknown> {
  return {
    gain_over_default: gain ? { value: gain.value, error: gain.error, max_epochs: gain.maxEpochs } : null,
    candidates: ranking.map((at, rank) => ({ id: at, rank: rank + 1, ...settingsOf(candidates[at]!) })),
    rungs: rungs.map(({ maxEpochs, trials }) => ({
      max_epochs: maxEpochs,
      trials: trials.map(({ candidate, epochs, bound, mixing, score }) => ({
        id: candidate,
        epochs,
        bound: bound?.value ?? null,
        bound_error: bound?.error ?? null,
        n_bound_cells: bound?.cells.length ?? 0,
        batch_mixing: mixing ?? null,
        score,
      })),
    })),
  }
}

/** A line for each fit. */
export function* csvLines({ candidates, rungs }: TuneResult): Generator<string> {
  const names = Object.keys(settingsOf(candidates[0]!))
  yield `rung,max_epochs,id,${names.join(',')},epochs,bound,bound_error,batch_mixing,score\n`
  for (const [rung, { maxEpochs, trials }] of rungs.entries())
    for (const { candidate, epochs, bound, mixing, score } of trials) {
      const settings = Object.values(settingsOf(candidates[candidate]!))
      const figures = [epochs, bound?.value ?? '', bound?.error ?? '', mixing ?? '', score]
      yield `${[rung + 1, maxEpochs, candidate, ...settings, ...figures].join(',')}\n`
    }
}
