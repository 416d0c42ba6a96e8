/** The noise of one step: `NoiseKey` with its numbers. */
export interface NoiseNumbers {
  seed: number
  purpose: number
  step: number
}

const MASK = 0xffffffffn

/** Philox 4×32-10 as its paper prints it, on BigInts: ten rounds on (c0, c1, c2, c3) with the key (k0, k1). */
export function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map((word) => BigInt(word >>> 0)) as [bigint, bigint, bigint, bigint]
  let [k0, k1] = key.map((word) => BigInt(word >>> 0)) as [bigint, bigint]
  for (let round = 0; round < 10; round++) {
    const product0 = 0xd2511f53n * c0
    const product1 = 0xcd9e8d57n * c2
    c0 = (product1 >> 32n) ^ c1 ^ k0
    c1 = product1 & MASK
    c2 = (product0 >> 32n) ^ c3 ^ k1
    c3 = product0 & MASK
    k0 = (k0 + 0x9e3779b9n) & MASK
    k1 = (k1 + 0xbb67ae85n) & MASK
  }
  return [c0, c1, c2, c3].map(Number)
}

/** The four words of one block of a minibatch's row. */
export function noiseWords(noise: NoiseNumbers, row: number, block: number): number[] {
  return philox([block, row, noise.step, 0], [noise.seed, noise.purpose])
}

/** Uniform in [0, 1) with 24 bits, exact in float32. */
export function noiseUniform(noise: NoiseNumbers, row: number, column: number): number {
  return (noiseWords(noise, row, column >>> 2)[column & 3]! >>> 8) * 2 ** -24
}

/** Standard normal by Box and Muller: two words a number, two numbers a block. */
export function noiseNormal(noise: NoiseNumbers, row: number, column: number): number {
  const words = noiseWords(noise, row, column >>> 1)
  const first = words[2 * (column & 1)]!
  const second = words[2 * (column & 1) + 1]!
  const radius = Math.sqrt(-2 * Math.log(((first >>> 8) + 0.5) * 2 ** -24))
  return radius * Math.cos(2 * Math.PI * ((second >>> 8) + 0.5) * 2 ** -24)
}
