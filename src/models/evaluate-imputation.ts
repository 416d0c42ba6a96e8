import { baselines } from '../analysis/imputation/baselines.js'
import { CountMixture } from '../analysis/imputation/count-mixture.js'
import { geneDispersions, predictedCounts } from '../analysis/imputation/gene-dispersions.js'
import { type Corruption, type HiddenCounts, hideCounts } from '../analysis/imputation/hide-counts.js'
import { type ImputationScores, ScoreSums } from '../analysis/imputation/scores.js'
import type { CountMatrix } from '../anndata/counts/counts.js'
import type { ModelData } from '../cells/cell-data.js'
import type { Device } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import type { ModelDescription } from '../files/model-description.js'
import { keysOfNumbers, keysOfTexts, type RandomKeys } from '../numeric/keyed-random.js'
import type { TrainOptions } from '../train/options.js'
import type { TrainHooks } from '../train/trainer.js'
import { checkHeldDraws } from './imputing-model.js'
import { type CellsOptions, checkSeed } from './options.js'
import { type FittedModel, knownPart, planLike, plannedModel } from './refit.js'

/** How it is found out how well a model imputes. */
export interface ImputationTrial extends Omit<CellsOptions, 'adata'> {
  /** Share of the counts that are hidden: of all, or of those that are not zero (binomial). */
  share: number
  /**
   * `uniform`: counts are made missing; `binomial`: Binomial(count, 0.2) stands in place of counts that are not zero, and the model is not told (Lopez
   * et al. 2018).
   */
  corruption: Corruption
  /** Of what is hidden, of the starting weights and of draws; the model's own when left out. */
  seed?: number
  /** Draws from each cell's posterior; 25 when left out. */
  nSamples?: number
  /** How the model is trained anew. */
  train?: Partial<TrainOptions>
  device?: Device
  /** Hooks of the training. */
  hooks?: Pick<TrainHooks, 'onEpoch' | 'signal'>
}

/** What was found out of one way of hiding counts. */
export interface ImputationResult {
  corruption: Corruption
  share: number
  nCells: number
  nGenes: number
  /** Epochs that the model was trained for. */
  epochs: number
  methods: readonly ({ method: 'model' | 'gene_mean' | 'pca' | 'knn' } & ImputationScores)[]
}

/**
 * Hides counts of data, fits a model like the one described to what is left, and scores what it says of the hidden ones, beside the gene's mean,
 * principal components of log counts and averages over nearest cells. Likelihoods of the latter are negative binomials with the dispersion
 * of each gene that other hidden counts, which they have not seen either, are most probable under.
 *
 * @param description of the model, whose architecture, genes and covariates are taken; its weights have seen the counts
 * @throws ScvaeError (usage) for a share out of range; (bad-input) as `SCVI.create`, and for data with none of the model's genes.
 */
export async function evaluateImputation(
  description: ModelDescription,
  data: ModelData,
  options: ImputationTrial,
): Promise<ImputationResult> {
  const { share, corruption, seed = description.seed, nSamples } = options
  if (!(share > 0 && share < 1))
    throw new ScvaeError('usage', `The share that is hidden must be between 0 and 1, not ${share}.`)
  checkSeed(seed)
  if (nSamples !== undefined) checkHeldDraws(nSamples, description.genes.length)
  const adata = knownPart(description, data, options)
  const keys = adata.obsNames
    ? keysOfTexts(adata.obsNames)
    : keysOfNumbers(options.cells ?? Int32Array.from({ length: data.nCells }, (_, cell) => cell))
  const first = hideCounts(adata.counts, keys, { corruption, share, seed, round: 0 })
  const corrupted = { ...adata, counts: first.counts }
  const methods: ImputationResult['methods'][number][] = []
  const plan = planLike(description, corrupted, options.train ?? {}, options.device)
  await using model = await plannedModel(plan, seed)
  const { epochs } = await model.train({ ...options.train, ...options.hooks })
  methods.push({ method: 'model', ...(await modelScores(model, first.hidden, seed, nSamples)) })
  for (const one of await baselineScores(first.counts, first.hidden, keys, { share, seed })) methods.push(one)
  return { corruption, share, nCells: adata.nCells, nGenes: adata.nGenes, epochs, methods }
}

/** Scores of a model for hidden counts. */
async function modelScores(
  model: FittedModel,
  { offsets, genes, counts }: HiddenCounts,
  seed: number,
  nSamples: number | undefined,
): Promise<ImputationScores> {
  const cells = Int32Array.from({ length: offsets.length - 1 }, (_, cell) => cell).filter(
    (cell) => offsets[cell + 1]! > offsets[cell]!,
  )
  const sums = new ScoreSums(genes.length)
  const ofCell = (cell: number) => genes.subarray(offsets[cell]!, offsets[cell + 1]!)
  await model.eachEntry({ seed, ...(nSamples !== undefined && { nSamples }) }, cells, ofCell, (draws) => {
    for (let k = 0; k < draws.genes.length; k++) {
      const count = counts[offsets[draws.cell]! + k]!
      const believed = draws.count(k)
      sums.add(count, believed.mean(), believed)
    }
  })
  return sums.scores()
}

/** Scores of what needs no model. */
async function baselineScores(
  counts: CountMatrix,
  hidden: HiddenCounts,
  keys: RandomKeys,
  { share, seed }: { share: number; seed: number },
): Promise<ImputationResult['methods'][number][]> {
  // dispersions come from counts that are hidden for that purpose alone
  const other = hideCounts(counts, keys, { corruption: 'uniform', share, seed, round: 1 })
  const blind = await baselines(other.counts)
  const found = await baselines(counts)
  return found.map((predictor, i) => {
    const theta = geneDispersions(predictedCounts(blind[i]!, blind[0], other.hidden), counts.nGenes)
    const sums = new ScoreSums(hidden.genes.length)
    for (const { genes, counts: were, expected, likely } of predictedCounts(predictor, found[0], hidden))
      for (const [k, gene] of genes.entries())
        sums.add(were[k]!, expected[k]!, new CountMixture([likely[k]!], theta[gene]!))
    return { method: predictor.name, ...sums.scores() }
  })
}
