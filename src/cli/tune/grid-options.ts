import { ScvaeError } from '../../errors.js'
import {
  type Candidate,
  gridCandidates,
  TUNED,
  type TunedName,
  type TuneGrid,
} from '../../models/tune-grid.js'
import { DEFAULT_MODEL, modelConfig } from '../../network/config.js'
import type { Arguments } from '../arguments.js'
import { LIKELIHOODS, PRIORS } from '../fit/fit-options.js'
import { grouped, text } from '../option-specs.js'

/** The option of each setting that is tuned: that of `fit`. */
export const OPTION_OF: Readonly<Record<TunedName, string>> = {
  nLatent: 'n-latent',
  nLayers: 'n-layers',
  nHidden: 'n-hidden',
  likelihood: 'likelihood',
  beta: 'beta',
  prior: 'prior',
  encodeCovariates: 'encode-covariates',
}

/** Options of the grid; each takes values that commas part. */
export const GRID_OPTIONS = grouped('Candidates:', {
  'n-latent': text('Latent dimensions to try, such as 10,20,30'),
  'n-layers': text('Numbers of hidden layers'),
  'n-hidden': text('Units of a hidden layer'),
  likelihood: text(`Of ${LIKELIHOODS.join(', ')}`),
  beta: text('Weights of the KL term'),
  prior: text(`Of ${PRIORS.join(', ')}`),
  'encode-covariates': text('no, yes or no,yes'),
})

/**
 * All combinations of what was given; undefined where nothing was.
 *
 * @throws ScvaeError `usage` for a value that `fit` would not take
 */
export function givenCandidates(args: Arguments): Candidate[] | undefined {
  if (TUNED.every((name) => args.text(OPTION_OF[name]) === undefined)) return undefined
  const grid: TuneGrid = {
    ...values(args, 'nLatent', Number),
    ...values(args, 'nLayers', Number),
    ...values(args, 'nHidden', Number),
    ...values(args, 'beta', Number),
    ...values(args, 'likelihood', word(LIKELIHOODS, 'likelihood')),
    ...values(args, 'prior', word(PRIORS, 'prior')),
    ...values(
      args,
      'encodeCovariates',
      (one) => word(['no', 'yes'] as const, 'encode-covariates')(one) === 'yes',
    ),
  }
  const candidates = gridCandidates(grid)
  for (const candidate of candidates) modelConfig({ ...DEFAULT_MODEL, ...candidate })
  return candidates
}

function values<K extends TunedName, V>(
  args: Arguments,
  name: K,
  read: (text: string) => V,
): { [P in K]?: V[] } {
  const given = args.text(OPTION_OF[name])
  const found: { [P in K]?: V[] } = {}
  if (given !== undefined) found[name] = given.split(',').map((one) => read(one.trim()))
  return found
}

const word =
  <const W extends string>(words: readonly W[], option: string) =>
  (given: string): W => {
    const found = words.find((one) => one === given)
    if (found !== undefined) return found
    throw new ScvaeError('usage', `--${option} takes some of ${words.join(', ')}, not "${given}".`)
  }

/** What a fit is given for a candidate: its settings that are not the default. */
export function candidateWords(candidate: Candidate): string[] {
  return TUNED.flatMap((name) => {
    if (candidate[name] === DEFAULT_MODEL[name]) return []
    const option = `--${OPTION_OF[name]}`
    return name === 'encodeCovariates' ? [option] : [option, String(candidate[name])]
  })
}
