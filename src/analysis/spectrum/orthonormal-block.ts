import type { Random } from '../../numeric/random.js'
import { BLOCK, type VectorBlocks } from './vector-blocks.js'

/** Share of a squared length that rounding leaves of a vector that the others make up. */
const ROUNDING = 1e-14
/** The same beside all vectors of the basis, whose products are summed with the vector's whole length. */
const ROUNDING_OF_BASIS = 1e-22
/** Squared length that a unit vector has at least after the second time: one of which more lies along the basis was rounding. */
const LEAST_LEFT = 0.5
const MOST_DRAWS = 5

/**
 * Makes the vectors of a block orthonormal, and orthogonal to those of all blocks before it: classical Gram-Schmidt between blocks and a Cholesky
 * factor within (Stathopoulos and Wu, SIAM Journal on Scientific Computing 2002), both twice. Vectors that those before them make up are drawn anew.
 *
 * @param block its place, after the blocks of the basis, which start at 0
 * @returns products of the basis with the block as it was: (8 block) × 8
 */
export function orthonormalize(blocks: VectorBlocks, block: number, random: Random): Float64Array {
  const along = blocks.products(0, block, block)
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const given = squaredLengths(blocks.products(block, 1, block))
    takeAway(blocks, block, draw === 0 ? along : blocks.products(0, block, block))
    const least = given.map((length) => ROUNDING_OF_BASIS * length)
    let dependent = normalize(blocks, block, least)
    if (dependent.length === 0) {
      takeAway(blocks, block, blocks.products(0, block, block))
      dependent = normalize(blocks, block, new Float64Array(BLOCK).fill(LEAST_LEFT))
    }
    if (dependent.length === 0) break
    const vectors = blocks.vectors(block)
    for (const column of dependent) {
      for (let at = column; at < vectors.length; at += BLOCK) vectors[at] = random.normal()
    }
  }
  return along
}

function takeAway(blocks: VectorBlocks, block: number, along: Float64Array): void {
  const less = along.map((x) => -x)
  if (block > 0) blocks.add(0, block, less, block, block)
}

/**
 * W becomes W R⁻¹, where RᵀR = WᵀW.
 *
 * @param least squared lengths that are nothing but rounding of what was taken away
 * @returns columns that are made up by others; then W stays as it is
 */
function normalize(blocks: VectorBlocks, block: number, least: Float64Array): number[] {
  const gram = blocks.products(block, 1, block)
  const factor = new Float64Array(BLOCK ** 2)
  const dependent: number[] = []
  for (let j = 0; j < BLOCK; j++) {
    const whole = gram[j * BLOCK + j]!
    let left = whole
    for (let i = 0; i < j; i++) {
      let sum = gram[i * BLOCK + j]!
      for (let k = 0; k < i; k++) sum -= factor[k * BLOCK + i]! * factor[k * BLOCK + j]!
      const entry = dependent.includes(i) ? 0 : sum / factor[i * BLOCK + i]!
      factor[i * BLOCK + j] = entry
      left -= entry ** 2
    }
    if (left > ROUNDING * whole && left > least[j]!) factor[j * BLOCK + j] = Math.sqrt(left)
    else dependent.push(j)
  }
  if (dependent.length === 0) blocks.add(block, 1, inverse(factor), block)
  return dependent
}

/** The inverse of an upper triangle. */
function inverse(factor: Float64Array): Float64Array {
  const inverted = new Float64Array(BLOCK ** 2)
  for (let j = 0; j < BLOCK; j++) {
    inverted[j * BLOCK + j] = 1 / factor[j * BLOCK + j]!
    for (let i = j - 1; i >= 0; i--) {
      let sum = 0
      for (let k = i + 1; k <= j; k++) sum += factor[i * BLOCK + k]! * inverted[k * BLOCK + j]!
      inverted[i * BLOCK + j] = -sum / factor[i * BLOCK + i]!
    }
  }
  return inverted
}

const squaredLengths = (gram: Float64Array) =>
  Float64Array.from({ length: BLOCK }, (_, j) => gram[j * BLOCK + j]!)
