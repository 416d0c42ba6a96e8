import type {
  CountHead,
  CountHeadArgs,
  CountHeadGradientArgs,
  CountMeansArgs,
  GeneMeansArgs,
  HeadInput,
  Precision,
  Tensor,
} from '../device.js'
import type { Caller } from './caller.js'
import type { CpuCovariates } from './cpu-covariates.js'
import type { CpuMinibatch } from './cpu-minibatch.js'
import { cpu, cpuParameter, padded } from './cpu-tensor.js'
import { geneBlocks } from './gene-blocks.js'
import type { AdamArguments, HeadArguments } from './kernel-arguments.js'

const LIKELIHOODS = { nb: 0, zinb: 1, poisson: 2 } as const
const COUNT_KERNELS = { nb: 'headCountsNb', zinb: 'headCountsZinb', poisson: 'headCountsPoisson' } as const

/** Rows of scratch of each thread (`Rows` in kernels/head-counts.c). */
const SCRATCH_ROWS = 5

/** What a head computes from. */
type Setting = HeadInput & {
  head: CountHead
  precision?: Precision
  logSize?: Tensor
  codes?: Tensor
  logLikelihood?: Tensor
}

/** The output layer on CPU threads: the order of its kernels and the space between them. */
export class CpuHead {
  readonly #call: Caller
  readonly #threads: number
  readonly #covariates: CpuCovariates

  constructor(call: Caller, threads: number, covariates: CpuCovariates) {
    this.#call = call
    this.#threads = threads
    this.#covariates = covariates
  }

  /** What every kernel of the head takes. */
  #shared(
    batch: CpuMinibatch,
    { head, precision, hidden, logits, zeroLogits, codes, logLikelihood }: Setting,
  ): HeadArguments {
    const { nGenes } = batch.source
    const { blocks, blockGenes } = geneBlocks(nGenes)
    const cells = padded(batch.nCells)
    const width = hidden ? padded(hidden.columns) : 0
    const dispersion = head.logDispersion && cpuParameter(head.logDispersion).value
    const room = padded(batch.capacity)
    // what a head leaves for its gradient is its own: there may be two over one minibatch
    const own = logLikelihood ? cpu(logLikelihood).offset : 'means'
    const rows = (name: string, n: number) => batch.space(`${name} ${own}`, n * room)
    return {
      cells: batch.nCells,
      padded: cells,
      genes: nGenes,
      hidden: hidden?.columns ?? 0,
      width,
      likelihood: LIKELIHOODS[head.likelihood],
      softplus: head.scale === 'softplus',
      half: precision === 'bf16',
      blocks,
      blockGenes,
      dispersions: dispersion?.rows ?? 1,
      dispersionStride: dispersion?.stride ?? 0,
      hiddenT: rows('hiddenT', hidden?.columns ?? 0),
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
      fullCount: batch.fullCount,
      codes: codes ? this.#covariates.codes(batch, codes) : batch.codes,
      cellWeight: rows('cellWeight', 1),
      weighted: false,
      present: head.absent?.present,
      presentWidth: head.absent ? cpu(head.absent.present).stride : 0,
      presentCodes: head.absent ? batch.codes + head.absent.covariate * batch.covariateStride : 0,
      missingStart: batch.missingStart,
      missingCell: batch.missingCell,
      logits,
      zeroLogits,
      logitsWidth: logits ? cpu(logits).stride : 0,
      weight: head.weights?.weight,
      bias: head.weights?.bias,
      zeroWeight: head.weights?.zeroWeight,
      zeroBias: head.weights?.zeroBias,
      dispersion: head.logDispersion,
    }
  }

  #logits(
    batch: CpuMinibatch,
    { hidden, logSize }: Setting,
    head: HeadArguments,
    cellGradient?: Tensor,
  ): void {
    if (hidden) {
      this.#call('transpose', {
        rows: batch.nCells,
        columns: hidden.columns,
        input: hidden,
        inputWidth: cpu(hidden).stride,
        output: head.hiddenT,
        outputWidth: head.padded,
      })
    }
    this.#call('headLogits', { head })
    this.#call('headNormalise', { head, logSize, size: batch.size, cellGradient })
  }

  forward(args: CountHeadArgs): void {
    const mini = args.batch as CpuMinibatch
    const shared = this.#shared(mini, args)
    this.#logits(mini, args, shared)
    this.#call(COUNT_KERNELS[args.head.likelihood], { head: shared })
    this.#call('headSum', { head: shared, constant: mini.constant, logLikelihood: args.logLikelihood })
  }

  gradient(args: CountHeadGradientArgs, adam: AdamArguments | undefined): void {
    const { batch, head: of, hidden, cellGradient, frozen = false } = args
    const { hiddenGradient, logSizeGradient, logitsGradient, zeroLogitsGradient } = args
    const mini = batch as CpuMinibatch
    const shared = this.#shared(mini, args)
    const head = cellGradient ? this.#weighted(mini, args, shared, cellGradient) : shared
    const byHidden = hiddenGradient !== undefined
    // gradients by logits and by the size come on the way
    if (!frozen || byHidden || logSizeGradient || logitsGradient || zeroLogitsGradient) {
      this.#call('headGradient', { head, hidden, byHidden, frozen: frozen || !of.weights, adam })
    }
    if (byHidden || logSizeGradient) {
      this.#call('headHiddenGradient', { head, hiddenGradient, logSizeGradient })
    }
    if (logitsGradient || zeroLogitsGradient) {
      this.#call('headLogitsGradient', { head, logitsGradient, zeroLogitsGradient })
    }
  }

  /** The forward pass once more for cells of unlike weight: the gradient by dispersions is worked out there. */
  #weighted(mini: CpuMinibatch, args: Setting, shared: HeadArguments, cellGradient: Tensor): HeadArguments {
    const one = shared.dispersions === 1
    const codes = one ? mini.space('no codes', mini.covariateStride) : shared.codes
    const head = { ...shared, weighted: true, codes }
    this.#logits(mini, args, head, cellGradient)
    this.#call(COUNT_KERNELS[args.head.likelihood], { head })
    return head
  }

  means(args: CountMeansArgs): void {
    const { mean, zeros } = args
    const head = this.#meanRows(args)
    this.#call('headMeans', { head, mean, meanWidth: cpu(mean).stride, zeros })
  }

  geneMeans(args: GeneMeansArgs): void {
    const { mean } = args
    this.#call('headGeneMeans', { head: this.#meanRows(args), mean, meanWidth: cpu(mean).stride })
  }

  /** Leaves what gives means in the head's rows. */
  #meanRows(args: Omit<CountMeansArgs, 'mean'>): HeadArguments {
    const mini = args.batch as CpuMinibatch
    const head = this.#shared(mini, args)
    this.#logits(mini, args, head)
    if (args.head.absent || mini.missingStart) {
      // normalised over the genes that were observed, and then for the others too
      this.#call('headLogits', { head: { ...head, present: undefined, missingStart: 0 } })
    }
    return head
  }
}
