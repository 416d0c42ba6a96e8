import type { Random } from './random.js'
import { tridiagonalEigen } from './tridiagonal-eigen.js'

export interface LanczosOptions {
  /** Largest error of a pair: |A v − λ v| for a v of length 1. Default 1e-6. */
  tolerance?: number
  /** Most times that the basis is started anew. Default 60. */
  maxRestarts?: number
}

/** Pairs of eigenvalues and unit eigenvectors, values descending. */
export interface EigenPairs {
  values: Float64Array
  /** Eigenvector j is `vectors[j]`. */
  vectors: Float64Array[]
}

/** Vectors of the basis beyond twice the pairs that are wanted. */
const SPARE = 40

/**
 * The eigenvalues of largest magnitude of a symmetric matrix that is known by its products: the Lanczos method with full
 * orthogonalisation and thick restarts (Wu and Simon, SIAM Journal on Matrix Analysis 2000).
 *
 * @param multiply writes A x into its second argument
 * @param size rows of A
 * @param count pairs that are wanted, fewer than `size`
 */
export function largestEigen(
  multiply: (x: Float64Array, out: Float64Array) => void,
  size: number,
  count: number,
  random: Random,
  { tolerance = 1e-6, maxRestarts = 60 }: LanczosOptions = {},
): EigenPairs {
  const width = Math.min(size, 2 * count + SPARE)
  const basis = Array.from({ length: width + 1 }, () => new Float64Array(size))
  const small = new Float64Array(width * width)
  drawUnit(basis, 0, random)
  let kept = 0
  for (let restart = 0; ; restart++) {
    let beside = 0
    for (let j = kept; j < width; j++) {
      const next = basis[j + 1]!
      multiply(basis[j]!, next)
      small[j * width + j] = orthogonalize(basis, j + 1, next)
      beside = normalize(next)
      if (beside < 1e-12) {
        beside = 0
        if (j + 1 < size) drawUnit(basis, j + 1, random)
      }
      if (j + 1 < width) small[j * width + j + 1] = small[(j + 1) * width + j] = beside
    }
    const { values, vectors } = tridiagonalEigen(small, width)
    const order = Array.from(values.keys()).sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!))
    const error = (pair: number) => Math.abs(beside * vectors[pair * width + width - 1]!)
    const settled = order.slice(0, count).every((pair) => error(pair) < tolerance)
    if (settled || restart === maxRestarts) {
      const wanted = order.slice(0, count).sort((a, b) => values[b]! - values[a]!)
      return {
        values: Float64Array.from(wanted, (pair) => values[pair]!),
        vectors: combine(basis, wanted, vectors, width),
      }
    }
    kept = Math.min(width - 1, count + ((width - count) >> 1))
    const going = order.slice(0, kept)
    const ritz = combine(basis, going, vectors, width)
    for (const [i, vector] of ritz.entries()) basis[i]!.set(vector)
    basis[kept]!.set(basis[width]!)
    small.fill(0)
    for (const [i, pair] of going.entries()) {
      small[i * width + i] = values[pair]!
      const link = beside * vectors[pair * width + width - 1]!
      small[i * width + kept] = small[kept * width + i] = link
    }
  }
}

/** Takes from `x` what lies along the first vectors, twice for rounding; gives what lay along the last of these. */
function orthogonalize(basis: readonly Float64Array[], count: number, x: Float64Array): number {
  let along = 0
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 0; i < count; i++) {
      const vector = basis[i]!
      let dot = 0
      for (let r = 0; r < x.length; r++) dot += vector[r]! * x[r]!
      for (let r = 0; r < x.length; r++) x[r]! -= dot * vector[r]!
      if (i === count - 1) along += dot
    }
  }
  return along
}

function normalize(x: Float64Array): number {
  let sum = 0
  for (let r = 0; r < x.length; r++) sum += x[r]! ** 2
  const length = Math.sqrt(sum)
  if (length > 0) for (let r = 0; r < x.length; r++) x[r]! /= length
  return length
}

/** A random unit vector at right angles to those before it. */
function drawUnit(basis: readonly Float64Array[], place: number, random: Random): void {
  const x = basis[place]!
  for (let r = 0; r < x.length; r++) x[r] = random.normal()
  orthogonalize(basis, place, x)
  normalize(x)
}

/** Σ_j weights[pair][j] · basis[j] for some pairs. */
function combine(
  basis: readonly Float64Array[],
  pairs: readonly number[],
  weights: Float64Array,
  width: number,
): Float64Array[] {
  return pairs.map((pair) => {
    const sum = new Float64Array(basis[0]!.length)
    for (let j = 0; j < width; j++) {
      const weight = weights[pair * width + j]!
      const vector = basis[j]!
      for (let r = 0; r < sum.length; r++) sum[r]! += weight * vector[r]!
    }
    return sum
  })
}
