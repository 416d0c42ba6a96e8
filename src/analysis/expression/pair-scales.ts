import { type CpuTensor, padded } from '../../device/cpu/cpu-tensor.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { GeneEffect } from './gene-effect.js'
import { GeneScales } from './gene-scales.js'

/** Bytes of the scales that are kept at a time: those of as many genes as go into it. */
const SCALE_BYTES = 96 * 2 ** 20
/** Pairs of which the scales of one gene go into it. */
export const MOST_PAIRS = 10_000_000
/** Pairs of genes that a call compares, so that none takes long. */
const PAIRS_PER_CALL = 4e6
/** Words of an effect, and of the bins and digits that order changes, as kernels/pairs.c has them. */
const EFFECT_WORDS = 16
const BIN_WORDS = 2 * 1024 + 16
const DIGIT_WORDS = 3 * 2048
/** Share of pairs in the credible interval. */
const LEVEL = 0.95
/** What the summary of log2 fold changes has of the pseudocount, as in scvi-tools. */
const LEAST_SHARE = 1e-3

/** Which of the two groups. */
export type Side = 0 | 1

/** Scales of a second group that are there already, and which of them each pair has. */
export interface OrderedScales {
  scales: GeneScales
  /** [pair] */
  order: Int32Array
}

/** Scales of two groups in pairs of draws, gene by gene where kernels compare them: of all genes, or a lot of them at a time. */
export class PairScales {
  /** Most genes of a lot; all of them where scales of the second group are there already. */
  readonly lot: number
  readonly #host: HostKernels
  readonly #nGenes: number
  readonly #nPairs: number
  readonly #space: HostSpace
  readonly #scales: readonly [GeneScales, GeneScales]
  readonly #order: Int32Array | undefined
  readonly #orderAt: number
  readonly #largest: readonly number[]
  readonly #effects: number
  readonly #scratch: number
  readonly #scratchStride: number
  readonly #span: number

  constructor(host: HostKernels, nGenes: number, nPairs: number, second?: OrderedScales) {
    this.#host = host
    this.#nGenes = nGenes
    this.#nPairs = nPairs
    const stride = padded(nPairs)
    const room = Math.max(1, Math.min(nGenes, Math.floor(SCALE_BYTES / (8 * stride))))
    this.lot = second ? nGenes : room
    this.#span = Math.min(nPairs - 1, Math.floor(LEVEL * nPairs))
    this.#scratchStride = 4 * stride + BIN_WORDS + DIGIT_WORDS
    const space = new HostSpace(host.arena)
    this.#space = space
    const scales = () => new GeneScales(host, space, this.lot, nPairs)
    this.#scales = [scales(), second?.scales ?? scales()]
    this.#order = second?.order
    this.#orderAt = second ? space.ints(second.order) : 0
    // of all genes these are known only when scales of all have been seen
    this.#largest = this.lot < nGenes ? [space.take(padded(nGenes)), space.take(padded(nGenes))] : []
    this.#effects = space.room(this.lot * EFFECT_WORDS)
    this.#scratch = space.room(host.threads * this.#scratchStride)
  }

  /** Puts decoded scales (genes × rows), of consecutive pairs, into those of a lot's genes. */
  put(side: Side, mean: CpuTensor, rows: number, firstGene: number, firstPair: number): void {
    this.#scales[side].put(mean, rows, firstGene, firstPair)
    if (firstGene > 0 || this.#largest.length === 0) return
    this.#host.call('raiseLargest', {
      rows,
      genes: this.#nGenes,
      mean,
      width: mean.stride,
      largest: this.#largest[side]!,
    })
  }

  /** Those of a group, where they are kept of all genes at a time. */
  whole(side: Side): GeneScales | undefined {
    return this.#largest.length === 0 ? this.#scales[side] : undefined
  }

  /** The largest scales of some genes in all pairs: of any, once the first lot is there. */
  largest(side: Side, genes: Int32Array): Float32Array {
    const at = this.#largest[side]
    const { floats } = this.#host.arena
    if (at !== undefined) return Float32Array.from(genes, (gene) => floats[at + gene]!)
    const order = side === 1 ? this.#order : undefined
    return Float32Array.from(genes, (gene) => this.#scales[side].largest(gene, this.#nPairs, order))
  }

  /**
   * Compares the genes of a lot: L = log2 (s₁ + c) − log2 (s₂ + c).
   *
   * @param pseudocount c
   * @param delta least |L| that counts as a change
   */
  effects(firstGene: number, pseudocount: number, delta: number): GeneEffect[] {
    const { arena, call } = this.#host
    const n = this.#nPairs
    const genes = Math.min(this.lot, this.#nGenes - firstGene)
    const some = Math.max(16, Math.floor(PAIRS_PER_CALL / n))
    for (let gene = 0; gene < genes; gene += some) {
      const [first, second] = this.#scales.map(({ at, stride }) => at + gene * stride)
      call('pairEffects', {
        genes: Math.min(some, genes - gene),
        pairs: n,
        stride: this.#scales[0].stride,
        first: first!,
        second: second!,
        secondStride: this.#scales[1].stride,
        order: this.#orderAt,
        pseudocount,
        leastPseudocount: LEAST_SHARE * pseudocount,
        delta,
        span: this.#span,
        effects: this.#effects + gene * EFFECT_WORDS,
        scratch: this.#scratch,
        scratchStride: this.#scratchStride,
      })
    }
    return Array.from({ length: genes }, (_, gene) =>
      effectOf(arena.floats.subarray(this.#effects + gene * EFFECT_WORDS), n),
    )
  }

  release(): void {
    this.#space.release()
  }
}

function effectOf(words: Float32Array, nPairs: number): GeneEffect {
  const [up, down, more, scale1, scale2, effect, effectLow, effectHigh, ...fold] = words.subarray(0, 13)
  const [lfcMean, lfcMedian, lfcStd, lfcMin, lfcMax] = fold
  return {
    probaUp: up! / nPairs,
    probaDown: down! / nPairs,
    probaMore: more! / nPairs,
    scale1: scale1!,
    scale2: scale2!,
    effect: effect!,
    effectLow: effectLow!,
    effectHigh: effectHigh!,
    lfcMean: lfcMean!,
    lfcMedian: lfcMedian!,
    lfcStd: lfcStd!,
    lfcMin: lfcMin!,
    lfcMax: lfcMax!,
  }
}
