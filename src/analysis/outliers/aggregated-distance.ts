import { setImmediate } from 'node:timers/promises'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import type { LatentPosterior } from '../posterior/inference.js'
import { STREAM } from '../random-streams.js'

export interface AggregatedPosteriorOptions {
  /** Points that are held against the cells' posteriors, and a cell for each that is left out; the cells themselves when left out. */
  points?: { means: Matrix; leftOut: Int32Array }
  /** Most posteriors in the mixture; a seeded sample of the cells where there are more. Default 2,000. */
  components?: number
  /** Default 0. */
  seed?: number
  /** Called after each block of cells with the number of cells done. */
  onCells?: (done: number) => void
}

const DEGREES_OF_FREEDOM = 3
/** Pairs of a cell and a component, times dimensions, in one call of the kernel: some tenths of a second on one thread. */
const WORK_PER_CALL = 2 ** 28
/** A multiple of the cells that the widest vector holds. */
const CELL_UNIT = 16

/**
 * Distance of every cell from the aggregated posterior: minus the log-density of the cell's posterior mean under the
 * mixture of the other cells' posteriors.
 *
 * Each posterior enters as a multivariate Student t with 3 degrees of freedom at its own mean and scale, up to the
 * constant that all share. With Gaussian tails the density of a lone cell would be decided by rounding and grow with the
 * squared distance; with these it grows with the logarithm of the distance, which {@link upperTailP} relies on. A cell
 * is left out of the mixture that it is held against, else every cell would sit on top of its own peak.
 *
 * Computed in float32 by a kernel; two builds of the kernels agree to some 1e-5.
 *
 * @returns one value a cell or point, larger where it is farther from the others; defined up to one constant for all
 * @throws ScvaeError `failed` when there are fewer than two cells or a value is not finite
 */
export async function aggregatedPosteriorDistance(
  host: HostKernels,
  posterior: LatentPosterior,
  options: AggregatedPosteriorOptions = {},
): Promise<Float64Array> {
  const { components = 2000, seed = 0, points, onCells } = options
  const { rows: n, columns: d } = posterior.means
  if (n < 2) throw new ScvaeError('failed', `The aggregated posterior of ${n} cell has no other cell in it.`)
  const owner = new Random(seed, STREAM.aggregatedPosterior).permutation(n).slice(0, Math.min(components, n))
  const { values: means, rows: asked } = points?.means ?? posterior.means
  const wanted = Math.ceil(WORK_PER_CALL / (owner.length * (d + 8)))
  const block = Math.min(asked, Math.max(1, Math.round(wanted / CELL_UNIT)) * CELL_UNIT)
  const padded = Math.ceil(block / CELL_UNIT) * CELL_UNIT
  const space = new HostSpace(host.arena)
  try {
    const { component, logPeak } = mixture(posterior, owner)
    const places = {
      owner: space.ints(owner),
      self: space.take(padded),
      component: space.floats(component),
      logPeak: space.floats(logPeak),
      cell: space.take(d * padded),
      largest: space.take(padded),
      total: space.take(padded),
    }
    const inMixture = new Uint8Array(n)
    for (const cell of owner) inMixture[cell] = 1
    const distance = new Float64Array(asked)
    for (let first = 0; first < asked; first += block) {
      const cells = Math.min(block, asked - first)
      const selfOf = (i: number) => points?.leftOut[first + i] ?? first + i
      const { floats, ints } = host.arena
      for (let i = 0; i < cells; i++) {
        ints[places.self + i] = selfOf(i)
        for (let f = 0; f < d; f++) {
          floats[places.cell + f * padded + i] = finite(means[(first + i) * d + f]!, first + i)
        }
      }
      const power = (DEGREES_OF_FREEDOM + d) / 2
      host.call('mixtureDensity', { ...places, cells, padded, dims: d, components: owner.length, power })
      for (let i = 0; i < cells; i++) {
        const others = owner.length - inMixture[selfOf(i)]!
        const logSum = floats[places.largest + i]! + Math.log(floats[places.total + i]!)
        distance[first + i] = finite(Math.log(others) - logSum, first + i)
      }
      onCells?.(first + cells)
      await setImmediate()
    }
    return distance
  } finally {
    space.release()
  }
}

/** Location and 1 / (ν σ²) of every component, and the log of its density at its location. */
function mixture({ means, variances }: LatentPosterior, owner: Int32Array) {
  const d = means.columns
  const component = new Float32Array(owner.length * d * 2)
  const logPeak = new Float64Array(owner.length)
  for (const [c, cell] of owner.entries()) {
    for (let f = 0; f < d; f++) {
      const variance = variances.values[cell * d + f]!
      component[2 * (c * d + f)] = means.values[cell * d + f]!
      component[2 * (c * d + f) + 1] = 1 / (DEGREES_OF_FREEDOM * variance)
      logPeak[c]! -= 0.5 * Math.log(variance)
    }
  }
  return { component, logPeak }
}

function finite(value: number, cell: number): number {
  if (Number.isFinite(value)) return value
  throw new ScvaeError('failed', `The posterior of cell ${cell} or of a cell near it is not finite.`)
}
