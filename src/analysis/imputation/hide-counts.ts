import { type CountBlock, CountMatrix } from '../../anndata/counts/counts.js'
import { packBlock } from '../../anndata/counts/packed-block.js'
import { GrowingFloats, GrowingInts } from '../../numeric/growing.js'
import { KeyedRandom, type RandomKeys } from '../../numeric/keyed-random.js'
import { MISSING } from '../../numeric/missing.js'
import { NOISE, uniform } from '../../numeric/philox.js'
import { Random } from '../../numeric/random.js'

/** How counts are hidden: any of them made missing, or some that are not zero thinned (Lopez et al. 2018). */
export type Corruption = 'uniform' | 'binomial'

/** What is left of a count that is thinned, on average. */
export const KEPT = 0.2

/** Counts that were hidden, by cells in order. */
export interface HiddenCounts {
  /** cells + 1: where those of each cell begin. */
  offsets: Int32Array
  genes: Int32Array
  /** What they were. */
  counts: Float32Array
}

/** How counts are chosen. */
export interface HidingOptions {
  corruption: Corruption
  /** Of all known counts, or of those that are not zero. */
  share: number
  seed: number
  /** Another round chooses others by the same seed. */
  round: number
}

/**
 * Hides counts: `uniform` makes a share of all known ones missing, `binomial` puts Binomial(count, 0.2) in place of a share of those that are not
 * zero. Which ones depends on the cell's key, the gene and the seed. A cell that would keep no count is left as it is.
 *
 * @param counts cells × genes
 */
export function hideCounts(
  counts: CountMatrix,
  keys: RandomKeys,
  options: HidingOptions,
): { counts: CountMatrix; hidden: HiddenCounts } {
  const hider = new Hider(counts.nGenes, keys, options)
  const rows = new GrowingRows()
  const hidden = new GrowingRows()
  for (let cell = 0; cell < counts.nCells; cell++) {
    const row = counts.row(cell)
    const { left, taken } = hider.of(cell, row)
    const someLeft = left.counts.some((count) => count > 0)
    rows.add(someLeft ? left : row)
    hidden.add(someLeft ? taken : { genes: [], counts: [] })
  }
  const missing = counts.missing || options.corruption === 'uniform'
  return {
    counts: new CountMatrix(
      counts.nGenes,
      [packBlock({ firstCell: 0, nCells: counts.nCells, ...rows.take() })],
      missing,
    ),
    hidden: hidden.take(),
  }
}

interface Entries {
  genes: ArrayLike<number>
  counts: ArrayLike<number>
}

class Hider {
  readonly #nGenes: number
  readonly #keys: RandomKeys
  readonly #options: HidingOptions
  readonly #random: KeyedRandom
  readonly #words: Uint32Array

  constructor(nGenes: number, keys: RandomKeys, options: HidingOptions) {
    this.#nGenes = nGenes
    this.#keys = keys
    this.#options = options
    this.#random = new KeyedRandom(options.seed, NOISE.hidden)
    this.#words = new Uint32Array(4 * Math.ceil(nGenes / 4))
  }

  /** A cell's row as it is left, and what was taken from it. */
  of(
    cell: number,
    { genes, counts }: Entries,
  ): { left: { genes: number[]; counts: number[] }; taken: Entries } {
    const { corruption, share, round } = this.#options
    for (let at = 0; at < this.#words.length; at += 4)
      this.#words.set(this.#random.words(this.#keys, cell, round, at / 4), at)
    const left = { genes: [] as number[], counts: [] as number[] }
    const taken = { genes: [] as number[], counts: [] as number[] }
    const put = (to: typeof left, gene: number, count: number) => {
      to.genes.push(gene)
      to.counts.push(count)
    }
    const isChosen = (gene: number) => uniform(this.#words[gene]!) < share
    let next = 0
    for (let gene = 0; gene < this.#nGenes; gene++) {
      const stored = genes[next] === gene
      if (!stored && corruption === 'binomial') {
        if (next === genes.length) break
        continue
      }
      const count = stored ? counts[next++]! : 0
      if (count === MISSING || !isChosen(gene)) {
        if (stored) put(left, gene, count)
        continue
      }
      if (corruption === 'uniform') {
        put(taken, gene, count)
        put(left, gene, MISSING)
      } else if (count > 0) {
        put(taken, gene, count)
        const kept = thinned(count, this.#words[gene]!)
        if (kept > 0) put(left, gene, kept)
      }
    }
    return { left, taken }
  }
}

/** Binomial(count, {@link KEPT}); a fraction of a count is kept or not like a whole one. */
function thinned(count: number, seed: number): number {
  const random = new Random(seed, NOISE.hidden)
  let kept = 0
  for (let i = 0; i < count; i++) if (random.next() < KEPT) kept++
  return kept
}

class GrowingRows {
  readonly #genes = new GrowingInts()
  readonly #counts = new GrowingFloats()
  readonly #offsets = new GrowingInts()

  constructor() {
    this.#offsets.push(0)
  }

  add({ genes, counts }: Entries): void {
    this.#genes.append(genes)
    this.#counts.append(counts)
    this.#offsets.push(this.#genes.length)
  }

  take(): Pick<CountBlock, 'offsets' | 'genes' | 'counts'> {
    return { offsets: this.#offsets.taken(), genes: this.#genes.taken(), counts: this.#counts.taken() }
  }
}
