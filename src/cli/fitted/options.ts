import { DEFAULT_TRAINING } from '../../train/options.js'
import type { Arguments } from '../arguments.js'
import { LATENT_KEY } from '../fit/output-keys.js'
import { flag, grouped, number, text } from '../option-specs.js'
import { GRAPH_NEIGHBORS } from '../resolutions.js'
import type { FittedSettings } from './fitted-file.js'

/** What the commands that read a latent take. */
export const FITTED_OPTIONS = {
  ...grouped('Data:', {
    'use-rep': { ...text('Key in obsm of the positions'), default: LATENT_KEY },
    modality: text('Modality of a MuData file'),
    'n-neighbors': {
      ...number('Neighbours of a cell, the cell itself among them'),
      default: GRAPH_NEIGHBORS,
    },
    seed: { ...number('Seed of everything random'), default: DEFAULT_TRAINING.seed },
  }),
  ...grouped('Output:', {
    output: { ...text('The .h5ad (or .h5mu) file to write'), alias: 'o', demandOption: true },
    overwrite: flag('Replace the output if it exists'),
  }),
}

/** @throws ScvaeError `usage` for a value out of range */
export function fittedSettings(args: Arguments): FittedSettings & { nNeighbors: number; seed: number } {
  return {
    file: args.positional('file'),
    modality: args.text('modality'),
    useRep: args.text('use-rep')!,
    output: args.text('output')!,
    overwrite: args.flag('overwrite'),
    nNeighbors: args.whole('n-neighbors', 2)!,
    seed: args.whole('seed', 0)!,
  }
}
