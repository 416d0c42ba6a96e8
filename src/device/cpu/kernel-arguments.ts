// Written from kernels/table.mjs by "npm run build": change that file, not this one.
import type { Tensor } from '../device.js'
import type { Arena } from './arena.js'
import { cpu } from './cpu-tensor.js'

export interface ParamArguments {
  readonly value: Tensor
  readonly gradient: Tensor
  readonly firstMoment: Tensor
  readonly secondMoment: Tensor
}

export interface AdamArguments {
  readonly update: boolean
  readonly rate: number
  readonly root: number
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly decay: number
}

export interface CovariatesArguments {
  readonly codes: number
  readonly categories: number
  readonly nCategorical: number
  readonly values: number
  readonly nContinuous: number
  readonly stride: number
}

export interface NoiseArguments {
  readonly seed: number
  readonly purpose: number
  readonly step: number
}

export interface CsrArguments {
  readonly cells: number
  readonly genes: number
  readonly rowStart: number
  readonly gene: number
  readonly count: number
  readonly logCount: number
}

export interface LatentArguments {
  readonly cells: number
  readonly dims: number
  readonly width: number
  readonly mean: Tensor
  readonly rawVariance: Tensor
  readonly output: Tensor
  readonly kl: Tensor
  readonly prior: Tensor | undefined
  readonly codes: number
  readonly noisy: boolean
  readonly noise: NoiseArguments | undefined
}

export interface HeadArguments {
  readonly cells: number
  readonly padded: number
  readonly genes: number
  readonly hidden: number
  readonly width: number
  readonly likelihood: number
  readonly softplus: boolean
  readonly half: boolean
  readonly blocks: number
  readonly blockGenes: number
  readonly dispersions: number
  readonly dispersionStride: number
  readonly hiddenT: number
  readonly scaleRow: number
  readonly zeroRow: number
  readonly qRow: number
  readonly blockMax: number
  readonly blockSum: number
  readonly blockLl: number
  readonly blockQ: number
  readonly logSize: number
  readonly logNorm: number
  readonly ll: number
  readonly q: number
  readonly partial: number
  readonly scratch: number
  readonly scratchStride: number
  readonly geneStart: number
  readonly cell: number
  readonly count: number
  readonly fullCount: number
  readonly codes: number
  readonly cellWeight: number
  readonly weighted: boolean
  readonly present: Tensor | undefined
  readonly presentWidth: number
  readonly presentCodes: number
  readonly missingStart: number
  readonly missingCell: number
  readonly logits: Tensor | undefined
  readonly zeroLogits: Tensor | undefined
  readonly logitsWidth: number
  readonly weight: ParamArguments | undefined
  readonly bias: ParamArguments | undefined
  readonly zeroWeight: ParamArguments | undefined
  readonly zeroBias: ParamArguments | undefined
  readonly dispersion: ParamArguments | undefined
}

export interface DecoderArguments {
  readonly rows: number
  readonly genes: number
  readonly hidden: number
  readonly width: number
  readonly input: Tensor
  readonly inputWidth: number
  readonly weight: Tensor
  readonly bias: Tensor
  readonly blocks: number
  readonly blockGenes: number
  readonly logSize: Tensor | undefined
  readonly size: number
  readonly scratch: number
  readonly scratchStride: number
}

export interface StageRowsArguments {
  readonly csr: CsrArguments
  readonly sources: number
}

export interface StageGenesArguments {
  readonly csr: CsrArguments
  readonly geneNext: number
  readonly begins: number
  readonly beginStride: number
  readonly geneStart: number
  readonly cell: number
  readonly geneMajorCount: number
  readonly geneMajorLog: number
}

export interface SparseForwardArguments {
  readonly cells: number
  readonly genes: number
  readonly width: number
  readonly rowStart: number
  readonly gene: number
  readonly logCount: number
  readonly weight: Tensor
  readonly bias: Tensor
  readonly output: Tensor
  readonly covariates: CovariatesArguments
}

export interface SparseGradientArguments {
  readonly cells: number
  readonly genes: number
  readonly width: number
  readonly geneStart: number
  readonly cell: number
  readonly geneMajorLog: number
  readonly outputGradient: Tensor
  readonly weight: ParamArguments
  readonly bias: ParamArguments
  readonly adam: AdamArguments | undefined
  readonly covariates: CovariatesArguments
}

export interface StageFullArguments {
  readonly csr: CsrArguments
  readonly padded: number
  readonly sources: number
  readonly begins: number
  readonly beginStride: number
  readonly fullCount: number
  readonly fullLog: number
}

export interface FullForwardArguments {
  readonly cells: number
  readonly padded: number
  readonly genes: number
  readonly width: number
  readonly fullLog: number
  readonly half: boolean
  readonly weight: Tensor
  readonly bias: Tensor
  readonly output: Tensor
  readonly covariates: CovariatesArguments
}

export interface FullGradientArguments {
  readonly cells: number
  readonly padded: number
  readonly genes: number
  readonly width: number
  readonly fullLog: number
  readonly half: boolean
  readonly outputGradient: Tensor
  readonly weight: ParamArguments
  readonly bias: ParamArguments
  readonly adam: AdamArguments | undefined
  readonly covariates: CovariatesArguments
}

export interface LinearForwardArguments {
  readonly cells: number
  readonly inputs: number
  readonly width: number
  readonly input: Tensor
  readonly inputWidth: number
  readonly weight: Tensor
  readonly bias: Tensor
  readonly output: Tensor
  readonly covariates: CovariatesArguments
}

export interface LinearWeightGradientArguments {
  readonly cells: number
  readonly inputs: number
  readonly width: number
  readonly input: Tensor
  readonly inputWidth: number
  readonly outputGradient: Tensor
  readonly weightGradient: Tensor
  readonly biasGradient: Tensor
  readonly covariates: CovariatesArguments
}

export interface TransposeArguments {
  readonly rows: number
  readonly columns: number
  readonly input: Tensor
  readonly inputWidth: number
  readonly output: number
  readonly outputWidth: number
}

export interface LinearInputGradientArguments {
  readonly cells: number
  readonly outputs: number
  readonly width: number
  readonly outputGradient: Tensor
  readonly transposed: number
  readonly inputGradient: Tensor
  readonly inputWidth: number
  readonly accumulate: boolean
}

export interface BatchNormArguments {
  readonly cells: number
  readonly width: number
  readonly input: Tensor
  readonly scale: Tensor
  readonly shift: Tensor
  readonly running: Tensor
  readonly output: Tensor
  readonly saved: Tensor
  readonly training: boolean
}

export interface BatchNormGradientArguments {
  readonly cells: number
  readonly width: number
  readonly input: Tensor
  readonly scale: Tensor
  readonly scaleGradient: Tensor
  readonly shiftGradient: Tensor
  readonly saved: Tensor
  readonly outputGradient: Tensor
  readonly inputGradient: Tensor
}

export interface LayerNormArguments {
  readonly cells: number
  readonly features: number
  readonly width: number
  readonly input: Tensor
  readonly output: Tensor
  readonly saved: Tensor
}

export interface LayerNormGradientArguments {
  readonly cells: number
  readonly features: number
  readonly width: number
  readonly output: Tensor
  readonly saved: Tensor
  readonly outputGradient: Tensor
  readonly inputGradient: Tensor
}

export interface ReluDropoutArguments {
  readonly cells: number
  readonly width: number
  readonly input: Tensor
  readonly output: Tensor
  readonly rate: number
  readonly noise: NoiseArguments
}

export interface ReluDropoutGradientArguments {
  readonly cells: number
  readonly width: number
  readonly output: Tensor
  readonly rate: number
  readonly outputGradient: Tensor
  readonly inputGradient: Tensor
}

export interface SampleLatentArguments {
  readonly latent: LatentArguments
}

export interface SampleLatentGradientArguments {
  readonly latent: LatentArguments
  readonly outputGradient: Tensor | undefined
  readonly klWeight: number
  readonly klGradient: Tensor | undefined
  readonly meanGradient: Tensor
  readonly rawVarianceGradient: Tensor
}

export interface HeadLogitsArguments {
  readonly head: HeadArguments
}

export interface HeadNormaliseArguments {
  readonly head: HeadArguments
  readonly logSize: Tensor | undefined
  readonly size: number
  readonly cellGradient: Tensor | undefined
}

export interface HeadCountsNbArguments {
  readonly head: HeadArguments
}

export interface HeadCountsZinbArguments {
  readonly head: HeadArguments
}

export interface HeadCountsPoissonArguments {
  readonly head: HeadArguments
}

export interface HeadSumArguments {
  readonly head: HeadArguments
  readonly constant: number
  readonly logLikelihood: Tensor
}

export interface HeadGradientArguments {
  readonly head: HeadArguments
  readonly hidden: Tensor | undefined
  readonly byHidden: boolean
  readonly frozen: boolean
  readonly adam: AdamArguments | undefined
}

export interface HeadHiddenGradientArguments {
  readonly head: HeadArguments
  readonly hiddenGradient: Tensor | undefined
  readonly logSizeGradient: Tensor | undefined
}

export interface HeadLogitsGradientArguments {
  readonly head: HeadArguments
  readonly logitsGradient: Tensor | undefined
  readonly zeroLogitsGradient: Tensor | undefined
}

export interface HeadMeansArguments {
  readonly head: HeadArguments
  readonly mean: Tensor
  readonly meanWidth: number
  readonly zeros: Tensor | undefined
}

export interface DecodeGenesArguments {
  readonly decoder: DecoderArguments
  readonly mean: number
  readonly meanWidth: number
}

export interface AddDecodedArguments {
  readonly decoder: DecoderArguments
  readonly together: number
  readonly groups: number
  readonly factor: number
  readonly genes: number
  readonly chosen: number
  readonly sums: number
}

export interface HeadGeneMeansArguments {
  readonly head: HeadArguments
  readonly mean: Tensor
  readonly meanWidth: number
}

export interface MapReduceArguments {
  readonly kept0: number
  readonly kept1: number
  readonly kept2: number
  readonly over0: number
  readonly over1: number
  readonly over2: number
  readonly nInputs: number
  readonly inputs: number
  readonly nInstructions: number
  readonly instructions: number
  readonly reduce: number
  readonly accumulate: boolean
  readonly output: Tensor
  readonly scratch: number
  readonly scratchStride: number
}

export interface AdamUpdateArguments {
  readonly first: ParamArguments
  readonly words: number
  readonly adam: AdamArguments
}

export interface AddSumArguments {
  readonly cells: number
  readonly values: Tensor
  readonly sums: Tensor
  readonly element: number
}

export interface MixtureDensityArguments {
  readonly cells: number
  readonly padded: number
  readonly dims: number
  readonly components: number
  readonly owner: number
  readonly self: number
  readonly cell: number
  readonly component: number
  readonly logPeak: number
  readonly power: number
  readonly normal: boolean
  readonly largest: number
  readonly total: number
}

export interface LikelihoodMomentsArguments {
  readonly cells: number
  readonly padded: number
  readonly genes: number
  readonly mean: Tensor
  readonly zeroLogits: Tensor | undefined
  readonly width: number
  readonly theta: number
  readonly nodes: number
  readonly nodesOfGene: number
  readonly expected: number
  readonly variance: number
  readonly pending: number
}

export interface DrawCountsArguments {
  readonly cells: number
  readonly genes: number
  readonly mean: Tensor
  readonly zeroLogits: Tensor | undefined
  readonly width: number
  readonly firstRow: number
  readonly numbers: number
  readonly theta: number
  readonly codes: number
  readonly seed: number
  readonly purpose: number
  readonly gene: number
  readonly count: number
  readonly entries: number
}

export interface LayoutEpochArguments {
  readonly cells: number
  readonly epoch: number
  readonly starts: number
  readonly others: number
  readonly share: number
  readonly from: number
  readonly to: number
  readonly a: number
  readonly b: number
  readonly rate: number
  readonly noise: NoiseArguments
}

export interface TieStrengthsArguments {
  readonly cells: number
  readonly k: number
  readonly distances: number
  readonly meanDistance: number
  readonly target: number
  readonly strengths: number
}

export interface HalveRunsArguments {
  readonly cells: number
  readonly dims: number
  readonly points: number
  readonly order: number
  readonly runs: number
  readonly starts: number
}

export interface PackLeavesArguments {
  readonly cells: number
  readonly dims: number
  readonly padded: number
  readonly points: number
  readonly order: number
  readonly node: number
  readonly leaves: number
  readonly boxes: number
}

export interface NearestCellsArguments {
  readonly cells: number
  readonly dims: number
  readonly padded: number
  readonly k: number
  readonly first: number
  readonly count: number
  readonly order: number
  readonly node: number
  readonly leaves: number
  readonly boxes: number
  readonly rows: number
  readonly farthest: number
  readonly scratch: number
  readonly scratchStride: number
}

export interface NearestToPointsArguments {
  readonly points: number
  readonly point: number
  readonly leftOut: number
  readonly cells: number
  readonly padded: number
  readonly dims: number
  readonly cell: number
  readonly k: number
  readonly rows: number
  readonly squared: number
}

export interface PearsonSumsArguments {
  readonly cells: number
  readonly genes: number
  readonly mean: Tensor
  readonly zeroLogits: Tensor | undefined
  readonly width: number
  readonly theta: number
  readonly codes: number
  readonly floor: number
  readonly start: number
  readonly gene: number
  readonly count: number
  readonly total: number
  readonly known: number
}

export interface AddScalesArguments {
  readonly rows: number
  readonly genes: number
  readonly mean: Tensor
  readonly width: number
  readonly chosen: number
  readonly to: number
  readonly factor: number
  readonly sums: number
  readonly sumsWidth: number
}

export interface CellNormalsArguments {
  readonly rows: number
  readonly columns: number
  readonly cells: number
  readonly draws: number
  readonly low: number
  readonly high: number
  readonly mean: number
  readonly variance: number
  readonly seed: number
  readonly purpose: number
  readonly drawn: number
  readonly width: number
}

export interface TurnGroupsArguments {
  readonly cells: number
  readonly genes: number
  readonly sums: number
  readonly output: number
  readonly outputWidth: number
  readonly address: number
}

export interface AddGroupsArguments {
  readonly rows: number
  readonly genes: number
  readonly mean: Tensor
  readonly width: number
  readonly chosen: number
  readonly groups: number
  readonly factor: number
  readonly sums: number
}

export interface TurnRowsArguments {
  readonly rows: number
  readonly columns: number
  readonly input: number
  readonly inputWidth: number
  readonly output: number
  readonly outputWidth: number
}

export interface KeepScalesArguments {
  readonly rows: number
  readonly firstGene: number
  readonly genes: number
  readonly mean: Tensor
  readonly width: number
  readonly scales: number
  readonly stride: number
  readonly firstPair: number
}

export interface RaiseLargestArguments {
  readonly rows: number
  readonly genes: number
  readonly mean: Tensor
  readonly width: number
  readonly largest: number
}

export interface PairEffectsArguments {
  readonly genes: number
  readonly pairs: number
  readonly stride: number
  readonly first: number
  readonly second: number
  readonly secondStride: number
  readonly order: number | undefined
  readonly pseudocount: number
  readonly leastPseudocount: number
  readonly delta: number
  readonly span: number
  readonly effects: number
  readonly scratch: number
  readonly scratchStride: number
}

export interface ClassDistancesArguments {
  readonly dims: number
  readonly classes: number
  readonly first: number
  readonly count: number
  readonly sizes: number
  readonly tileStarts: number
  readonly tiles: number
  readonly places: number
  readonly sums: number
}

export interface DrawGammasArguments {
  readonly rows: number
  readonly genes: number
  readonly mean: Tensor
  readonly meanWidth: number
  readonly chosen: number
  readonly theta: number
  readonly codes: number
  readonly numbers: number
  readonly seed: number
  readonly purpose: number
  readonly values: number
  readonly width: number
}

export interface GeneProductsArguments {
  readonly rows: number
  readonly genes: number
  readonly values: number
  readonly width: number
  readonly products: number
}

export interface GraphTimesBlockArguments {
  readonly nodes: number
  readonly starts: number
  readonly targets: number
  readonly weights: number
  readonly block: number
  readonly factor: number
  readonly before: number
  readonly out: number
}

export interface BlockProductsArguments {
  readonly rows: number
  readonly blocks: number
  readonly vectors: number
  readonly block: number
  readonly products: number
}

export interface AddBlocksArguments {
  readonly rows: number
  readonly blocks: number
  readonly vectors: number
  readonly factors: number
  readonly from: number
  readonly to: number
}

/** What each kernel is called with. */
export interface KernelArguments {
  stageRows: StageRowsArguments
  stageGenes: StageGenesArguments
  sparseForward: SparseForwardArguments
  sparseGradient: SparseGradientArguments
  stageFull: StageFullArguments
  fullForward: FullForwardArguments
  fullGradient: FullGradientArguments
  linearForward: LinearForwardArguments
  linearWeightGradient: LinearWeightGradientArguments
  transpose: TransposeArguments
  linearInputGradient: LinearInputGradientArguments
  batchNorm: BatchNormArguments
  batchNormGradient: BatchNormGradientArguments
  layerNorm: LayerNormArguments
  layerNormGradient: LayerNormGradientArguments
  reluDropout: ReluDropoutArguments
  reluDropoutGradient: ReluDropoutGradientArguments
  sampleLatent: SampleLatentArguments
  sampleLatentGradient: SampleLatentGradientArguments
  headLogits: HeadLogitsArguments
  headNormalise: HeadNormaliseArguments
  headCountsNb: HeadCountsNbArguments
  headCountsZinb: HeadCountsZinbArguments
  headCountsPoisson: HeadCountsPoissonArguments
  headSum: HeadSumArguments
  headGradient: HeadGradientArguments
  headHiddenGradient: HeadHiddenGradientArguments
  headLogitsGradient: HeadLogitsGradientArguments
  headMeans: HeadMeansArguments
  decodeGenes: DecodeGenesArguments
  addDecoded: AddDecodedArguments
  headGeneMeans: HeadGeneMeansArguments
  mapReduce: MapReduceArguments
  adamUpdate: AdamUpdateArguments
  addSum: AddSumArguments
  mixtureDensity: MixtureDensityArguments
  likelihoodMoments: LikelihoodMomentsArguments
  drawCounts: DrawCountsArguments
  layoutEpoch: LayoutEpochArguments
  tieStrengths: TieStrengthsArguments
  halveRuns: HalveRunsArguments
  packLeaves: PackLeavesArguments
  nearestCells: NearestCellsArguments
  nearestToPoints: NearestToPointsArguments
  pearsonSums: PearsonSumsArguments
  addScales: AddScalesArguments
  cellNormals: CellNormalsArguments
  turnGroups: TurnGroupsArguments
  addGroups: AddGroupsArguments
  turnRows: TurnRowsArguments
  keepScales: KeepScalesArguments
  raiseLargest: RaiseLargestArguments
  pairEffects: PairEffectsArguments
  classDistances: ClassDistancesArguments
  drawGammas: DrawGammasArguments
  geneProducts: GeneProductsArguments
  graphTimesBlock: GraphTimesBlockArguments
  blockProducts: BlockProductsArguments
  addBlocks: AddBlocksArguments
}

export type KernelName = keyof KernelArguments

/** The kernels by their numbers. */
export const KERNEL_NAMES: readonly KernelName[] = [
  'stageRows',
  'stageGenes',
  'sparseForward',
  'sparseGradient',
  'stageFull',
  'fullForward',
  'fullGradient',
  'linearForward',
  'linearWeightGradient',
  'transpose',
  'linearInputGradient',
  'batchNorm',
  'batchNormGradient',
  'layerNorm',
  'layerNormGradient',
  'reluDropout',
  'reluDropoutGradient',
  'sampleLatent',
  'sampleLatentGradient',
  'headLogits',
  'headNormalise',
  'headCountsNb',
  'headCountsZinb',
  'headCountsPoisson',
  'headSum',
  'headGradient',
  'headHiddenGradient',
  'headLogitsGradient',
  'headMeans',
  'decodeGenes',
  'addDecoded',
  'headGeneMeans',
  'mapReduce',
  'adamUpdate',
  'addSum',
  'mixtureDensity',
  'likelihoodMoments',
  'drawCounts',
  'layoutEpoch',
  'tieStrengths',
  'halveRuns',
  'packLeaves',
  'nearestCells',
  'nearestToPoints',
  'pearsonSums',
  'addScales',
  'cellNormals',
  'turnGroups',
  'addGroups',
  'turnRows',
  'keepScales',
  'raiseLargest',
  'pairEffects',
  'classDistances',
  'drawGammas',
  'geneProducts',
  'graphTimesBlock',
  'blockProducts',
  'addBlocks',
]

/** Words of a kernel's arguments at the most. */
export const MOST_WORDS = 72

function packParam(arena: Arena, at: number, a: ParamArguments): void {
  const { ints } = arena
  ints[at] = cpu(a.value).offset
  ints[at + 1] = cpu(a.gradient).offset
  ints[at + 2] = cpu(a.firstMoment).offset
  ints[at + 3] = cpu(a.secondMoment).offset
}

function packAdam(arena: Arena, at: number, a: AdamArguments): void {
  const { ints, floats } = arena
  ints[at] = a.update ? 1 : 0
  floats[at + 1] = a.rate
  floats[at + 2] = a.root
  floats[at + 3] = a.beta1
  floats[at + 4] = a.beta2
  floats[at + 5] = a.epsilon
  floats[at + 6] = a.decay
}

function packCovariates(arena: Arena, at: number, a: CovariatesArguments): void {
  const { ints } = arena
  ints[at] = a.codes
  ints[at + 1] = a.categories
  ints[at + 2] = a.nCategorical
  ints[at + 3] = a.values
  ints[at + 4] = a.nContinuous
  ints[at + 5] = a.stride
}

function packNoise(arena: Arena, at: number, a: NoiseArguments): void {
  const { ints } = arena
  ints[at] = a.seed
  ints[at + 1] = a.purpose
  ints[at + 2] = a.step
}

function packCsr(arena: Arena, at: number, a: CsrArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.genes
  ints[at + 2] = a.rowStart
  ints[at + 3] = a.gene
  ints[at + 4] = a.count
  ints[at + 5] = a.logCount
}

function packLatent(arena: Arena, at: number, a: LatentArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.dims
  ints[at + 2] = a.width
  ints[at + 3] = cpu(a.mean).offset
  ints[at + 4] = cpu(a.rawVariance).offset
  ints[at + 5] = cpu(a.output).offset
  ints[at + 6] = cpu(a.kl).offset
  ints[at + 7] = a.prior ? cpu(a.prior).offset : 0
  ints[at + 8] = a.codes
  ints[at + 9] = a.noisy ? 1 : 0
  if (a.noise) packNoise(arena, at + 10, a.noise)
  else ints.fill(0, at + 10, at + 13)
}

function packHead(arena: Arena, at: number, a: HeadArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.padded
  ints[at + 2] = a.genes
  ints[at + 3] = a.hidden
  ints[at + 4] = a.width
  ints[at + 5] = a.likelihood
  ints[at + 6] = a.softplus ? 1 : 0
  ints[at + 7] = a.half ? 1 : 0
  ints[at + 8] = a.blocks
  ints[at + 9] = a.blockGenes
  ints[at + 10] = a.dispersions
  ints[at + 11] = a.dispersionStride
  ints[at + 12] = a.hiddenT
  ints[at + 13] = a.scaleRow
  ints[at + 14] = a.zeroRow
  ints[at + 15] = a.qRow
  ints[at + 16] = a.blockMax
  ints[at + 17] = a.blockSum
  ints[at + 18] = a.blockLl
  ints[at + 19] = a.blockQ
  ints[at + 20] = a.logSize
  ints[at + 21] = a.logNorm
  ints[at + 22] = a.ll
  ints[at + 23] = a.q
  ints[at + 24] = a.partial
  ints[at + 25] = a.scratch
  ints[at + 26] = a.scratchStride
  ints[at + 27] = a.geneStart
  ints[at + 28] = a.cell
  ints[at + 29] = a.count
  ints[at + 30] = a.fullCount
  ints[at + 31] = a.codes
  ints[at + 32] = a.cellWeight
  ints[at + 33] = a.weighted ? 1 : 0
  ints[at + 34] = a.present ? cpu(a.present).offset : 0
  ints[at + 35] = a.presentWidth
  ints[at + 36] = a.presentCodes
  ints[at + 37] = a.missingStart
  ints[at + 38] = a.missingCell
  ints[at + 39] = a.logits ? cpu(a.logits).offset : 0
  ints[at + 40] = a.zeroLogits ? cpu(a.zeroLogits).offset : 0
  ints[at + 41] = a.logitsWidth
  if (a.weight) packParam(arena, at + 42, a.weight)
  else ints.fill(0, at + 42, at + 46)
  if (a.bias) packParam(arena, at + 46, a.bias)
  else ints.fill(0, at + 46, at + 50)
  if (a.zeroWeight) packParam(arena, at + 50, a.zeroWeight)
  else ints.fill(0, at + 50, at + 54)
  if (a.zeroBias) packParam(arena, at + 54, a.zeroBias)
  else ints.fill(0, at + 54, at + 58)
  if (a.dispersion) packParam(arena, at + 58, a.dispersion)
  else ints.fill(0, at + 58, at + 62)
}

function packDecoder(arena: Arena, at: number, a: DecoderArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.genes
  ints[at + 2] = a.hidden
  ints[at + 3] = a.width
  ints[at + 4] = cpu(a.input).offset
  ints[at + 5] = a.inputWidth
  ints[at + 6] = cpu(a.weight).offset
  ints[at + 7] = cpu(a.bias).offset
  ints[at + 8] = a.blocks
  ints[at + 9] = a.blockGenes
  ints[at + 10] = a.logSize ? cpu(a.logSize).offset : 0
  ints[at + 11] = a.size
  ints[at + 12] = a.scratch
  ints[at + 13] = a.scratchStride
}

function packStageRows(arena: Arena, at: number, a: StageRowsArguments): void {
  const { ints } = arena
  packCsr(arena, at, a.csr)
  ints[at + 6] = a.sources
}

function packStageGenes(arena: Arena, at: number, a: StageGenesArguments): void {
  const { ints } = arena
  packCsr(arena, at, a.csr)
  ints[at + 6] = a.geneNext
  ints[at + 7] = a.begins
  ints[at + 8] = a.beginStride
  ints[at + 9] = a.geneStart
  ints[at + 10] = a.cell
  ints[at + 11] = a.geneMajorCount
  ints[at + 12] = a.geneMajorLog
}

function packSparseForward(arena: Arena, at: number, a: SparseForwardArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.genes
  ints[at + 2] = a.width
  ints[at + 3] = a.rowStart
  ints[at + 4] = a.gene
  ints[at + 5] = a.logCount
  ints[at + 6] = cpu(a.weight).offset
  ints[at + 7] = cpu(a.bias).offset
  ints[at + 8] = cpu(a.output).offset
  packCovariates(arena, at + 9, a.covariates)
}

function packSparseGradient(arena: Arena, at: number, a: SparseGradientArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.genes
  ints[at + 2] = a.width
  ints[at + 3] = a.geneStart
  ints[at + 4] = a.cell
  ints[at + 5] = a.geneMajorLog
  ints[at + 6] = cpu(a.outputGradient).offset
  packParam(arena, at + 7, a.weight)
  packParam(arena, at + 11, a.bias)
  if (a.adam) packAdam(arena, at + 15, a.adam)
  else ints.fill(0, at + 15, at + 22)
  packCovariates(arena, at + 22, a.covariates)
}

function packStageFull(arena: Arena, at: number, a: StageFullArguments): void {
  const { ints } = arena
  packCsr(arena, at, a.csr)
  ints[at + 6] = a.padded
  ints[at + 7] = a.sources
  ints[at + 8] = a.begins
  ints[at + 9] = a.beginStride
  ints[at + 10] = a.fullCount
  ints[at + 11] = a.fullLog
}

function packFullForward(arena: Arena, at: number, a: FullForwardArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.padded
  ints[at + 2] = a.genes
  ints[at + 3] = a.width
  ints[at + 4] = a.fullLog
  ints[at + 5] = a.half ? 1 : 0
  ints[at + 6] = cpu(a.weight).offset
  ints[at + 7] = cpu(a.bias).offset
  ints[at + 8] = cpu(a.output).offset
  packCovariates(arena, at + 9, a.covariates)
}

function packFullGradient(arena: Arena, at: number, a: FullGradientArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.padded
  ints[at + 2] = a.genes
  ints[at + 3] = a.width
  ints[at + 4] = a.fullLog
  ints[at + 5] = a.half ? 1 : 0
  ints[at + 6] = cpu(a.outputGradient).offset
  packParam(arena, at + 7, a.weight)
  packParam(arena, at + 11, a.bias)
  if (a.adam) packAdam(arena, at + 15, a.adam)
  else ints.fill(0, at + 15, at + 22)
  packCovariates(arena, at + 22, a.covariates)
}

function packLinearForward(arena: Arena, at: number, a: LinearForwardArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.inputs
  ints[at + 2] = a.width
  ints[at + 3] = cpu(a.input).offset
  ints[at + 4] = a.inputWidth
  ints[at + 5] = cpu(a.weight).offset
  ints[at + 6] = cpu(a.bias).offset
  ints[at + 7] = cpu(a.output).offset
  packCovariates(arena, at + 8, a.covariates)
}

function packLinearWeightGradient(arena: Arena, at: number, a: LinearWeightGradientArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.inputs
  ints[at + 2] = a.width
  ints[at + 3] = cpu(a.input).offset
  ints[at + 4] = a.inputWidth
  ints[at + 5] = cpu(a.outputGradient).offset
  ints[at + 6] = cpu(a.weightGradient).offset
  ints[at + 7] = cpu(a.biasGradient).offset
  packCovariates(arena, at + 8, a.covariates)
}

function packTranspose(arena: Arena, at: number, a: TransposeArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.columns
  ints[at + 2] = cpu(a.input).offset
  ints[at + 3] = a.inputWidth
  ints[at + 4] = a.output
  ints[at + 5] = a.outputWidth
}

function packLinearInputGradient(arena: Arena, at: number, a: LinearInputGradientArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.outputs
  ints[at + 2] = a.width
  ints[at + 3] = cpu(a.outputGradient).offset
  ints[at + 4] = a.transposed
  ints[at + 5] = cpu(a.inputGradient).offset
  ints[at + 6] = a.inputWidth
  ints[at + 7] = a.accumulate ? 1 : 0
}

function packBatchNorm(arena: Arena, at: number, a: BatchNormArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.width
  ints[at + 2] = cpu(a.input).offset
  ints[at + 3] = cpu(a.scale).offset
  ints[at + 4] = cpu(a.shift).offset
  ints[at + 5] = cpu(a.running).offset
  ints[at + 6] = cpu(a.output).offset
  ints[at + 7] = cpu(a.saved).offset
  ints[at + 8] = a.training ? 1 : 0
}

function packBatchNormGradient(arena: Arena, at: number, a: BatchNormGradientArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.width
  ints[at + 2] = cpu(a.input).offset
  ints[at + 3] = cpu(a.scale).offset
  ints[at + 4] = cpu(a.scaleGradient).offset
  ints[at + 5] = cpu(a.shiftGradient).offset
  ints[at + 6] = cpu(a.saved).offset
  ints[at + 7] = cpu(a.outputGradient).offset
  ints[at + 8] = cpu(a.inputGradient).offset
}

function packLayerNorm(arena: Arena, at: number, a: LayerNormArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.features
  ints[at + 2] = a.width
  ints[at + 3] = cpu(a.input).offset
  ints[at + 4] = cpu(a.output).offset
  ints[at + 5] = cpu(a.saved).offset
}

function packLayerNormGradient(arena: Arena, at: number, a: LayerNormGradientArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.features
  ints[at + 2] = a.width
  ints[at + 3] = cpu(a.output).offset
  ints[at + 4] = cpu(a.saved).offset
  ints[at + 5] = cpu(a.outputGradient).offset
  ints[at + 6] = cpu(a.inputGradient).offset
}

function packReluDropout(arena: Arena, at: number, a: ReluDropoutArguments): void {
  const { ints, floats } = arena
  ints[at] = a.cells
  ints[at + 1] = a.width
  ints[at + 2] = cpu(a.input).offset
  ints[at + 3] = cpu(a.output).offset
  floats[at + 4] = a.rate
  packNoise(arena, at + 5, a.noise)
}

function packReluDropoutGradient(arena: Arena, at: number, a: ReluDropoutGradientArguments): void {
  const { ints, floats } = arena
  ints[at] = a.cells
  ints[at + 1] = a.width
  ints[at + 2] = cpu(a.output).offset
  floats[at + 3] = a.rate
  ints[at + 4] = cpu(a.outputGradient).offset
  ints[at + 5] = cpu(a.inputGradient).offset
}

function packSampleLatent(arena: Arena, at: number, a: SampleLatentArguments): void {
  packLatent(arena, at, a.latent)
}

function packSampleLatentGradient(arena: Arena, at: number, a: SampleLatentGradientArguments): void {
  const { ints, floats } = arena
  packLatent(arena, at, a.latent)
  ints[at + 13] = a.outputGradient ? cpu(a.outputGradient).offset : 0
  floats[at + 14] = a.klWeight
  ints[at + 15] = a.klGradient ? cpu(a.klGradient).offset : 0
  ints[at + 16] = cpu(a.meanGradient).offset
  ints[at + 17] = cpu(a.rawVarianceGradient).offset
}

function packHeadLogits(arena: Arena, at: number, a: HeadLogitsArguments): void {
  packHead(arena, at, a.head)
}

function packHeadNormalise(arena: Arena, at: number, a: HeadNormaliseArguments): void {
  const { ints } = arena
  packHead(arena, at, a.head)
  ints[at + 62] = a.logSize ? cpu(a.logSize).offset : 0
  ints[at + 63] = a.size
  ints[at + 64] = a.cellGradient ? cpu(a.cellGradient).offset : 0
}

function packHeadCountsNb(arena: Arena, at: number, a: HeadCountsNbArguments): void {
  packHead(arena, at, a.head)
}

function packHeadCountsZinb(arena: Arena, at: number, a: HeadCountsZinbArguments): void {
  packHead(arena, at, a.head)
}

function packHeadCountsPoisson(arena: Arena, at: number, a: HeadCountsPoissonArguments): void {
  packHead(arena, at, a.head)
}

function packHeadSum(arena: Arena, at: number, a: HeadSumArguments): void {
  const { ints } = arena
  packHead(arena, at, a.head)
  ints[at + 62] = a.constant
  ints[at + 63] = cpu(a.logLikelihood).offset
}

function packHeadGradient(arena: Arena, at: number, a: HeadGradientArguments): void {
  const { ints } = arena
  packHead(arena, at, a.head)
  ints[at + 62] = a.hidden ? cpu(a.hidden).offset : 0
  ints[at + 63] = a.byHidden ? 1 : 0
  ints[at + 64] = a.frozen ? 1 : 0
  if (a.adam) packAdam(arena, at + 65, a.adam)
  else ints.fill(0, at + 65, at + 72)
}

function packHeadHiddenGradient(arena: Arena, at: number, a: HeadHiddenGradientArguments): void {
  const { ints } = arena
  packHead(arena, at, a.head)
  ints[at + 62] = a.hiddenGradient ? cpu(a.hiddenGradient).offset : 0
  ints[at + 63] = a.logSizeGradient ? cpu(a.logSizeGradient).offset : 0
}

function packHeadLogitsGradient(arena: Arena, at: number, a: HeadLogitsGradientArguments): void {
  const { ints } = arena
  packHead(arena, at, a.head)
  ints[at + 62] = a.logitsGradient ? cpu(a.logitsGradient).offset : 0
  ints[at + 63] = a.zeroLogitsGradient ? cpu(a.zeroLogitsGradient).offset : 0
}

function packHeadMeans(arena: Arena, at: number, a: HeadMeansArguments): void {
  const { ints } = arena
  packHead(arena, at, a.head)
  ints[at + 62] = cpu(a.mean).offset
  ints[at + 63] = a.meanWidth
  ints[at + 64] = a.zeros ? cpu(a.zeros).offset : 0
}

function packDecodeGenes(arena: Arena, at: number, a: DecodeGenesArguments): void {
  const { ints } = arena
  packDecoder(arena, at, a.decoder)
  ints[at + 14] = a.mean
  ints[at + 15] = a.meanWidth
}

function packAddDecoded(arena: Arena, at: number, a: AddDecodedArguments): void {
  const { ints } = arena
  packDecoder(arena, at, a.decoder)
  ints[at + 14] = a.together
  ints[at + 15] = a.groups
  ints[at + 16] = a.factor
  ints[at + 17] = a.genes
  ints[at + 18] = a.chosen
  ints[at + 19] = a.sums
}

function packHeadGeneMeans(arena: Arena, at: number, a: HeadGeneMeansArguments): void {
  const { ints } = arena
  packHead(arena, at, a.head)
  ints[at + 62] = cpu(a.mean).offset
  ints[at + 63] = a.meanWidth
}

function packMapReduce(arena: Arena, at: number, a: MapReduceArguments): void {
  const { ints } = arena
  ints[at] = a.kept0
  ints[at + 1] = a.kept1
  ints[at + 2] = a.kept2
  ints[at + 3] = a.over0
  ints[at + 4] = a.over1
  ints[at + 5] = a.over2
  ints[at + 6] = a.nInputs
  ints[at + 7] = a.inputs
  ints[at + 8] = a.nInstructions
  ints[at + 9] = a.instructions
  ints[at + 10] = a.reduce
  ints[at + 11] = a.accumulate ? 1 : 0
  ints[at + 12] = cpu(a.output).offset
  ints[at + 13] = a.scratch
  ints[at + 14] = a.scratchStride
}

function packAdamUpdate(arena: Arena, at: number, a: AdamUpdateArguments): void {
  const { ints } = arena
  packParam(arena, at, a.first)
  ints[at + 4] = a.words
  packAdam(arena, at + 5, a.adam)
}

function packAddSum(arena: Arena, at: number, a: AddSumArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = cpu(a.values).offset
  ints[at + 2] = cpu(a.sums).offset
  ints[at + 3] = a.element
}

function packMixtureDensity(arena: Arena, at: number, a: MixtureDensityArguments): void {
  const { ints, floats } = arena
  ints[at] = a.cells
  ints[at + 1] = a.padded
  ints[at + 2] = a.dims
  ints[at + 3] = a.components
  ints[at + 4] = a.owner
  ints[at + 5] = a.self
  ints[at + 6] = a.cell
  ints[at + 7] = a.component
  ints[at + 8] = a.logPeak
  floats[at + 9] = a.power
  ints[at + 10] = a.normal ? 1 : 0
  ints[at + 11] = a.largest
  ints[at + 12] = a.total
}

function packLikelihoodMoments(arena: Arena, at: number, a: LikelihoodMomentsArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.padded
  ints[at + 2] = a.genes
  ints[at + 3] = cpu(a.mean).offset
  ints[at + 4] = a.zeroLogits ? cpu(a.zeroLogits).offset : 0
  ints[at + 5] = a.width
  ints[at + 6] = a.theta
  ints[at + 7] = a.nodes
  ints[at + 8] = a.nodesOfGene
  ints[at + 9] = a.expected
  ints[at + 10] = a.variance
  ints[at + 11] = a.pending
}

function packDrawCounts(arena: Arena, at: number, a: DrawCountsArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.genes
  ints[at + 2] = cpu(a.mean).offset
  ints[at + 3] = a.zeroLogits ? cpu(a.zeroLogits).offset : 0
  ints[at + 4] = a.width
  ints[at + 5] = a.firstRow
  ints[at + 6] = a.numbers
  ints[at + 7] = a.theta
  ints[at + 8] = a.codes
  ints[at + 9] = a.seed
  ints[at + 10] = a.purpose
  ints[at + 11] = a.gene
  ints[at + 12] = a.count
  ints[at + 13] = a.entries
}

function packLayoutEpoch(arena: Arena, at: number, a: LayoutEpochArguments): void {
  const { ints, floats } = arena
  ints[at] = a.cells
  ints[at + 1] = a.epoch
  ints[at + 2] = a.starts
  ints[at + 3] = a.others
  ints[at + 4] = a.share
  ints[at + 5] = a.from
  ints[at + 6] = a.to
  floats[at + 7] = a.a
  floats[at + 8] = a.b
  floats[at + 9] = a.rate
  packNoise(arena, at + 10, a.noise)
}

function packTieStrengths(arena: Arena, at: number, a: TieStrengthsArguments): void {
  const { ints, floats } = arena
  ints[at] = a.cells
  ints[at + 1] = a.k
  ints[at + 2] = a.distances
  floats[at + 3] = a.meanDistance
  floats[at + 4] = a.target
  ints[at + 5] = a.strengths
}

function packHalveRuns(arena: Arena, at: number, a: HalveRunsArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.dims
  ints[at + 2] = a.points
  ints[at + 3] = a.order
  ints[at + 4] = a.runs
  ints[at + 5] = a.starts
}

function packPackLeaves(arena: Arena, at: number, a: PackLeavesArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.dims
  ints[at + 2] = a.padded
  ints[at + 3] = a.points
  ints[at + 4] = a.order
  ints[at + 5] = a.node
  ints[at + 6] = a.leaves
  ints[at + 7] = a.boxes
}

function packNearestCells(arena: Arena, at: number, a: NearestCellsArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.dims
  ints[at + 2] = a.padded
  ints[at + 3] = a.k
  ints[at + 4] = a.first
  ints[at + 5] = a.count
  ints[at + 6] = a.order
  ints[at + 7] = a.node
  ints[at + 8] = a.leaves
  ints[at + 9] = a.boxes
  ints[at + 10] = a.rows
  ints[at + 11] = a.farthest
  ints[at + 12] = a.scratch
  ints[at + 13] = a.scratchStride
}

function packNearestToPoints(arena: Arena, at: number, a: NearestToPointsArguments): void {
  const { ints } = arena
  ints[at] = a.points
  ints[at + 1] = a.point
  ints[at + 2] = a.leftOut
  ints[at + 3] = a.cells
  ints[at + 4] = a.padded
  ints[at + 5] = a.dims
  ints[at + 6] = a.cell
  ints[at + 7] = a.k
  ints[at + 8] = a.rows
  ints[at + 9] = a.squared
}

function packPearsonSums(arena: Arena, at: number, a: PearsonSumsArguments): void {
  const { ints, floats } = arena
  ints[at] = a.cells
  ints[at + 1] = a.genes
  ints[at + 2] = cpu(a.mean).offset
  ints[at + 3] = a.zeroLogits ? cpu(a.zeroLogits).offset : 0
  ints[at + 4] = a.width
  ints[at + 5] = a.theta
  ints[at + 6] = a.codes
  floats[at + 7] = a.floor
  ints[at + 8] = a.start
  ints[at + 9] = a.gene
  ints[at + 10] = a.count
  ints[at + 11] = a.total
  ints[at + 12] = a.known
}

function packAddScales(arena: Arena, at: number, a: AddScalesArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.genes
  ints[at + 2] = cpu(a.mean).offset
  ints[at + 3] = a.width
  ints[at + 4] = a.chosen
  ints[at + 5] = a.to
  ints[at + 6] = a.factor
  ints[at + 7] = a.sums
  ints[at + 8] = a.sumsWidth
}

function packCellNormals(arena: Arena, at: number, a: CellNormalsArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.columns
  ints[at + 2] = a.cells
  ints[at + 3] = a.draws
  ints[at + 4] = a.low
  ints[at + 5] = a.high
  ints[at + 6] = a.mean
  ints[at + 7] = a.variance
  ints[at + 8] = a.seed
  ints[at + 9] = a.purpose
  ints[at + 10] = a.drawn
  ints[at + 11] = a.width
}

function packTurnGroups(arena: Arena, at: number, a: TurnGroupsArguments): void {
  const { ints } = arena
  ints[at] = a.cells
  ints[at + 1] = a.genes
  ints[at + 2] = a.sums
  ints[at + 3] = a.output
  ints[at + 4] = a.outputWidth
  ints[at + 5] = a.address
}

function packAddGroups(arena: Arena, at: number, a: AddGroupsArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.genes
  ints[at + 2] = cpu(a.mean).offset
  ints[at + 3] = a.width
  ints[at + 4] = a.chosen
  ints[at + 5] = a.groups
  ints[at + 6] = a.factor
  ints[at + 7] = a.sums
}

function packTurnRows(arena: Arena, at: number, a: TurnRowsArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.columns
  ints[at + 2] = a.input
  ints[at + 3] = a.inputWidth
  ints[at + 4] = a.output
  ints[at + 5] = a.outputWidth
}

function packKeepScales(arena: Arena, at: number, a: KeepScalesArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.firstGene
  ints[at + 2] = a.genes
  ints[at + 3] = cpu(a.mean).offset
  ints[at + 4] = a.width
  ints[at + 5] = a.scales
  ints[at + 6] = a.stride
  ints[at + 7] = a.firstPair
}

function packRaiseLargest(arena: Arena, at: number, a: RaiseLargestArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.genes
  ints[at + 2] = cpu(a.mean).offset
  ints[at + 3] = a.width
  ints[at + 4] = a.largest
}

function packPairEffects(arena: Arena, at: number, a: PairEffectsArguments): void {
  const { ints, floats } = arena
  ints[at] = a.genes
  ints[at + 1] = a.pairs
  ints[at + 2] = a.stride
  ints[at + 3] = a.first
  ints[at + 4] = a.second
  ints[at + 5] = a.secondStride
  ints[at + 6] = a.order ? a.order : 0
  floats[at + 7] = a.pseudocount
  floats[at + 8] = a.leastPseudocount
  floats[at + 9] = a.delta
  ints[at + 10] = a.span
  ints[at + 11] = a.effects
  ints[at + 12] = a.scratch
  ints[at + 13] = a.scratchStride
}

function packClassDistances(arena: Arena, at: number, a: ClassDistancesArguments): void {
  const { ints } = arena
  ints[at] = a.dims
  ints[at + 1] = a.classes
  ints[at + 2] = a.first
  ints[at + 3] = a.count
  ints[at + 4] = a.sizes
  ints[at + 5] = a.tileStarts
  ints[at + 6] = a.tiles
  ints[at + 7] = a.places
  ints[at + 8] = a.sums
}

function packDrawGammas(arena: Arena, at: number, a: DrawGammasArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.genes
  ints[at + 2] = cpu(a.mean).offset
  ints[at + 3] = a.meanWidth
  ints[at + 4] = a.chosen
  ints[at + 5] = a.theta
  ints[at + 6] = a.codes
  ints[at + 7] = a.numbers
  ints[at + 8] = a.seed
  ints[at + 9] = a.purpose
  ints[at + 10] = a.values
  ints[at + 11] = a.width
}

function packGeneProducts(arena: Arena, at: number, a: GeneProductsArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.genes
  ints[at + 2] = a.values
  ints[at + 3] = a.width
  ints[at + 4] = a.products
}

function packGraphTimesBlock(arena: Arena, at: number, a: GraphTimesBlockArguments): void {
  const { ints, floats } = arena
  ints[at] = a.nodes
  ints[at + 1] = a.starts
  ints[at + 2] = a.targets
  ints[at + 3] = a.weights
  ints[at + 4] = a.block
  floats[at + 5] = a.factor
  ints[at + 6] = a.before
  ints[at + 7] = a.out
}

function packBlockProducts(arena: Arena, at: number, a: BlockProductsArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.blocks
  ints[at + 2] = a.vectors
  ints[at + 3] = a.block
  ints[at + 4] = a.products
}

function packAddBlocks(arena: Arena, at: number, a: AddBlocksArguments): void {
  const { ints } = arena
  ints[at] = a.rows
  ints[at + 1] = a.blocks
  ints[at + 2] = a.vectors
  ints[at + 3] = a.factors
  ints[at + 4] = a.from
  ints[at + 5] = a.to
}

/** Each kernel's number and what writes its arguments from a word of the arena on. */
export const KERNELS: {
  readonly [K in KernelName]: {
    readonly number: number
    readonly pack: (arena: Arena, at: number, args: KernelArguments[K]) => void
  }
} = {
  stageRows: { number: 0, pack: packStageRows },
  stageGenes: { number: 1, pack: packStageGenes },
  sparseForward: { number: 2, pack: packSparseForward },
  sparseGradient: { number: 3, pack: packSparseGradient },
  stageFull: { number: 4, pack: packStageFull },
  fullForward: { number: 5, pack: packFullForward },
  fullGradient: { number: 6, pack: packFullGradient },
  linearForward: { number: 7, pack: packLinearForward },
  linearWeightGradient: { number: 8, pack: packLinearWeightGradient },
  transpose: { number: 9, pack: packTranspose },
  linearInputGradient: { number: 10, pack: packLinearInputGradient },
  batchNorm: { number: 11, pack: packBatchNorm },
  batchNormGradient: { number: 12, pack: packBatchNormGradient },
  layerNorm: { number: 13, pack: packLayerNorm },
  layerNormGradient: { number: 14, pack: packLayerNormGradient },
  reluDropout: { number: 15, pack: packReluDropout },
  reluDropoutGradient: { number: 16, pack: packReluDropoutGradient },
  sampleLatent: { number: 17, pack: packSampleLatent },
  sampleLatentGradient: { number: 18, pack: packSampleLatentGradient },
  headLogits: { number: 19, pack: packHeadLogits },
  headNormalise: { number: 20, pack: packHeadNormalise },
  headCountsNb: { number: 21, pack: packHeadCountsNb },
  headCountsZinb: { number: 22, pack: packHeadCountsZinb },
  headCountsPoisson: { number: 23, pack: packHeadCountsPoisson },
  headSum: { number: 24, pack: packHeadSum },
  headGradient: { number: 25, pack: packHeadGradient },
  headHiddenGradient: { number: 26, pack: packHeadHiddenGradient },
  headLogitsGradient: { number: 27, pack: packHeadLogitsGradient },
  headMeans: { number: 28, pack: packHeadMeans },
  decodeGenes: { number: 29, pack: packDecodeGenes },
  addDecoded: { number: 30, pack: packAddDecoded },
  headGeneMeans: { number: 31, pack: packHeadGeneMeans },
  mapReduce: { number: 32, pack: packMapReduce },
  adamUpdate: { number: 33, pack: packAdamUpdate },
  addSum: { number: 34, pack: packAddSum },
  mixtureDensity: { number: 35, pack: packMixtureDensity },
  likelihoodMoments: { number: 36, pack: packLikelihoodMoments },
  drawCounts: { number: 37, pack: packDrawCounts },
  layoutEpoch: { number: 38, pack: packLayoutEpoch },
  tieStrengths: { number: 39, pack: packTieStrengths },
  halveRuns: { number: 40, pack: packHalveRuns },
  packLeaves: { number: 41, pack: packPackLeaves },
  nearestCells: { number: 42, pack: packNearestCells },
  nearestToPoints: { number: 43, pack: packNearestToPoints },
  pearsonSums: { number: 44, pack: packPearsonSums },
  addScales: { number: 45, pack: packAddScales },
  cellNormals: { number: 46, pack: packCellNormals },
  turnGroups: { number: 47, pack: packTurnGroups },
  addGroups: { number: 48, pack: packAddGroups },
  turnRows: { number: 49, pack: packTurnRows },
  keepScales: { number: 50, pack: packKeepScales },
  raiseLargest: { number: 51, pack: packRaiseLargest },
  pairEffects: { number: 52, pack: packPairEffects },
  classDistances: { number: 53, pack: packClassDistances },
  drawGammas: { number: 54, pack: packDrawGammas },
  geneProducts: { number: 55, pack: packGeneProducts },
  graphTimesBlock: { number: 56, pack: packGraphTimesBlock },
  blockProducts: { number: 57, pack: packBlockProducts },
  addBlocks: { number: 58, pack: packAddBlocks },
}
