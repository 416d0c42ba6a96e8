/**
 * The one interface between the model and whatever computes it.
 *
 * A device holds float32 tensors and runs a short list of kernels on them. Kernels are queued, never awaited one by
 * one: `read` is the only place that waits. Everything above this folder is written once, against these types.
 *
 * Shapes are (rows, columns), row-major. How a device pads or lays out a tensor in its own memory is its affair:
 * `write` and `read` speak plain row-major values.
 */

/** A float32 matrix that lives on the device. */
export interface Tensor {
  readonly rows: number
  readonly columns: number
}

/** A trained tensor with its gradient and Adam's two moments, all of one shape. */
export interface Parameter {
  readonly name: string
  readonly value: Tensor
  readonly gradient: Tensor
  readonly firstMoment: Tensor
  readonly secondMoment: Tensor
}

/** What a device needs to know of a data set's cells. `CountMatrix` has the first three members. */
export interface CellSource {
  readonly nCells: number
  readonly nGenes: number
  /** One cell's nonzero genes (ascending) and counts. */
  row(cell: number): { genes: Int32Array; counts: Float32Array }
  /** Category code of every cell, one array a categorical covariate; the batch comes first. */
  readonly categorical: readonly Int32Array[]
  /** Value of every cell, one array a continuous covariate. */
  readonly continuous: readonly Float32Array[]
  /** Size of every cell that scales its expected counts: observed total, or size factor. Positive. */
  readonly size: Float32Array
}

/** The cells of one step, gathered on the device. */
export interface Minibatch {
  /** Most cells that it can hold. */
  readonly capacity: number
  /** Cells that it holds now. */
  readonly nCells: number
}

/** Where a draw of noise comes from: the same numbers on every device and for any number of threads. */
export interface NoiseKey {
  /** Seed of the run, an unsigned 32-bit integer. */
  seed: number
  /** What the noise is for (`NOISE` in `numeric/philox.ts`). */
  purpose: number
  /** Training step, an unsigned 32-bit integer. */
  step: number
}

/** Adam as PyTorch has it: the L2 term is added to the gradient, epsilon to the corrected root. */
export interface AdamSettings {
  learningRate: number
  beta1: number
  beta2: number
  epsilon: number
  weightDecay: number
  /** 1 for the first update. */
  step: number
}

/** What differs from one training step to the next. */
export interface StepSettings {
  /** Seed of the run, an unsigned 32-bit integer. */
  seed: number
  /** Of the noise, an unsigned 32-bit integer. */
  step: number
  /** Weight of the latent's KL divergence in the loss. */
  klWeight: number
  adam: AdamSettings
}

/** Which covariates of the minibatch a linear layer takes beside its input. */
export interface CovariateUse {
  /** Numbers of categories of the covariates taken, in the source's order; 0 skips a covariate. */
  categories: readonly number[]
  /** Number of continuous covariates taken: all of the source's, or 0. */
  continuous: number
}

/**
 * The weights of a linear layer: `weight` has a row for each input, then one for each category of each covariate
 * taken, then one for each continuous covariate taken; a column for each output.
 */
export interface LinearWeights {
  weight: Parameter
  bias: Parameter
  covariates: CovariateUse
}

export interface SparseLinearArgs extends LinearWeights {
  batch: Minibatch
  /** Cells × outputs. */
  output: Tensor
}

export interface SparseLinearGradientArgs extends LinearWeights {
  batch: Minibatch
  outputGradient: Tensor
  /** When given, weight and bias are updated at once and their gradients need not be stored. */
  adam?: AdamSettings
}

export interface LinearArgs extends LinearWeights {
  batch: Minibatch
  /** Cells × inputs. */
  input: Tensor
  output: Tensor
}

export interface LinearGradientArgs extends LinearWeights {
  batch: Minibatch
  input: Tensor
  outputGradient: Tensor
  /** Cells × inputs; left out where nothing below needs it. */
  inputGradient?: Tensor
  /** Adds to `inputGradient` instead of writing it (two layers on one input). */
  accumulate?: boolean
}

/** Batch normalisation over the cells of the minibatch: epsilon 1e-3, running ← 0.99·running + 0.01·batch. */
export interface BatchNormArgs {
  batch: Minibatch
  input: Tensor
  /** 1 × features. */
  scale: Parameter
  shift: Parameter
  /** 2 × features: running mean, running (unbiased) variance. */
  running: Tensor
  output: Tensor
  /** 2 × features, written in training: mean and 1/√(variance + ε) of the minibatch. */
  saved: Tensor
  training: boolean
}

export interface BatchNormGradientArgs {
  batch: Minibatch
  input: Tensor
  scale: Parameter
  shift: Parameter
  saved: Tensor
  outputGradient: Tensor
  inputGradient: Tensor
}

/** Layer normalisation over the features of each cell, without scale and shift: epsilon 1e-5. */
export interface LayerNormArgs {
  batch: Minibatch
  input: Tensor
  output: Tensor
  /** Cells × 1: 1/√(variance + ε) of each cell. */
  saved: Tensor
}

export interface LayerNormGradientArgs {
  batch: Minibatch
  /** Output of the forward pass. */
  output: Tensor
  saved: Tensor
  outputGradient: Tensor
  inputGradient: Tensor
}

export interface ReluDropoutArgs {
  batch: Minibatch
  input: Tensor
  output: Tensor
  /** Share of outputs set to zero; the rest is scaled by 1/(1 − rate). 0 outside training. */
  dropout: number
  noise: NoiseKey
}

export interface ReluDropoutGradientArgs extends ReluDropoutArgs {
  outputGradient: Tensor
  inputGradient: Tensor
}

/**
 * A draw from Normal(mean, exp(rawVariance) + 1e-4) by reparameterisation and its KL divergence to a normal prior.
 */
export interface SampleLatentArgs {
  batch: Minibatch
  /** Cells × latent dimensions. */
  mean: Tensor
  rawVariance: Tensor
  output: Tensor
  /** Cells × 1: KL divergence summed over the dimensions. */
  kl: Tensor
  /** Batches × 2 (mean, variance) for one latent dimension by batch; the standard normal when left out. */
  prior?: Tensor
  /** Standard normal noise; the mean is taken when left out. */
  noise?: NoiseKey
}

export interface SampleLatentGradientArgs extends SampleLatentArgs {
  /** Gradient of the loss by the draw. */
  outputGradient: Tensor
  /** Weight of the KL term in the loss; the mean over the minibatch is taken by the kernel. */
  klWeight: number
  meanGradient: Tensor
  rawVarianceGradient: Tensor
}

export type Likelihood = 'nb' | 'zinb' | 'poisson'

/** The output layer, from hidden units to the log-likelihood of the counts (scvi-reference 1.5). */
export interface CountHead {
  likelihood: Likelihood
  /** `softmax`: mean = size · softmax(logits); `softplus`: mean = size · softplus(logits) (with a size factor). */
  scale: 'softmax' | 'softplus'
  /** Genes × hidden and 1 × genes. */
  weight: Parameter
  bias: Parameter
  /** Logits of the probability of dropout (zinb): genes × hidden and 1 × genes. */
  zeroWeight?: Parameter
  zeroBias?: Parameter
  /** log θ: 1 × genes, or batches × genes (a row for each batch); absent for poisson. */
  logDispersion?: Parameter
}

export interface CountHeadArgs {
  batch: Minibatch
  head: CountHead
  /** Cells × hidden. */
  hidden: Tensor
  /** Cells × 1: log of the size that scales the mean; the source's `size` when left out. */
  logSize?: Tensor
  /** Cells × 1: log-likelihood summed over the genes. */
  logLikelihood: Tensor
}

/** Gradients of minus the mean log-likelihood. Follows a `countHead` call with the same arguments. */
export interface CountHeadGradientArgs extends CountHeadArgs {
  hiddenGradient: Tensor
  /** Cells × 1; asked for when `logSize` is a draw. */
  logSizeGradient?: Tensor
  /** When given, the head's parameters are updated at once and their gradients need not be stored. */
  adam?: AdamSettings
}

export interface CountMeansArgs {
  batch: Minibatch
  head: CountHead
  hidden: Tensor
  logSize?: Tensor
  /** Cells × genes: expected counts of the negative binomial or Poisson (before zero inflation). */
  mean: Tensor
  /** Cells × genes: logits of the probability of dropout (zinb). */
  zeroLogits?: Tensor
}

export interface Kernels {
  /** log1p(counts)·W + b (+ covariates). */
  sparseLinear(args: SparseLinearArgs): void
  sparseLinearGradient(args: SparseLinearGradientArgs): void
  linear(args: LinearArgs): void
  linearGradient(args: LinearGradientArgs): void
  batchNorm(args: BatchNormArgs): void
  batchNormGradient(args: BatchNormGradientArgs): void
  layerNorm(args: LayerNormArgs): void
  layerNormGradient(args: LayerNormGradientArgs): void
  reluDropout(args: ReluDropoutArgs): void
  reluDropoutGradient(args: ReluDropoutGradientArgs): void
  sampleLatent(args: SampleLatentArgs): void
  sampleLatentGradient(args: SampleLatentGradientArgs): void
  countHead(args: CountHeadArgs): void
  countHeadGradient(args: CountHeadGradientArgs): void
  countMeans(args: CountMeansArgs): void
  /** One Adam update of every parameter given. */
  adam(parameters: readonly Parameter[], settings: AdamSettings): void
  /** Adds the sum of a cells × 1 tensor over the minibatch's cells to one element of a row of sums. */
  addSum(batch: Minibatch, values: Tensor, sums: Tensor, element: number): void
}

/** The parameters of a network: name, shape and starting values (row-major). */
export interface ParameterSpec {
  name: string
  rows: number
  columns: number
  values: Float32Array
}

/** Time that a kernel took on the device. */
export interface KernelTime {
  kernel: string
  calls: number
  milliseconds: number
  /** Of all calls, at the least; absent for kernels whose work is not worth counting. */
  work?: { flops: number; bytes: number }
}

/** Times of the kernels since it was asked for. */
export interface KernelProfile {
  /** The kernels, the longest first. */
  table(): Promise<KernelTime[]>
  stop(): void
}

/** What the large matrix products of a network are made of. */
export interface NetworkSize {
  /** Of a minibatch. */
  cells: number
  genes: number
  /** Units of a hidden layer. */
  hidden: number
}

/** A table in the host's memory, row-major. */
export interface RowTable {
  values: Float32Array
  rows: number
  columns: number
}

/** The rows nearest to each of a stretch of a table's rows. */
export interface NearestRows {
  /** First row of the stretch. */
  first: number
  /** Rows of the stretch. */
  count: number
  /** Rank by rank, nearest first: `rows[rank * count + i]` belongs to row `first + i`, which is left out itself. */
  rows: Uint32Array
  /** Squared distance of each row of the stretch to the last of its list, as the device has it. */
  farthest: Float32Array
}

export interface Device {
  readonly kind: 'cpu' | 'webgpu' | 'tensorflow'
  /** For people: "AMD EPYC, 2 threads". */
  readonly label: string
  /** Which build of the kernels runs: "native avx512", "wasm simd". */
  readonly build: string
  /** Whether it is a GPU in name only, which computes on the CPU; left out where that is no question. */
  readonly software?: boolean
  readonly kernels: Kernels
  /** A new tensor, zero unless values are given. */
  tensor(rows: number, columns: number, values?: Float32Array): Tensor
  /** The parameters of a network, laid out together. */
  parameters(specs: readonly ParameterSpec[]): Parameter[]
  write(tensor: Tensor, values: Float32Array): void
  read(tensor: Tensor): Promise<Float32Array>
  /** Waits until what is queued has been done; left out where calls return when it is. */
  settle?(): Promise<void>
  /** Measures how networks of a size are best computed, where that is not known yet; left out where there is no choice. */
  tune?(size: NetworkSize): Promise<void>
  /** Times every kernel from now on; left out where a device cannot. */
  profile?(): KernelProfile
  /** Makes a data set's cells reachable for {@link Device.gather}; a GPU takes their counts over for that. */
  minibatch(source: CellSource, capacity: number): Promise<Minibatch>
  /** Fills a minibatch with cells of its source. */
  gather(batch: Minibatch, cells: Int32Array): void
  /**
   * A training step on the cells gathered last. Steps of one network with as many cells of one minibatch are to call the same
   * kernels with the same arguments but for what is taken from the settings as it stands, so that a device may keep what `calls`
   * calls and repeat it with other settings. Left out where nothing is gained by that.
   */
  repeat?(
    network: object,
    batch: Minibatch,
    settings: StepSettings,
    calls: (settings: StepSettings) => void,
  ): void
  /**
   * The k nearest of the other rows to every row of a table, by sums of squared differences in float32 whose every operation is
   * off by one unit in the last place at most; ties go to the lower row. Stretches of rows come in order, as they are done.
   * Values are finite and so small that no sum overflows; k is below the number of rows. Left out where a device has no
   * such search.
   */
  nearestRows?(table: RowTable, k: number): AsyncIterable<NearestRows>
  /** Gives the memory of tensors, parameters or minibatches back. */
  release(...items: readonly (Tensor | Parameter | Minibatch)[]): void
  dispose(): Promise<void>
}
