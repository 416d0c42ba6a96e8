import type { Matrix } from '../../numeric/matrix.js'
import { quantile } from '../../numeric/quantile.js'
import { type Estimate, meanOf, shareOf } from './estimate.js'
import type { DecodeProfiles } from './profiles.js'

/** Share of the cells made from posteriors that lie nearer to a real one than what counts as unlike. */
const USUAL = 0.95

/** What the decoder makes of places without cells. */
export interface HoleCells {
  /** Cells made there. */
  nMade: number
  /** Real cells that they are compared with. */
  nReal: number
  /** Hellinger distance, 0 to 1, from a profile made in a hole to the nearest of a real cell. */
  fromHoles: Estimate
  /** The same of profiles at draws from the posteriors of other cells. */
  fromPosteriors: Estimate
  /** Share of what is made in holes that lies farther from every real cell than 95 % of what is made from posteriors: .05 is chance. */
  unlike: Estimate
}

/** Latents with the cells whose covariates they are decoded with. */
export interface PlacedCells {
  cells: Int32Array
  latent: Matrix
}

/**
 * Cells made where no cell lies, beside real ones and cells made from posteriors. All are profiles of the decoder: counts of one real cell
 * are too few to know its profile from.
 *
 * @param holes draws from the prior where no cell lies
 * @param made draws from posteriors of cells that are not among the real ones
 * @param real posterior means
 * @returns undefined where there is nothing to compare
 */
export async function holeCells(
  decode: DecodeProfiles,
  holes: PlacedCells,
  made: PlacedCells,
  real: PlacedCells,
): Promise<HoleCells | undefined> {
  if ([holes, made, real].some(({ cells }) => cells.length < 2)) return undefined
  const roots = async ({ cells, latent }: PlacedCells): Promise<Matrix> => {
    const { values, ...shape } = await decode(cells, latent)
    return { ...shape, values: values.map(Math.sqrt) }
  }
  const among = await roots(real)
  const fromHoles = nearest(among, await roots(holes))
  const fromPosteriors = nearest(among, await roots(made))
  const usual = quantile(fromPosteriors, USUAL)
  return {
    nMade: fromHoles.length,
    nReal: among.rows,
    fromHoles: meanOf(fromHoles),
    fromPosteriors: meanOf(fromPosteriors),
    unlike: shareOf(fromHoles.filter((distance) => distance > usual).length, fromHoles.length),
  }
}

/** Hellinger distance to the nearest row, of roots of profiles. */
function nearest(among: Matrix, rows: Matrix): Float64Array {
  const { columns } = rows
  return Float64Array.from({ length: rows.rows }, (_, i) => {
    let most = 0
    const a = rows.values.subarray(i * columns, (i + 1) * columns)
    for (let j = 0; j < among.rows; j++) {
      let product = 0
      const from = j * columns
      for (let g = 0; g < columns; g++) product += a[g]! * among.values[from + g]!
      most = Math.max(most, product)
    }
    return Math.sqrt(Math.max(0, 1 - most))
  })
}
