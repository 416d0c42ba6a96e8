import { ScvaeError } from '../errors.js'
import { DEFAULT_MODEL, type ModelConfig } from '../network/config.js'

/** Settings that are tuned. */
export const TUNED = [
  'nLatent',
  'nLayers',
  'nHidden',
  'likelihood',
  'beta',
  'prior',
  'encodeCovariates',
] as const

export type TunedName = (typeof TUNED)[number]
/** What a candidate sets; all else is as in the plan. */
export type Candidate = Pick<ModelConfig, TunedName>
/** Values to try of each setting; one that is left out keeps its default. */
export type TuneGrid = { [K in TunedName]?: readonly ModelConfig[K][] }

/** More candidates than this are no grid any more. */
const MOST_CANDIDATES = 256

/** The second value of each setting in the default design; the first is the default of a fit. */
const SECOND: Candidate = {
  nLatent: 30,
  nLayers: 2,
  nHidden: 256,
  likelihood: 'zinb',
  beta: 1,
  prior: 'normal',
  encodeCovariates: true,
}

const DEFAULTS = Object.fromEntries(TUNED.map((name) => [name, DEFAULT_MODEL[name]])) as unknown as Candidate

/**
 * The candidates when nothing is asked for: two values of each of seven settings in 16 fits, a fractional factorial design of resolution IV (2^(7−3);
 * Box and Hunter, Technometrics 1961). Each value is in half of the candidates, with the values of any other setting split evenly, so that the effect
 * of a setting is told from those of the others. The first candidate is the fit's default.
 *
 * @param hasCovariates whether there is something that `encodeCovariates` could encode; without it that setting stays off, and 16 different candidates are left
 */
export function defaultCandidates(hasCovariates: boolean): Candidate[] {
  return Array.from({ length: 16 }, (_, run) => {
    const [a, b, c, d] = [run & 1, (run >> 1) & 1, (run >> 2) & 1, (run >> 3) & 1] as const
    const levels = [a, b, c, d, a ^ b ^ c, b ^ c ^ d, a ^ c ^ d]
    const chosen = TUNED.map((name, i) => [name, levels[i] === 1 ? SECOND[name] : DEFAULTS[name]])
    const candidate = Object.fromEntries(chosen) as Candidate
    return hasCovariates ? candidate : { ...candidate, encodeCovariates: false }
  })
}

/**
 * All combinations of the values of a grid.
 *
 * @throws ScvaeError (usage) for a value given twice, and more than 256 candidates
 */
export function gridCandidates(grid: TuneGrid): Candidate[] {
  let candidates: Candidate[] = [DEFAULTS]
  for (const name of TUNED) {
    const values: readonly unknown[] = grid[name] ?? [DEFAULTS[name]]
    if (new Set(values).size < values.length)
      throw new ScvaeError('usage', `${name} has a value more than once: ${values.join(', ')}.`)
    candidates = candidates.flatMap((one) => values.map((value) => ({ ...one, [name]: value })))
    if (candidates.length > MOST_CANDIDATES)
      throw new ScvaeError('usage', `The grid has more than ${MOST_CANDIDATES} candidates.`, {
        hint: 'Give fewer values.',
      })
  }
  return candidates
}

/** Whether a candidate is the fit's default. */
export const isDefault = (candidate: Candidate): boolean =>
  TUNED.every((name) => candidate[name] === DEFAULTS[name])
