import type { SampleLatentArgs, SampleLatentGradientArgs } from '../device.js'
import { StepNumber } from '../step-number.js'
import type { CurrentStep } from './current-step.js'
import { type NoiseNumbers, normals } from './noise.js'
import type { Handle, Operand, Ops } from './ops.js'
import { ownBatch } from './tf-minibatch.js'
import { own } from './tf-tensor.js'

const VARIANCE_FLOOR = 1e-4

/** The draw of the latent and of the library size. Keeps each purpose's last noise for the way back. */
export class LatentKernels {
  readonly #ops: Ops
  readonly #step: CurrentStep
  readonly #noise = new Map<number, { key: string; handle: Handle }>()

  constructor(ops: Ops, step: CurrentStep) {
    this.#ops = ops
    this.#step = step
  }

  #normals(noise: NoiseNumbers, rows: number, columns: number): Handle {
    const key = [noise.seed, noise.step, rows, columns].join(' ')
    const last = this.#noise.get(noise.purpose)
    if (last?.key === key) return last.handle
    last?.handle.dispose()
    const handle = this.#ops.upload(normals(noise, rows, columns), [rows, columns])
    this.#noise.set(noise.purpose, { key, handle })
    return handle
  }

  /** Mean and variance of each cell's prior. */
  #prior({ batch, prior }: SampleLatentArgs): { mean: Operand; variance: Operand } {
    if (!prior) return { mean: 0, variance: 1 }
    const ops = this.#ops
    const each = ops.gatherRows(own(prior).get(), ownBatch(batch).codes(0))
    return { mean: ops.sliceColumn(each, 0), variance: ops.sliceColumn(each, 1) }
  }

  #drawn({ noise, mean, batch }: SampleLatentArgs): Handle | undefined {
    return noise && this.#normals(this.#step.noise(noise), batch.nCells, mean.columns)
  }

  /** Of the loss by each cell's KL divergence. */
  #klGradient({ klGradient, batch: { nCells } }: SampleLatentGradientArgs): Handle {
    if (typeof klGradient === 'number' || klGradient instanceof StepNumber)
      return this.#ops.changing('KL weight', this.#step.value(klGradient) / nCells)
    return own(klGradient).first(this.#ops, nCells)
  }

  sample(args: SampleLatentArgs): void {
    const ops = this.#ops
    const { nCells } = args.batch
    const mean = own(args.mean).first(ops, nCells)
    const variance = ops.add(ops.exp(own(args.rawVariance).first(ops, nCells)), VARIANCE_FLOOR)
    const prior = this.#prior(args)
    const squared = ops.square(ops.sub(mean, prior.mean))
    const relative = ops.div(variance, prior.variance)
    // ½ (variance / prior variance + distance² / prior variance − 1 − ln(variance / prior variance))
    const terms = ops.sub(ops.sub(ops.add(relative, ops.div(squared, prior.variance)), 1), ops.log(relative))
    own(args.kl).set(ops.mul(ops.sumOfRows(terms), 0.5))
    // adding 0 makes a handle of the output's own
    const noise = this.#drawn(args)
    own(args.output).set(ops.add(mean, noise ? ops.mul(ops.sqrt(variance), noise) : 0))
  }

  gradient(args: SampleLatentGradientArgs): void {
    const ops = this.#ops
    const { nCells } = args.batch
    const mean = own(args.mean).first(ops, nCells)
    const raw = ops.exp(own(args.rawVariance).first(ops, nCells))
    const variance = ops.add(raw, VARIANCE_FLOOR)
    const outputGradient = args.outputGradient && own(args.outputGradient).first(ops, nCells)
    const prior = this.#prior(args)
    const weight = this.#klGradient(args)
    const byKl = ops.mul(ops.div(ops.sub(mean, prior.mean), prior.variance), weight)
    own(args.meanGradient).set(outputGradient ? ops.add(outputGradient, byKl) : byKl)
    // ½ (gradient · noise / √variance + weight (1 / prior variance − 1 / variance)) · exp(raw)
    const precision = ops.reciprocal(variance)
    const gap =
      typeof prior.variance === 'number'
        ? ops.add(ops.neg(precision), 1 / prior.variance)
        : ops.sub(ops.reciprocal(prior.variance), precision)
    const kl = ops.mul(gap, weight)
    const noise = outputGradient && this.#drawn(args)
    const sum = noise ? ops.add(ops.mul(ops.mul(outputGradient, noise), ops.sqrt(precision)), kl) : kl
    own(args.rawVarianceGradient).set(ops.mul(sum, ops.mul(raw, 0.5)))
  }

  dispose(): void {
    for (const { handle } of this.#noise.values()) handle.dispose()
    this.#noise.clear()
  }
}
