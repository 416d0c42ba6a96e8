/**
 * The counter-based generator Philox 4×32-10 (Salmon, Moraes, Dror and Shaw, SC 2011): ten rounds of a keyed bijection on
 * 128 bits. A draw is a pure function of its counter and key, so any device and any thread makes the same numbers and
 * nothing is stored.
 *
 * The house keys every draw the same way:
 *
 *     key     = (seed, purpose)                  purpose from NOISE: what the number is for
 *     counter = (elementBlock, row, step, 0)     element / 4 (its word is element mod 4), the row of the
 *                                                minibatch or dataset, the training step
 *
 * The streams of `random.ts` have the same key and a 1 in the last counter word, so they never meet a kernel's draws.
 */

/** What a random number is for: the second key word. Codes are part of the file of results, never renumber them. */
export const NOISE = {
  /** The reparametrised draw of the latent. */
  latent: 1,
  /** The reparametrised draw of the library size. */
  library: 2,
  /** Dropout in the encoder; layer i adds i, up to 48 layers. */
  dropoutEncoder: 16,
  /** The split of cells into training and validation. */
  split: 64,
  /** The order of training cells in an epoch. */
  shuffle: 65,
  /** Initial weights. */
  init: 66,
  /** Draws asked of a model or a simulator. */
  sample: 67,
  /** Draws of latents from their posteriors. */
  posterior: 68,
  /** Which cells the pseudo-inputs of a prior start from. */
  pseudoInputs: 69,
  /** Counts of simulated cells: the row is the cell, the element the gene, the step what the words of one count are for. */
  counts: 70,
  /** Draws of latents and of what follows from them, each keyed by its cell. */
  cellDraw: 80,
  /** The same for library sizes. */
  cellLibrary: 81,
  /** Which draws of two groups of cells are compared: those of the first. */
  pairs: 82,
  /** The same of the second. */
  secondOfPairs: 88,
  /** What the counts of a cell's draw are numbered by. */
  countNumber: 83,
  /** Which component of a prior a cell comes from. */
  priorComponent: 84,
  /** Which counts are hidden, to be found again. */
  hidden: 85,
  /** Expression without the noise of counting: the row is the number of a draw, the element the gene. */
  gammas: 86,
  /** Which draws of two groups of cells are compared, where these are weighted. */
  importance: 87,
  /** Draws of cells from their posteriors that bounds are made of. */
  boundDraw: 110,
  /** Draws of cells by which their own posteriors are found. */
  ownPosterior: 111,
  /** Which cells are looked at when a fit is diagnosed, and where in the latent. */
  diagnosed: 112,
  /** Which cells are of which half, where halves of no meaning are made. */
  halves: 113,
} as const

const MULTIPLIER_0 = 0xd2511f53
const MULTIPLIER_1 = 0xcd9e8d57
const WEYL_0 = 0x9e3779b9
const WEYL_1 = 0xbb67ae85

/** The high 32 bits of a·b, from 16-bit halves. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const cross = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + (middle >>> 16) + (cross >>> 16)) | 0
}

/**
 * Four random 32-bit words for a counter and a key.
 *
 * @param counter four 32-bit words; left as they are
 * @param key two 32-bit words
 * @param out receives the four words at `offset`
 */
export function philox4x32(
  counter: ArrayLike<number>,
  key: ArrayLike<number>,
  out: Uint32Array,
  offset = 0,
): void {
  let c0 = counter[0]! | 0
  let c1 = counter[1]! | 0
  let c2 = counter[2]! | 0
  let c3 = counter[3]! | 0
  let k0 = key[0]! | 0
  let k1 = key[1]! | 0
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0)
    const low0 = Math.imul(MULTIPLIER_0, c0)
    const high1 = multiplyHigh(MULTIPLIER_1, c2)
    const low1 = Math.imul(MULTIPLIER_1, c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + WEYL_0) | 0
    k1 = (k1 + WEYL_1) | 0
  }
  out[offset] = c0
  out[offset + 1] = c1
  out[offset + 2] = c2
  out[offset + 3] = c3
}

/** A 32-bit word as a number in the open interval (0, 1): the middle of its cell, so that logarithms are safe. */
export function uniform(word: number): number {
  return (word + 0.5) * 2 ** -32
}
