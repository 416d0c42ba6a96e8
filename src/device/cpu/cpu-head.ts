import type { CountHead, CountHeadArgs, CountHeadGradientArgs, CountMeansArgs, Tensor } from '../device.js'
import { adamArguments, type Caller } from './caller.js'
import type { CpuMinibatch } from './cpu-minibatch.js'
import { cpu, cpuParameter, padded } from './cpu-tensor.js'
import type { HeadArguments } from './kernel-arguments.js'

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

  /** What every kernel of the head takes. */
  #shared(batch: CpuMinibatch, head: CountHead, hidden: Tensor): HeadArguments {
    const { nGenes } = batch.source
    const wanted = Math.min(MAX_BLOCKS, Math.max(1, Math.ceil(nGenes / MIN_BLOCK_GENES)))
    const blockGenes = padded(Math.ceil(nGenes / wanted))
    const blocks = Math.ceil(nGenes / blockGenes)
    const cells = padded(batch.nCells)
    const width = padded(hidden.columns)
    const dispersion = head.logDispersion && cpuParameter(head.logDispersion).value
    const room = padded(batch.capacity)
    const rows = (name: string, n: number) => batch.space(name, n * room)
    return {
      cells: batch.nCells,
      padded: cells,
      genes: nGenes,
      hidden: hidden.columns,
      width,
      likelihood: LIKELIHOODS[head.likelihood],
      softplus: head.scale === 'softplus',
      blocks,
      blockGenes,
      dispersions: dispersion?.rows ?? 1,
      dispersionStride: dispersion?.stride ?? 0,
      hiddenT: rows('hiddenT', hidden.columns),
      scaleRow: rows('scaleRow', nGenes),
      zeroRow: head.likelihood === 'zinb' ? rows('zeroRow', nGenes) : 0,
      qRow: rows('qRow', nGenes),
      blockMax: rows('blockMax', blocks),
      blockSum: rows('blockSum', blocks),
      blockLl: rows('blockLl', blocks),
      blockQ: rows('blockQ', blocks),
      logSize: rows('logSize', 1),
      logNorm: rows('logNorm', 1),
      ll: rows('ll', 1),
      q: rows('q', 1),
      partial: rows('partial', blocks * width),
      scratch: rows('scratch', this.#threads * SCRATCH_ROWS),
      scratchStride: SCRATCH_ROWS * cells,
      geneStart: batch.geneStart,
      cell: batch.cell,
      count: batch.geneMajorCount,
      codes: batch.codes,
      weight: head.weight,
      bias: head.bias,
      zeroWeight: head.zeroWeight,
      zeroBias: head.zeroBias,
      dispersion: head.logDispersion,
    }
  }

  #logits(batch: CpuMinibatch, hidden: Tensor, logSize: Tensor | undefined, head: HeadArguments): void {
    this.#call('transpose', {
      rows: batch.nCells,
      columns: hidden.columns,
      input: hidden,
      inputWidth: cpu(hidden).stride,
      output: head.hiddenT,
      outputWidth: head.padded,
    })
    this.#call('headLogits', { head })
    this.#call('headNormalise', { head, logSize, size: batch.size })
  }

  forward({ batch, head, hidden, logSize, logLikelihood }: CountHeadArgs): void {
    const mini = batch as CpuMinibatch
    const shared = this.#shared(mini, head, hidden)
    this.#logits(mini, hidden, logSize, shared)
    this.#call(COUNT_KERNELS[head.likelihood], { head: shared })
    this.#call('headSum', { head: shared, constant: mini.constant, logLikelihood })
  }

  gradient({ batch, head, hidden, hiddenGradient, logSizeGradient, adam }: CountHeadGradientArgs): void {
    const shared = this.#shared(batch as CpuMinibatch, head, hidden)
    this.#call('headGradient', { head: shared, hidden, adam: adam && adamArguments(adam) })
    this.#call('headHiddenGradient', { head: shared, hiddenGradient, logSizeGradient })
  }

  means({ batch, head, hidden, logSize, mean, zeroLogits }: CountMeansArgs): void {
    const mini = batch as CpuMinibatch
    const shared = this.#shared(mini, head, hidden)
    this.#logits(mini, hidden, logSize, shared)
    this.#call('headMeans', { head: shared, mean, meanWidth: cpu(mean).stride, zeroLogits })
  }
}
