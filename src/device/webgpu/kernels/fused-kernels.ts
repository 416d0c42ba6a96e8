import type {
  BatchNormArgs,
  BatchNormGradientArgs,
  LinearArgs,
  LinearGradientArgs,
  ReluDropoutArgs,
  ReluDropoutGradientArgs,
  SampleLatentArgs,
  SampleLatentGradientArgs,
} from '../../device.js'
import { over, type StepValue } from '../../step-number.js'
import { mini } from '../cells/gpu-minibatch.js'
import { gpuParameter, isTensor, placeOf, shareArena, sharedArena, view } from '../gpu-tensor.js'
import { type KernelContext, takesGiven, takesNone } from '../queue/kernel-context.js'
import { type Launch, launch } from '../queue/launch.js'
import { pickTile } from '../tiles/tiles.js'
import { NORM_THREADS, normFeatures } from '../wgsl/lanes.js'
import { encodeLatent, latentBackward, MOST_FUSED } from '../wgsl/latent-fused.js'
import { latentWeightGradients } from '../wgsl/latent-weights.js'
import { batchNormRelu, MOST_NARROW_INPUTS, narrowLayer } from '../wgsl/norm.js'
import { batchNormReluGradient } from '../wgsl/norm-gradient.js'
import type { Layers } from './head-kernels.js'
import { productGroups } from './weight-product.js'

const NO_NOISE = { seed: 0, purpose: 0, step: 0 }

/** Whether a layer over cells has a bias, and covariates of the minibatch alone: fused kernels take no other. */
const isUsual = ({ bias, rows, covariates }: LinearArgs | LinearGradientArgs): boolean =>
  bias !== undefined && rows === undefined && !takesGiven(covariates)

/** Two linear layers on one input, to mean and raw variance, and the draw from them. */
export interface EncodeLatent {
  mean: LinearArgs
  variance: LinearArgs
  sample: SampleLatentArgs
}

/** The gradients back through ReLU, dropout and batch normalisation. */
export interface ActivationGradient {
  relu: ReluDropoutGradientArgs
  norm: BatchNormGradientArgs
}

const NO_LAYERS: Layers = { parts: undefined, layers: 0 }

/** The gradients from the layer above a draw to the hidden layer below mean and raw variance. */
export interface LatentBackward {
  above: LinearGradientArgs
  sample: SampleLatentGradientArgs
  mean: LinearGradientArgs
  variance: LinearGradientArgs
}

/** Kernels that do the work of several calls. Each writes all that the calls would have written. */
export class FusedKernels {
  readonly #context: KernelContext

  constructor(context: KernelContext) {
    this.#context = context
  }

  batchNormRelu(norm: BatchNormArgs, { output, dropout, noise }: ReluDropoutArgs): void {
    const { batch, input, scale, shift, running, saved, training } = norm
    this.#context.recorder.dispatch(batchNormRelu, {
      buffers: {
        input: view(input),
        scale: view(scale.value),
        shift: view(shift.value),
        running: view(running),
        output: view(norm.output),
        saved: view(saved),
        activation: view(output),
      },
      scalars: {
        cells: batch.nCells,
        width: input.columns,
        training: training ? 1 : 0,
        dropout,
        seed: noise.seed,
        purpose: noise.purpose,
        step: noise.step,
      },
      groups: [Math.ceil(input.columns / normFeatures()), 1, 1],
    })
  }

  canNarrowLayer(linear: LinearArgs, { scale, shift }: BatchNormArgs): boolean {
    const { input, weight, bias } = linear
    return (
      isUsual(linear) &&
      input.columns <= MOST_NARROW_INPUTS &&
      shareArena(weight, bias, scale, shift) &&
      this.canFuse(9)
    )
  }

  narrowLayer(linear: LinearArgs, norm: BatchNormArgs, { output, dropout, noise }: ReluDropoutArgs): void {
    const { batch, weight, bias } = linear
    const { scale, shift, running, saved, training } = norm
    const minibatch = mini(batch)
    const width = norm.input.columns
    this.#context.recorder.dispatch(narrowLayer, {
      buffers: {
        layerInput: view(linear.input),
        weight: sharedArena(weight, bias, scale, shift).value,
        metadata: minibatch.metadata,
        uses: this.#context.covariates(linear.covariates, minibatch).view,
        running: view(running),
        saved: view(saved),
        input: view(norm.input),
        output: view(norm.output),
        activation: view(output),
      },
      scalars: {
        cells: batch.nCells,
        width,
        training: training ? 1 : 0,
        dropout,
        seed: noise.seed,
        purpose: noise.purpose,
        step: noise.step,
        k: linear.input.columns,
        capacity: batch.capacity,
        weightAt: placeOf(weight),
        biasAt: placeOf(bias),
        scaleAt: placeOf(scale),
        shiftAt: placeOf(shift),
      },
      groups: [Math.ceil(width / normFeatures()), 1, 1],
    })
  }

  /** Storage buffers of a kernel that this device lets it have. */
  canFuse(buffers: number): boolean {
    return this.#context.recorder.takes(buffers)
  }

  batchNormReluGradient({ relu, norm }: ActivationGradient): void {
    this.#context.recorder.run(this.activationGradient({ relu, norm }, NO_LAYERS, NORM_THREADS))
  }

  /** @param layers of the gradient by the activation, where it has not been added up */
  activationGradient({ relu, norm }: ActivationGradient, { parts, layers }: Layers, threads: number): Launch {
    const { batch, input, scale, shift, saved, inputGradient } = norm
    return launch(batchNormReluGradient(threads), {
      buffers: {
        input: view(input),
        scale: view(scale.value),
        saved: view(saved),
        activation: view(relu.output),
        parts: parts ?? this.#context.nothing,
        activationGradient: view(relu.outputGradient),
        outputGradient: view(norm.outputGradient),
        gradient: sharedArena(scale, shift).gradient,
        inputGradient: view(inputGradient),
      },
      scalars: {
        cells: batch.nCells,
        width: input.columns,
        scaleAt: gpuParameter(scale).gradient.view.offset,
        shiftAt: gpuParameter(shift).gradient.view.offset,
        dropout: relu.dropout,
        layers,
        layerSize: batch.nCells * input.columns,
      },
      groups: [Math.ceil(input.columns / normFeatures(threads)), 1, 1],
    })
  }

  canEncodeLatent({ mean, variance }: EncodeLatent): boolean {
    const { input, output, covariates } = mean
    return (
      isUsual(mean) &&
      isUsual(variance) &&
      takesNone(covariates) &&
      takesNone(variance.covariates) &&
      shareArena(mean.weight, mean.bias, variance.weight, variance.bias) &&
      input.columns <= MOST_FUSED.hidden &&
      output.columns <= MOST_FUSED.dimensions
    )
  }

  encodeLatent({ mean, variance, sample }: EncodeLatent): void {
    const { batch, prior, noise } = sample
    const { seed, purpose, step } = noise ?? NO_NOISE
    const arena = sharedArena(mean.weight, mean.bias, variance.weight, variance.bias)
    this.#context.recorder.dispatch(encodeLatent(mean.input.columns), {
      buffers: {
        input: view(mean.input),
        values: arena.value,
        prior: prior ? view(prior) : this.#context.nothing,
        metadata: mini(batch).metadata,
        mean: view(sample.mean),
        rawVariance: view(sample.rawVariance),
        output: view(sample.output),
        kl: view(sample.kl),
      },
      scalars: {
        dimensions: sample.mean.columns,
        capacity: batch.capacity,
        prior: prior ? 1 : 0,
        noisy: noise ? 1 : 0,
        seed,
        purpose,
        step,
        hidden: mean.input.columns,
        meanWeightAt: placeOf(mean.weight),
        meanBiasAt: placeOf(mean.bias),
        varianceWeightAt: placeOf(variance.weight),
        varianceBiasAt: placeOf(variance.bias),
      },
      groups: [batch.nCells, 1, 1],
    })
  }

  canLatentBackward({ above, sample, mean, variance }: LatentBackward): boolean {
    const layers = [above, mean, variance]
    return (
      sample.prior === undefined &&
      sample.outputGradient !== undefined &&
      !isTensor(sample.klGradient) &&
      layers.every((layer) => isUsual(layer) && !layer.frozen) &&
      shareArena(above.weight, ...layers.flatMap(({ weight, bias }) => [weight, bias])) &&
      takesNone(mean.covariates) &&
      takesNone(variance.covariates) &&
      above.outputGradient.columns <= MOST_FUSED.hidden &&
      sample.mean.columns <= MOST_FUSED.dimensions
    )
  }

  /** @param next done beside the gradients of the weights */
  latentBackward(
    { above, sample, mean, variance }: LatentBackward,
    next: ActivationGradient | undefined,
  ): void {
    const { batch, noise } = sample
    const { seed, purpose, step } = noise ?? NO_NOISE
    const belowGradient = mean.inputGradient!
    const { value, gradient } = sharedArena(
      above.weight,
      above.bias,
      mean.weight,
      mean.bias,
      variance.weight,
      variance.bias,
    )
    const dimensions = sample.mean.columns
    const columns = above.outputGradient.columns
    const below = belowGradient.columns
    const aboveWeightAt = placeOf(above.weight)
    const meanWeightAt = placeOf(mean.weight)
    const varianceWeightAt = placeOf(variance.weight)
    this.#context.recorder.dispatch(latentBackward(columns, dimensions), {
      buffers: {
        aboveGradient: view(above.outputGradient),
        values: value,
        mean: view(sample.mean),
        rawVariance: view(sample.rawVariance),
        drawGradient: view(sample.outputGradient!),
        meanGradient: view(sample.meanGradient),
        rawVarianceGradient: view(sample.rawVarianceGradient),
        belowGradient: view(belowGradient),
      },
      scalars: {
        dimensions,
        noisy: noise ? 1 : 0,
        seed,
        purpose,
        step,
        klWeight: over(sample.klGradient as StepValue, batch.nCells),
        above: columns,
        below,
        aboveWeightAt,
        meanWeightAt,
        varianceWeightAt,
      },
      groups: [batch.nCells, 1, 1],
    })
    const { metadata, capacity, nCells } = mini(batch)
    const uses = this.#context.covariates(above.covariates, mini(batch))
    const aboveRows = dimensions + uses.rows + 1
    const m = Math.max(aboveRows, below + 1)
    const n = Math.max(columns, dimensions)
    const tile = pickTile(m, n)
    const weights = launch(latentWeightGradients(tile), {
      buffers: {
        draw: view(above.input),
        aboveGradient: view(above.outputGradient),
        hidden: view(mean.input),
        meanGradient: view(sample.meanGradient),
        rawVarianceGradient: view(sample.rawVarianceGradient),
        metadata,
        uses: uses.view,
        gradient,
      },
      scalars: {
        k: nCells,
        kSplit: nCells,
        capacity,
        dimensions,
        above: columns,
        below,
        aboveRows,
        aboveWeightAt,
        meanWeightAt,
        varianceWeightAt,
        aboveBiasAt: placeOf(above.bias),
        meanBiasAt: placeOf(mean.bias),
        varianceBiasAt: placeOf(variance.bias),
      },
      groups: productGroups(tile, m, n, 3),
    })
    const others = next ? [this.activationGradient(next, NO_LAYERS, weights.source.threads)] : []
    this.#context.recorder.beside(weights, ...others)
  }
}
