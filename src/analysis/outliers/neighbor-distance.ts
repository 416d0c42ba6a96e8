import type { Part } from './joint-null.js'

/**
 * Logarithms of distances: on this scale the sparse types of a sample lie a few units from the dense ones, and not orders of
 * magnitude. A distance of 0 stands as the smallest that is not.
 */
export function logDistances(cells: ArrayLike<number>, simulated: ArrayLike<number>): Part {
  let least = Number.POSITIVE_INFINITY
  for (const values of [cells, simulated])
    for (let i = 0; i < values.length; i++) if (values[i]! > 0) least = Math.min(least, values[i]!)
  const floor = Number.isFinite(least) ? least : 1
  const logs = (values: ArrayLike<number>) => Float64Array.from(values, (x) => Math.log(Math.max(x, floor)))
  return { cells: logs(cells), simulated: logs(simulated) }
}
