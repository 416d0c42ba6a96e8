/** Fitted cells that others are placed among at most, evenly over all. */
const MOST_SEARCHED = 20_000
/** Of these, the nearest that a cell is placed between. */
const NEAREST = 10
/** Keeps the weight of a cell at no distance finite; in squared units of the latent, whose prior has unit variance. */
const LEAST_SQUARED = 1e-8

/** Fitted cells with their places. */
export interface PlacedCells {
  /** Posterior means, cells × dimensions. */
  latent: Float32Array
  /** x and y of each cell in turn. */
  places: Uint16Array
}

/**
 * Places of other cells on the map: the mean place of the nearest fitted cells by their posterior means, weighted by one over the
 * squared distance.
 *
 * @param others posterior means, cells × dimensions; NaN for a cell that has none
 * @returns x and y of each of the others in turn, NaN for one that has none
 */
export function placeCells({ latent, places }: PlacedCells, others: Float32Array): Float32Array {
  const nFitted = places.length / 2
  const d = latent.length / nFitted
  const step = Math.max(1, nFitted / MOST_SEARCHED)
  const searched = Uint32Array.from({ length: Math.floor(nFitted / step) }, (_, i) => Math.floor(i * step))
  const k = Math.min(NEAREST, searched.length)
  const near = { cells: new Uint32Array(k), squared: new Float64Array(k) }
  const found = new Float32Array((2 * others.length) / d).fill(Number.NaN)
  for (let other = 0; other < others.length / d; other++) {
    if (Number.isNaN(others[other * d]!)) continue
    near.squared.fill(Number.POSITIVE_INFINITY)
    for (const cell of searched) {
      let sum = 0
      for (let f = 0; f < d; f++) sum += (latent[cell * d + f]! - others[other * d + f]!) ** 2
      if (sum < near.squared[k - 1]!) insert(near, cell, sum)
    }
    let [x, y, all] = [0, 0, 0]
    for (const [i, cell] of near.cells.entries()) {
      const weight = 1 / (near.squared[i]! + LEAST_SQUARED)
      x += weight * places[2 * cell]!
      y += weight * places[2 * cell + 1]!
      all += weight
    }
    found[2 * other] = x / all
    found[2 * other + 1] = y / all
  }
  return found
}

/** Puts a cell where its distance belongs, and the farthest out. */
function insert(near: { cells: Uint32Array; squared: Float64Array }, cell: number, squared: number): void {
  let at = near.cells.length - 1
  while (at > 0 && near.squared[at - 1]! > squared) {
    near.cells[at] = near.cells[at - 1]!
    near.squared[at] = near.squared[at - 1]!
    at--
  }
  near.cells[at] = cell
  near.squared[at] = squared
}
