import type { Expression } from './expression.js'
import type { StepInputs, StepValue } from './step-number.js'

export { MISSING } from '../numeric/missing.js'

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

/** One cell's counts that are not zero: genes ascending, counts beside them; `MISSING` where a count is not known. */
export interface CellRow {
  readonly genes: Int32Array
  readonly counts: Float32Array
}

/** Where counts come from: memory, or a disk. */
export interface CountSource {
  readonly nCells: number
  readonly nGenes: number
  /** Whether rows may hold `MISSING`. */
  readonly missing?: boolean
  /** Rows of cells, in the order in which they are asked for; at once where they lie in memory. */
  load(cells: Int32Array): readonly CellRow[] | Promise<readonly CellRow[]>
}

/** The cells of a data set: where their counts come from, and what is known of each beside them. */
export interface CellSource {
  readonly nCells: number
  readonly nGenes: number
  /** A device tells counts apart by identity: sources of the same counts share them there. */
  readonly counts: CountSource
  /** Which of the counts' cells each cell is; the same number when left out. */
  readonly rows?: Int32Array
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
  seed: StepValue
  /** What the noise is for (`NOISE` in `numeric/philox.ts`). */
  purpose: number
  /** Training step, an unsigned 32-bit integer. */
  step: StepValue
}

/** Adam as PyTorch has it: the L2 term is added to the gradient, epsilon to the corrected root. */
export interface AdamSettings {
  learningRate: StepValue
  beta1: StepValue
  beta2: StepValue
  epsilon: StepValue
  weightDecay: StepValue
  /** 1 for the first update. */
  step: StepValue
}

/** A parameter that is updated, whole or in some of its rows. */
export interface TrainedPart {
  parameter: Parameter
  /** First row and the one after the last; all when left out. */
  rows?: readonly [number, number]
}

/** How large matrix products are made: of float32, or of operands rounded to bfloat16, with sums in float32. */
export type Precision = 'f32' | 'bf16'

/** Which covariates a linear layer takes beside its input. */
export interface CovariateUse {
  /** Numbers of categories of the covariates taken, in the source's order; 0 skips a covariate. */
  categories: readonly number[]
  /** Number of continuous covariates taken: all of the source's, or 0. */
  continuous: number
  /** Codes in place of the minibatch's: cells × categorical covariates, whole numbers. */
  codes?: Tensor
  /** Values in place of the minibatch's: cells × continuous covariates. */
  values?: Tensor
}

/**
 * The weights of a linear layer: `weight` has a row for each input, then one for each category of each covariate
 * taken, then one for each continuous covariate taken; a column for each output.
 */
export interface LinearWeights {
  weight: Parameter
  /** Left out by a layer without. */
  bias?: Parameter
  covariates: CovariateUse
}

export interface SparseLinearArgs extends LinearWeights {
  batch: Minibatch
  /** Of the products that dense counts take; f32 when left out. */
  precision?: Precision
  /** Cells × outputs. */
  output: Tensor
}

export interface SparseLinearGradientArgs extends LinearWeights {
  batch: Minibatch
  precision?: Precision
  outputGradient: Tensor
  /** When given, weight and bias are updated at once and their gradients need not be stored. */
  adam?: AdamSettings
}

export interface LinearArgs extends LinearWeights {
  batch: Minibatch
  /** Cells × inputs. */
  input: Tensor
  output: Tensor
  /** Rows of the input, where they are not the minibatch's cells; such a layer takes no covariates. */
  rows?: number
}

export interface LinearGradientArgs extends LinearWeights {
  batch: Minibatch
  input: Tensor
  rows?: number
  /** Leaves the gradients of weight and bias out. */
  frozen?: boolean
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
  /** Gradient of the loss by the draw; none where nothing uses it. */
  outputGradient?: Tensor
  /** Gradient of the loss by the KL divergence: a weight of its mean over the minibatch, or a value for each cell (cells × 1). */
  klGradient: StepValue | Tensor
  meanGradient: Tensor
  rawVarianceGradient: Tensor
}

export type Likelihood = 'nb' | 'zinb' | 'poisson'

/** Genes that some cells do not have at all: those of a file that lacks them, say. They are left out of softmax and likelihood. */
export interface AbsentGenes {
  /** Which of the source's categorical covariates tells a cell's row of the table. */
  covariate: number
  /** Codes × genes: 1 where a gene is there, 0 where it is absent. */
  present: Tensor
}

/** Weights from hidden units to logits of the mean and of dropout: genes × hidden and 1 × genes. */
export interface HeadWeights {
  weight: Parameter
  bias: Parameter
  /** Zinb. */
  zeroWeight?: Parameter
  zeroBias?: Parameter
}

/** The output layer, to the log-likelihood of the counts (scvi-reference 1.5). */
export interface CountHead {
  likelihood: Likelihood
  /** `softmax`: mean = size · softmax(logits); `softplus`: mean = size · softplus(logits) (with a size factor). */
  scale: 'softmax' | 'softplus'
  /** Left out where the logits are given. */
  weights?: HeadWeights
  /** log θ: 1 × genes, or batches × genes (a row for each batch); absent for poisson. */
  logDispersion?: Parameter
  absent?: AbsentGenes
}

/** Where the logits of a head come from: hidden units (cells × hidden) and its weights, or they are given (cells × genes). */
export interface HeadInput {
  hidden?: Tensor
  logits?: Tensor
  /** Logits of the probability of dropout (zinb). */
  zeroLogits?: Tensor
}

export interface CountHeadArgs extends HeadInput {
  batch: Minibatch
  head: CountHead
  /** Of the products of hidden units, weights and gradients; f32 when left out. */
  precision?: Precision
  /** Cells × 1: log of the size that scales the mean; the source's `size` when left out. */
  logSize?: Tensor
  /** Cells × 1: batch of each cell for a dispersion by batch, in place of the minibatch's. */
  codes?: Tensor
  /** Cells × 1: log-likelihood summed over the genes. */
  logLikelihood: Tensor
}

/**
 * Gradients of minus the mean log-likelihood, or of whatever the loss makes of it. Follows a `countHead` call with the same
 * arguments; where `cellGradient` is given, parameters may be shadows of that call's.
 */
export interface CountHeadGradientArgs extends CountHeadArgs {
  /** Cells × 1: gradient of the loss by each log-likelihood; −1/cells for all when left out. */
  cellGradient?: Tensor
  /** Where the gradients by the input go: of the form of the input. */
  hiddenGradient?: Tensor
  logitsGradient?: Tensor
  zeroLogitsGradient?: Tensor
  /** Cells × 1; asked for when `logSize` is a draw. */
  logSizeGradient?: Tensor
  /** Leaves the gradients of the head's parameters out; what that of a dispersion holds then is not said. */
  frozen?: boolean
  /** When given, the head's parameters are updated at once and their gradients need not be stored. */
  adam?: AdamSettings
}

export interface CountMeansArgs extends HeadInput {
  batch: Minibatch
  head: CountHead
  logSize?: Tensor
  /**
   * Cells × genes: expected counts of the negative binomial or Poisson (before zero inflation). Where a count is missing or a
   * gene absent, what it would be: the softmax is normalised over what the cell has, here as in the likelihood.
   */
  mean: Tensor
  /** Cells × genes: logits of the probability of dropout (zinb). */
  zeros?: Tensor
}

/** {@link CountMeansArgs} without dropout, the other way round. */
export interface GeneMeansArgs extends HeadInput {
  batch: Minibatch
  head: CountHead
  logSize?: Tensor
  /** Genes × cells. */
  mean: Tensor
}

/** Which axis of an index space the rows and the columns of a tensor run along; none where it has one of them. */
export type AxesOf = readonly [rows: number | undefined, columns: number | undefined]

/** A tensor that a function is of, and how it lies in the function's index space. */
export interface MapInput {
  readonly tensor: Tensor
  readonly axes: AxesOf
  /** The one row that is read, of a tensor whose rows run along no axis; the first when left out. */
  readonly row?: number
}

/**
 * A function of small tensors at every point of a space of up to three axes, gathered over the axes that the output does not
 * have. It is all of what is pointwise, reduced or broadcast: densities, divergences, penalties and their gradients.
 */
export interface MapReduceArgs {
  batch: Minibatch
  /** Positions along each axis: a number, or those of the minibatch's cells. */
  axes: readonly (number | 'cells')[]
  inputs: readonly MapInput[]
  /** Of the inputs, by position. */
  expression: Expression<number>
  output: Tensor
  outputAxes: AxesOf
  /** How values over the other axes become one. */
  reduce: 'sum' | 'max' | 'logsumexp'
  /** Adds to the output instead of writing it. */
  accumulate?: boolean
}

/** What of the minibatch is copied into a tensor of cells × 1. */
export type CellFact = { categorical: number } | { continuous: number } | 'size'

export interface CellFactArgs {
  batch: Minibatch
  fact: CellFact
  output: Tensor
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
  /** The same gene by gene, where a device comes by it sooner than by turning them. */
  geneMeans?(args: GeneMeansArgs): void
  mapReduce(args: MapReduceArgs): void
  cellFact(args: CellFactArgs): void
  /** One Adam update of every parameter given. */
  adam(parts: readonly TrainedPart[], settings: AdamSettings): void
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

/** Calls over a minibatch that a device is to get ready for. */
export interface Prepared {
  /** Those of {@link Device.repeat}. */
  repeated: () => void
  /** Those of a pass that is not repeated. */
  once: () => void
}

export interface Device {
  readonly kind: 'cpu' | 'webgpu' | 'tensorflow'
  /** For people: "AMD EPYC, 2 threads". */
  readonly label: string
  /** Which build of the kernels runs: "native avx512", "wasm simd". */
  readonly build: string
  /** Tells builds of one name apart: the start of the SHA-256 of its file; left out where the kernels are in no such file. */
  readonly buildId?: string
  /** Whether it is a GPU in name only, which computes on the CPU; left out where that is no question. */
  readonly software?: boolean
  /** Whether kernels that are given a precision can take bf16; left out where not. */
  readonly bfloat16?: boolean
  readonly kernels: Kernels
  /** A new tensor, zero unless values are given. */
  tensor(rows: number, columns: number, values?: Float32Array): Tensor
  /** The parameters of a network, laid out together. */
  parameters(specs: readonly ParameterSpec[]): Parameter[]
  write(tensor: Tensor, values: Float32Array): void
  read(tensor: Tensor): Promise<Float32Array>
  /**
   * How many reads are best under way at a time, with passes between them: each gives what the tensor held when it was asked for. Left
   * out where a read is to be waited for.
   */
  readonly readsAtOnce?: number
  /** Waits until what is queued has been done; left out where calls return when it is. */
  settle?(): Promise<void>
  /** Measures how networks of a size are best computed, where that is not known yet; left out where there is no choice. */
  tune?(size: NetworkSize): Promise<void>
  /** Times every kernel from now on; left out where a device cannot. */
  profile?(): KernelProfile
  /** Other gradients beside parameters: the same values, with a gradient tensor of their own and no moments. */
  shadows(parameters: readonly Parameter[]): Parameter[]
  /** Makes a data set's cells reachable for {@link Device.gather}; a GPU takes their counts over for that. */
  minibatch(source: CellSource, capacity: number): Promise<Minibatch>
  /**
   * Fetches the counts of cells that a minibatch is to take next. At once where they lie in memory; what is fetched is kept until
   * it was gathered.
   */
  load(batch: Minibatch, cells: Int32Array): void | Promise<void>
  /** Fills a minibatch with cells of its source, whose counts have been loaded. */
  gather(batch: Minibatch, cells: Int32Array): void
  /** The numbers of the step that kernels called from now on belong to. */
  step(inputs: StepInputs): void
  /**
   * A training step on the cells gathered last. Steps of one network with as many cells of one minibatch are to call the same
   * kernels with the same arguments: what differs is a `StepNumber`. So a device may keep what `calls` calls and repeat it with
   * other inputs. Left out where nothing is gained by that.
   */
  repeat?(network: object, batch: Minibatch, inputs: StepInputs, calls: () => void): void
  /**
   * Gets ready for calls that are to come, before any cells are gathered: a GPU compiles their kernels, which takes most of the time
   * of a short training unless it is done for many at a time. Nothing is computed. Left out where nothing is to be got ready.
   */
  prepare?(batch: Minibatch, nCells: number, calls: Prepared): Promise<void>
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
