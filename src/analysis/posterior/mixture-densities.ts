import { setImmediate } from 'node:timers/promises'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import { logGamma } from '../../numeric/special.js'
import type { LatentPosterior } from './inference.js'

/** Pairs of a cell and a component, times dimensions, in one call of the kernel: some tenths of a second on one thread. */
const WORK_PER_CALL = 2 ** 28
/** A multiple of the cells that the widest vector holds. */
const CELL_UNIT = 16

/** Places that are held against a mixture of cells' posteriors. */
export interface MixtureQuestion {
  /** Cells whose posteriors are the mixture, in equal parts. */
  owners: Int32Array
  /** Degrees of freedom of the components; null for normal ones. */
  degrees: number | null
  /** Places, and for each the cell whose posterior is left out, −1 for none; the cells' own means, each without itself, when left out. */
  points?: { means: Matrix; leftOut: Int32Array }
  /** Called after each block with the number of places done. */
  onPoints?: (done: number) => void
}

/**
 * Log-densities of places under the mixture of some cells' posteriors, as normal distributions or multivariate Student t ones of the same location and
 * scale. Computed in float32 by a kernel; two builds of the kernels agree to some 1e-5.
 *
 * @returns nats, less {@link mixtureConstant}; −∞ where nothing of the mixture is left
 * @throws ScvaeError `failed` when a value is not finite
 */
export async function mixtureDensities(
  host: HostKernels,
  posterior: LatentPosterior,
  { owners, degrees, points, onPoints }: MixtureQuestion,
): Promise<Float64Array> {
  const { rows: n, columns: d } = posterior.means
  const { values: means, rows: asked } = points?.means ?? posterior.means
  const wanted = Math.ceil(WORK_PER_CALL / (owners.length * (d + 8)))
  const block = Math.min(asked, Math.max(1, Math.round(wanted / CELL_UNIT)) * CELL_UNIT)
  const padded = Math.ceil(block / CELL_UNIT) * CELL_UNIT
  const space = new HostSpace(host.arena)
  try {
    const { component, logPeak } = components(posterior, owners, degrees)
    const places = {
      owner: space.ints(owners),
      self: space.take(padded),
      component: space.floats(component),
      logPeak: space.floats(logPeak),
      cell: space.take(d * padded),
      largest: space.take(padded),
      total: space.take(padded),
    }
    const inMixture = new Uint8Array(n)
    for (const cell of owners) inMixture[cell] = 1
    const power = degrees === null ? 1 : (degrees + d) / 2
    const logDensities = new Float64Array(asked)
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
      const shape = { cells, padded, dims: d, components: owners.length, power, normal: degrees === null }
      host.call('mixtureDensity', { ...places, ...shape })
      for (let i = 0; i < cells; i++) {
        const others = owners.length - (inMixture[selfOf(i)] ?? 0)
        const logSum = floats[places.largest + i]! + Math.log(floats[places.total + i]!)
        logDensities[first + i] =
          others === 0 ? Number.NEGATIVE_INFINITY : finite(logSum - Math.log(others), first + i)
      }
      onPoints?.(first + cells)
      await setImmediate()
    }
    return logDensities
  } finally {
    space.release()
  }
}

/** What {@link mixtureDensities} leaves out, in d dimensions. */
export const mixtureConstant = (d: number, degrees: number | null): number =>
  degrees === null
    ? (-d / 2) * Math.log(2 * Math.PI)
    : logGamma((degrees + d) / 2) - logGamma(degrees / 2) - (d / 2) * Math.log(degrees * Math.PI)

/** Location and 1 / (ν σ²), or 1 / 2σ², of every component, and the log of its density at its location, up to a constant. */
function components({ means, variances }: LatentPosterior, owners: Int32Array, degrees: number | null) {
  const d = means.columns
  const component = new Float32Array(owners.length * d * 2)
  const logPeak = new Float64Array(owners.length)
  for (const [c, cell] of owners.entries()) {
    for (let f = 0; f < d; f++) {
      const variance = variances.values[cell * d + f]!
      component[2 * (c * d + f)] = means.values[cell * d + f]!
      component[2 * (c * d + f) + 1] = 1 / ((degrees ?? 2) * variance)
      logPeak[c]! -= 0.5 * Math.log(variance)
    }
  }
  return { component, logPeak }
}

function finite(value: number, cell: number): number {
  if (Number.isFinite(value)) return value
  throw new ScvaeError('failed', `The posterior of cell ${cell} or of a cell near it is not finite.`)
}
