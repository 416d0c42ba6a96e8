import { NOISE, philox4x32, uniform } from '../../numeric/philox.js'

/** The smallest count whose upper tail is no larger than a uniform, in float64; `theta` is Infinity for a Poisson. */
export function countAt(upper: number, mean: number, theta: number): number {
  const poisson = theta === Number.POSITIVE_INFINITY
  let p = Math.exp(poisson ? -mean : -theta * Math.log1p(mean / theta))
  let tail = 1 - p
  let x = 0
  while (upper < tail && p > 1e-18) {
    p *= poisson ? mean / (x + 1) : ((mean / (theta + mean)) * (x + theta)) / (x + 1)
    tail -= p
    x++
  }
  return x
}

/** The uniform behind a count, or behind its dropout (step 1). */
export function uniformOfCount(seed: number, cell: number, gene: number, step: 0 | 1): number {
  const words = new Uint32Array(4)
  const block = step === 0 ? Math.floor(gene / 4) : gene
  philox4x32([block, cell, step, 0], [seed, NOISE.counts], words)
  return uniform(words[step === 0 ? gene % 4 : 0]!)
}
