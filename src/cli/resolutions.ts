import { ScvaeError } from '../errors.js'
import type { Arguments } from './arguments.js'

/** Neighbours of a cell in the graph, the cell itself among them, as scanpy has them. */
export const GRAPH_NEIGHBORS = 15

/**
 * The resolutions that `--resolution` asks for, 1 where it is not given.
 *
 * @throws ScvaeError `usage` for one that is not a positive number, and for one that is given twice
 */
export function resolutionsOf(args: Arguments): number[] {
  const given = args.texts('resolution')
  const resolutions = given.map(Number)
  for (const [i, resolution] of resolutions.entries()) {
    if (given[i]!.trim() === '' || !Number.isFinite(resolution) || resolution <= 0) {
      throw new ScvaeError('usage', `--resolution must be a positive number, not "${given[i]}".`)
    }
    if (resolutions.indexOf(resolution) < i) {
      throw new ScvaeError('usage', `--resolution ${resolution} was given twice.`)
    }
  }
  return resolutions.length > 0 ? resolutions : [1]
}

/** The usual names of the columns for clusters at such resolutions: the first one's has none in it. */
export function clusterNames(resolutions: readonly number[]): string[] {
  return resolutions.map((resolution, i) => (i === 0 ? 'scvae_leiden' : `scvae_leiden_${resolution}`))
}
