import type { Random } from '../../numeric/random.js'
import { tridiagonalEigen } from '../../numeric/tridiagonal-eigen.js'
import { BLOCK, type VectorBlocks } from './vector-blocks.js'

/** Lanczos steps: nodes of the quadrature. */
const STEPS = 60
/** Length beside which a vector is nothing but rounding. */
const ROUNDING = 1e-10

/** Where the eigenvalues of a symmetric matrix lie, roughly. */
export interface Magnitudes {
  largest: number
  /** A size that about as many eigenvalues exceed as were asked for. */
  ofRank: number
}

/**
 * The size that about `rank` eigenvalues exceed, of either sign: the spectral density by stochastic Lanczos quadrature (Golub and Meurant, Matrices,
 * Moments and Quadrature, 2010; Lin, Saad and Yang, SIAM Review 2016), from eight random vectors.
 *
 * @param room the first of three blocks that are written to
 */
export function magnitudeOfRank(
  blocks: VectorBlocks,
  room: number,
  rank: number,
  random: Random,
): Magnitudes {
  const { n } = blocks
  const weighted: { magnitude: number; weight: number }[] = []
  for (const { diagonal, beside } of lanczosOfEach(blocks, room, random)) {
    const size = diagonal.length
    const small = new Float64Array(size * size)
    for (let i = 0; i < size; i++) {
      small[i * size + i] = diagonal[i]!
      if (i + 1 < size) small[i * size + i + 1] = small[(i + 1) * size + i] = beside[i]!
    }
    const { values, vectors } = tridiagonalEigen(small, size)
    for (const [pair, value] of values.entries()) {
      // the share of the eigenvalues that a node of the quadrature stands for
      const share = vectors[pair * size]! ** 2
      weighted.push({ magnitude: Math.abs(value), weight: (share * n) / BLOCK })
    }
  }
  weighted.sort((a, b) => b.magnitude - a.magnitude)
  let above = 0
  const found = weighted.find(({ weight }) => {
    above += weight
    return above >= rank
  })
  return { largest: weighted[0]!.magnitude, ofRank: (found ?? weighted.at(-1)!).magnitude }
}

/** Entries of a tridiagonal matrix. */
interface Tridiagonal {
  diagonal: number[]
  beside: number[]
}

/** The tridiagonal matrix that each of eight random vectors leads to, by steps that are not orthogonalized: of the density nothing is lost by that. */
function lanczosOfEach(blocks: VectorBlocks, room: number, random: Random): Tridiagonal[] {
  const found = Array.from({ length: BLOCK }, (): Tridiagonal => ({ diagonal: [], beside: [] }))
  let [old, current, fresh] = [room, room + 1, room + 2]
  blocks.vectors(old).fill(0)
  const start = blocks.vectors(current)
  for (let at = 0; at < start.length; at++) start[at] = random.normal()
  divide(blocks, current, lengths(blocks, current))
  let beta = new Float64Array(BLOCK)
  const ended = new Uint8Array(BLOCK)
  for (let step = 0; step < Math.min(STEPS, blocks.n); step++) {
    blocks.multiply(current, fresh)
    const alpha = diagonalOf(blocks.products(current, 1, fresh))
    blocks.add(current, 1, onDiagonal(alpha.map((x) => -x)), fresh, fresh)
    blocks.add(old, 1, onDiagonal(beta.map((x) => -x)), fresh, fresh)
    beta = lengths(blocks, fresh)
    for (const [c, { diagonal, beside }] of found.entries()) {
      if (ended[c]) continue
      diagonal.push(alpha[c]!)
      beside.push(beta[c]!)
      if (beta[c]! < ROUNDING) ended[c] = 1
    }
    divide(blocks, fresh, beta)
    ;[old, current, fresh] = [current, fresh, old]
  }
  return found
}

const diagonalOf = (square: Float64Array) =>
  Float64Array.from({ length: BLOCK }, (_, c) => square[c * (BLOCK + 1)]!)

function onDiagonal(values: Float64Array): Float64Array {
  const square = new Float64Array(BLOCK ** 2)
  for (const [c, value] of values.entries()) square[c * (BLOCK + 1)] = value
  return square
}

const lengths = (blocks: VectorBlocks, block: number) =>
  diagonalOf(blocks.products(block, 1, block)).map(Math.sqrt)

/** Vectors over their lengths; zeros where there is nothing but rounding. */
function divide(blocks: VectorBlocks, block: number, by: Float64Array): void {
  blocks.add(block, 1, onDiagonal(by.map((length) => (length < ROUNDING ? 0 : 1 / length))), block)
}
