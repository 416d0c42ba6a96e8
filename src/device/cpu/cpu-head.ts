import type {
  CountHead,
  CountHeadArgs,
  CountHeadGradientArgs,
  CountMeansArgs,
  Parameter,
  Tensor,
} from '../device.js'
import type { Caller } from './caller.js'
import type { CpuMinibatch } from './cpu-minibatch.js'
import { cpu, cpuParameter, padded } from './cpu-tensor.js'

const LIKELIHOODS = { nb: 0, zinb: 1, poisson: 2 } as const
const COUNT_KERNELS = { nb: 'headCountsNb', zinb: 'headCountsZinb', poisson: 'headCountsPoisson' } as const

/** Blocks of genes over which sums are taken in order: enough for as many threads, few enough to add up cheaply. */
const MAX_BLOCKS = 32
const MIN_BLOCK_GENES = 128
/** Rows of scratch of each thread (`Rows` in kernels/head-counts.c). */
const SCRATCH_ROWS = 4

/** The output layer on CPU threads: the order of its kernels and the space between them. */
export class CpuHead {
  readonly #call: Caller
  readonly #threads: number

  constructor(call: Caller, threads: number) {
    this.#call = call
    this.#threads = threads
  }

  /** Where in the minibatch's space each array of the head starts. */
  #space(batch: CpuMinibatch, hidden: Tensor, zeroInflated: boolean, blocks: number): Record<string, number> {
    const { nGenes } = batch.source
    const cells = padded(batch.capacity)
    const words = {
      hiddenT: hidden.columns * cells,
      scaleRow: nGenes * cells,
      zeroRow: zeroInflated ? nGenes * cells : 0,
      qRow: nGenes * cells,
      blockMax: blocks * cells,
      blockSum: blocks * cells,
      blockLl: blocks * cells,
      blockQ: blocks * cells,
      logSize: cells,
      logNorm: cells,
      ll: cells,
      q: cells,
      scratch: this.#threads * SCRATCH_ROWS * cells,
      partial: blocks * cells * padded(hidden.columns),
    }
    const sizes = Object.values(words)
    let at = batch.space(
      'head',
      sizes.reduce((sum, size) => sum + size, 0),
    )
    return Object.fromEntries(
      Object.entries(words).map(([name, size]) => {
        const start = size ? at : 0
        at += size
        return [name, start]
      }),
    )
  }

  /** The words that every kernel of the head starts with (`head_arg` in kernels/head.c). */
  #arguments(
    batch: CpuMinibatch,
    head: CountHead,
    hidden: Tensor,
  ): { words: number[]; space: Record<string, number> } {
    const { nGenes } = batch.source
    const wanted = Math.min(MAX_BLOCKS, Math.max(1, Math.ceil(nGenes / MIN_BLOCK_GENES)))
    const blockGenes = padded(Math.ceil(nGenes / wanted))
    const blocks = Math.ceil(nGenes / blockGenes)
    const zeroInflated = head.likelihood === 'zinb'
    const space = this.#space(batch, hidden, zeroInflated, blocks)
    const cells = padded(batch.nCells)
    const dispersion = head.logDispersion && cpuParameter(head.logDispersion)
    const words = [
      batch.nCells,
      cells,
      nGenes,
      hidden.columns,
      padded(hidden.columns),
      LIKELIHOODS[head.likelihood],
      head.scale === 'softplus' ? 1 : 0,
      blocks,
      blockGenes,
      dispersion?.value.rows ?? 1,
      space.hiddenT!,
      space.scaleRow!,
      space.zeroRow!,
      space.qRow!,
      space.blockMax!,
      space.blockSum!,
      space.blockLl!,
      space.blockQ!,
      space.logSize!,
      space.logNorm!,
      space.ll!,
      space.q!,
      batch.geneStart,
      batch.cell,
      batch.geneMajorCount,
      batch.codes,
      ...parameterWords(head.weight),
      ...parameterWords(head.bias),
      ...parameterWords(head.zeroWeight),
      ...parameterWords(head.zeroBias),
      ...parameterWords(head.logDispersion),
      space.scratch!,
      SCRATCH_ROWS * cells,
      dispersion?.value.stride ?? 0,
    ]
    return { words, space }
  }

  #logits(
    batch: CpuMinibatch,
    hidden: Tensor,
    logSize: Tensor | undefined,
    words: number[],
    space: Record<string, number>,
  ) {
    const h = cpu(hidden)
    this.#call('transpose', [
      batch.nCells,
      h.columns,
      h.offset,
      h.stride,
      space.hiddenT!,
      padded(batch.nCells),
    ])
    this.#call('headLogits', words)
    this.#call('headNormalise', [...words, logSize ? cpu(logSize).offset : 0, batch.size])
  }

  forward({ batch, head, hidden, logSize, logLikelihood }: CountHeadArgs): void {
    const mini = batch as CpuMinibatch
    const { words, space } = this.#arguments(mini, head, hidden)
    this.#logits(mini, hidden, logSize, words, space)
    this.#call(COUNT_KERNELS[head.likelihood], words)
    this.#call('headSum', [...words, mini.constant, cpu(logLikelihood).offset])
  }

  gradient({ batch, head, hidden, hiddenGradient, logSizeGradient, adam }: CountHeadGradientArgs): void {
    const { words, space } = this.#arguments(batch as CpuMinibatch, head, hidden)
    this.#call('headGradient', [...words, cpu(hidden).offset, space.partial!, adam ? 1 : 0], adam)
    const bySize = logSizeGradient ? cpu(logSizeGradient).offset : 0
    this.#call('headHiddenGradient', [...words, space.partial!, cpu(hiddenGradient).offset, bySize])
  }

  means({ batch, head, hidden, logSize, mean, zeroLogits }: CountMeansArgs): void {
    const mini = batch as CpuMinibatch
    const { words, space } = this.#arguments(mini, head, hidden)
    this.#logits(mini, hidden, logSize, words, space)
    this.#call('headMeans', [
      ...words,
      cpu(mean).offset,
      cpu(mean).stride,
      zeroLogits ? cpu(zeroLogits).offset : 0,
    ])
  }
}

/** A parameter's value, gradient and moments as `param_arg` reads them; zeros where there is none. */
export function parameterWords(parameter: Parameter | undefined): [number, number, number, number] {
  if (!parameter) return [0, 0, 0, 0]
  const { value, gradient, firstMoment, secondMoment } = cpuParameter(parameter)
  return [value.offset, gradient.offset, firstMoment.offset, secondMoment.offset]
}
