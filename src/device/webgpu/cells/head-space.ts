import type { Likelihood } from '../../device.js'
import type { GpuTensor } from '../gpu-tensor.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { aligned, View } from '../queue/view.js'
import type { WORK_SCALARS } from '../wgsl/head-work.js'

/**
 * What the head's kernels leave for each other in one view, cells × genes each: logits, gradients by them, by log θ, logits and
 * then gradients of dropout; a number for each cell at the end.
 */
export class HeadSpace {
  /** The log-likelihoods of the head that it is for: two heads over one minibatch have a space each. */
  owner: GpuTensor
  readonly likelihood: Likelihood
  readonly all: View
  readonly logits: View
  readonly gradient: View
  readonly zero: View | undefined
  /** The sums over each cell's genes of the gradients by the log of its size. */
  readonly sums: View
  readonly starts: Readonly<Record<keyof typeof WORK_SCALARS, number>>

  constructor(
    context: KernelContext,
    owner: GpuTensor,
    likelihood: Likelihood,
    { capacity, nGenes }: { capacity: number; nGenes: number },
  ) {
    this.owner = owner
    this.likelihood = likelihood
    const words = aligned(capacity * nGenes)
    const inflated = likelihood === 'zinb'
    const dispersionAt = 2 * words
    const zeroAt = dispersionAt + (likelihood === 'poisson' ? 0 : words)
    const sumAt = zeroAt + (inflated ? words : 0)
    this.all = context.floats('head', sumAt + aligned(capacity))
    const part = (at: number, length: number) => new View(this.all.buffer, this.all.offset + at, length)
    this.logits = part(0, words)
    this.gradient = part(words, words)
    this.zero = inflated ? part(zeroAt, words) : undefined
    this.sums = part(sumAt, capacity)
    this.starts = { gradientAt: words, dispersionAt, zeroAt, sumAt }
  }
}
