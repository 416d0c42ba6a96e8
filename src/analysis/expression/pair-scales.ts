import { type CpuTensor, padded } from '../../device/cpu/cpu-tensor.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { GeneEffect } from './gene-effect.js'

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

/** Scales of two groups in pairs of draws, gene by gene where kernels compare them: of all genes, or a lot of them at a time. */
export class PairScales {
  /** Most genes of a lot. */
  readonly lot: number
  readonly #host: HostKernels
  readonly #nGenes: number
  readonly #nPairs: number
  readonly #stride: number
  readonly #space: HostSpace
  readonly #scales: readonly [number, number]
  readonly #largest: readonly [number, number]
  readonly #effects: number
  readonly #scratch: number
  readonly #scratchStride: number
  readonly #span: number

  constructor(host: HostKernels, nGenes: number, nPairs: number) {
    this.#host = host
    this.#nGenes = nGenes
    this.#nPairs = nPairs
    this.#stride = padded(nPairs)
    this.lot = Math.max(1, Math.min(nGenes, Math.floor(SCALE_BYTES / (8 * this.#stride))))
    this.#span = Math.min(nPairs - 1, Math.floor(LEVEL * nPairs))
    this.#scratchStride = 3 * this.#stride + padded(nPairs - this.#span) + BIN_WORDS + DIGIT_WORDS
    const space = new HostSpace(host.arena)
    this.#space = space
    this.#scales = [space.take(this.lot * this.#stride), space.take(this.lot * this.#stride)]
    this.#largest = [space.take(padded(nGenes)), space.take(padded(nGenes))]
    this.#effects = space.take(this.lot * EFFECT_WORDS)
    this.#scratch = space.take(host.threads * this.#scratchStride)
  }

  /** Puts decoded scales (genes × rows), of consecutive pairs, into those of a lot's genes. */
  put(side: Side, mean: CpuTensor, rows: number, firstGene: number, firstPair: number): void {
    this.#host.call('keepScales', {
      rows,
      firstGene,
      genes: Math.min(this.lot, this.#nGenes - firstGene),
      mean,
      width: mean.stride,
      scales: this.#scales[side],
      stride: this.#stride,
      firstPair,
    })
  }

  /** Looks for the largest decoded scales of all genes. */
  seek(side: Side, mean: CpuTensor, rows: number): void {
    this.#host.call('raiseLargest', {
      rows,
      genes: this.#nGenes,
      mean,
      width: mean.stride,
      largest: this.#largest[side],
    })
  }

  /** The largest scales of all genes that were seen. */
  largest(side: Side): Float32Array {
    const at = this.#largest[side]
    return this.#host.arena.floats.slice(at, at + this.#nGenes)
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
      const [first, second] = this.#scales.map((at) => at + gene * this.#stride)
      call('pairEffects', {
        genes: Math.min(some, genes - gene),
        pairs: n,
        stride: this.#stride,
        first: first!,
        second: second!,
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
