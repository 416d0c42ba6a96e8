import { philox4x32 } from '../../numeric/philox.js'

/** A noise key in one step. */
export interface NoiseNumbers {
  seed: number
  purpose: number
  step: number
}

const words = new Uint32Array(4)

/** Calls back with every block of four random words of a minibatch's rows: the numbers of every other device. */
function eachBlock(
  { seed, purpose, step }: NoiseNumbers,
  rows: number,
  blocks: number,
  use: (row: number, block: number) => void,
): void {
  const key = [seed, purpose]
  const counter = [0, 0, step, 0]
  for (let row = 0; row < rows; row++) {
    counter[1] = row
    for (let block = 0; block < blocks; block++) {
      counter[0] = block
      philox4x32(counter, key, words)
      use(row, block)
    }
  }
}

/** The upper 24 bits of a word as a number in [0, 1). */
const unit = (word: number): number => (word >>> 8) * 2 ** -24

/** Rows × columns: 0 with probability `rate`, else 1/(1 − rate). */
export function dropoutMask(noise: NoiseNumbers, rows: number, columns: number, rate: number): Float32Array {
  const mask = new Float32Array(rows * columns)
  // the rate is a float32 on every device
  const threshold = Math.fround(rate)
  const kept = 1 / (1 - rate)
  eachBlock(noise, rows, Math.ceil(columns / 4), (row, block) => {
    const last = Math.min(columns, 4 * block + 4)
    for (let j = 4 * block; j < last; j++) {
      mask[row * columns + j] = unit(words[j & 3]!) < threshold ? 0 : kept
    }
  })
  return mask
}

/** Rows × columns of standard normals by Box and Muller: two words a number, two numbers a block. */
export function normals(noise: NoiseNumbers, rows: number, columns: number): Float32Array {
  const values = new Float32Array(rows * columns)
  const half = 2 ** -25
  eachBlock(noise, rows, Math.ceil(columns / 2), (row, block) => {
    const last = Math.min(columns, 2 * block + 2)
    for (let j = 2 * block; j < last; j++) {
      const radius = Math.sqrt(-2 * Math.log(unit(words[2 * (j & 1)]!) + half))
      values[row * columns + j] = radius * Math.cos(2 * Math.PI * (unit(words[2 * (j & 1) + 1]!) + half))
    }
  })
  return values
}
