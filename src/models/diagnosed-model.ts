import { type AggregatedFit, aggregatedFit } from '../analysis/diagnose/aggregated.js'
import { type LatentUse, latentUse } from '../analysis/diagnose/collapse.js'
import { type Gaps, gapsOf } from '../analysis/diagnose/gaps.js'
import type { HoleCells } from '../analysis/diagnose/hole-cells.js'
import { type LogJoint, networkJoint } from '../analysis/diagnose/log-joint.js'
import { type HeldoutFit, heldoutFit } from '../analysis/diagnose/overfit.js'
import type { PredictiveFit } from '../analysis/diagnose/predictive-checks.js'
import type { TechnicalShare } from '../analysis/diagnose/technical.js'
import type { CellPosterior } from '../analysis/posterior/cell-posterior.js'
import { importanceBound } from '../analysis/posterior/importance-bound.js'
import type { LatentPosterior, Posterior } from '../analysis/posterior/inference.js'
import { priorMixture } from '../analysis/posterior/prior-mixture.js'
import { checkOptionKeys } from '../anndata/option-keys.js'
import { ScvaeError } from '../errors.js'
import { NOISE } from '../numeric/philox.js'
import { Random } from '../numeric/random.js'
import { cellsOfHoles, type SingleDimensions, singleDimensions } from './diagnosed-decoder.js'
import { predictiveChecks, technicalShares } from './diagnosed-parts.js'
import { ImputingModel } from './imputing-model.js'
import type { SeededOptions } from './options.js'
import type { CellQuestion } from './own-cells.js'
import type { CellPart } from './training-split.js'

/** Options of `diagnose`. */
export interface DiagnoseOptions extends SeededOptions {
  /** Cells of each side, trained on and not, whose gaps are measured; 100 when left out. */
  nCells?: number
  /** Columns of obs that single dimensions are held against; none when left out. */
  columns?: readonly string[]
  /** Called as the work goes on. */
  onStage?: (stage: string, done: number, total: number) => void
}

/** What a fit is worth (docs/truth.md). Likelihoods are in nats a cell. */
export interface Diagnosis {
  nCells: number
  /** How many of the cells training saw and held out, and of how many it knew nothing; undefined where that is not known. */
  parts: Record<CellPart, number> | undefined
  latent: LatentUse
  aggregated: AggregatedFit
  /** By side: cells trained on, and others; `all` where it is not known which are which. */
  gaps: { side: CellSide; gaps: Gaps }[]
  /** Undefined where one of the sides has too few cells. */
  heldout: HeldoutFit | undefined
  /** Counts beside what the model predicts for them. */
  predictive: PredictiveFit
  /** How the latent goes along with depth, mitochondrial share (where genes are named so) and the model's batches. */
  technical: TechnicalShare[]
  /** Whether single dimensions mean something by themselves. */
  dimensions: SingleDimensions
  /** What cells look like that are made where none lies; undefined where there is no such place. */
  holeCells: HoleCells | undefined
}

export type { SingleDimensions } from './diagnosed-decoder.js'

/** Options of `singleDimensions`. */
export interface DimensionsOptions extends SeededOptions {
  /** Columns of obs that they are held against; none when left out. */
  columns?: readonly string[]
}

/** What the latent holds of each cell, and how far its counts are from what is decoded, in nats. */
export interface RateAndDistortion {
  /** E ln q(z | x) − ln p(z). */
  rate: Float64Array
  /** −E ln p(x | z). */
  distortion: Float64Array
}

export type CellSide = 'train' | 'heldout' | 'all'

/** Cells of each side behind a comparison of the sides. */
const COMPARED = 2000
/** Cells whose counts are held against predictions. */
const CHECKED = 500
/** Cells behind the shares of technical covariates, and behind what dimensions tell of columns. */
const MOST_TECHNICAL = 20_000
/** Fewer cells than this say nothing about a side. */
const FEWEST = 10
const GAP_CELLS = 100
/** Draws behind rate and distortion. */
const CURVE_DRAWS = 10

const CELLS = ['adata', 'cells', 'geneKey', 'genePositions', 'seed'] as const

/** A model that is asked what its fit is worth. */
export abstract class DiagnosedModel extends ImputingModel {
  /**
   * Measures what the fit is worth: what the latent is used for, how tight its bounds are and why, whether it has learned its own cells by
   * heart, how its cells fill the prior (docs/truth.md).
   *
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (usage) where there are no counts at hand.
   */
  diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
    return this.exclusive(async () => {
      const caller = 'diagnose'
      const { nCells = GAP_CELLS, columns = [], onStage = () => {}, ...rest } = options
      checkOptionKeys(caller, rest, CELLS)
      if (!(Number.isInteger(nCells) && nCells >= FEWEST))
        throw new ScvaeError(
          'usage',
          `${caller} takes a whole number of cells of at least ${FEWEST}, not ${nCells}.`,
        )
      const question = await this.question(caller, rest, 'counts')
      const { source } = question.asked
      const { nLatent } = this.network.config
      const posterior = await this.cellPosterior(question)
      const order = new Random(question.seed, NOISE.diagnosed).permutation(source.nCells)
      const some = order.slice(0, MOST_TECHNICAL)
      const use = latentUse(asMatrices(question.posterior, nLatent))
      const dimensions = await singleDimensions(this.network, question, use, columns, some)
      const { parts, sides } = this.#sides(question)
      const { latent } = posterior
      const prior = await priorMixture(this.network, source)
      const aggregated = await aggregatedFit(latent, prior, question.seed, (done, total) =>
        onStage('latent', done, total),
      )
      const joint = await networkJoint(this.network, source)
      try {
        const proposal = joined(posterior, nLatent)
        const gaps: Diagnosis['gaps'] = []
        for (const [i, [side, cells]] of sides.entries()) {
          const done = (share: number) => onStage('gaps', i + share, sides.length)
          const some = cells.subarray(0, nCells)
          gaps.push({ side, gaps: await gapsOf(joint, some, proposal, question.keys, question.seed, done) })
        }
        const checked = order.slice(0, CHECKED)
        let predicted = 0
        const predictive = await predictiveChecks(this.network, question, posterior, checked, (n) => {
          predicted += n
          onStage('predictions', predicted, checked.length)
        })
        return {
          nCells: source.nCells,
          parts,
          predictive,
          technical: await technicalShares(this.description, question, nLatent, some),
          dimensions,
          holeCells: await cellsOfHoles(this.network, question, aggregated, order),
          latent: use,
          aggregated,
          gaps,
          heldout: await this.#heldout(joint, question, proposal, sides, onStage),
        }
      } finally {
        joint.release()
      }
    })
  }

  /**
   * Whether single dimensions of the latent stand for known columns, and whether they change the same genes (docs/truth.md).
   *
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (bad-input) for a column that the data does not have.
   */
  singleDimensions(options: DimensionsOptions = {}): Promise<SingleDimensions> {
    return this.exclusive(async () => {
      const { columns = [], ...rest } = options
      checkOptionKeys('singleDimensions', rest, CELLS)
      const question = await this.question('singleDimensions', rest, 'counts')
      const use = latentUse(asMatrices(question.posterior, this.network.config.nLatent))
      const order = new Random(question.seed, NOISE.diagnosed).permutation(question.asked.source.nCells)
      return singleDimensions(this.network, question, use, columns, order)
    })
  }

  /**
   * Rate and distortion of each cell (Alemi et al., ICML 2018), over ten draws from its posterior.
   *
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (usage) where there are no counts at hand.
   */
  rateAndDistortion(options: SeededOptions = {}): Promise<RateAndDistortion> {
    return this.exclusive(async () => {
      checkOptionKeys('rateAndDistortion', options, CELLS)
      const question = await this.question('rateAndDistortion', options, 'counts')
      const { asked, keys, seed } = question
      const posterior = await this.cellPosterior(question)
      const { elbo, reconstruction } = await importanceBound(this.network, asked.source, {
        ...{ posterior, keys, seed, draws: CURVE_DRAWS },
      })
      return {
        rate: reconstruction.map((value, cell) => value - elbo[cell]!),
        distortion: reconstruction.map((value) => -value),
      }
    })
  }

  /** The sides with enough cells, each in an order of chance, and how many cells are what. */
  #sides({ asked, seed }: CellQuestion): { parts: Diagnosis['parts']; sides: [CellSide, Int32Array][] } {
    const order = new Random(seed, NOISE.diagnosed).permutation(asked.source.nCells)
    const partOf = this.trainingPart
    const { names } = asked
    if (!partOf || !names) return { parts: undefined, sides: [['all', order]] }
    const of = names.map(partOf)
    const parts = { train: 0, heldout: 0, new: 0 }
    for (const part of of) parts[part]++
    const sides: [CellSide, Int32Array][] = [
      ['train', order.filter((cell) => of[cell] === 'train')],
      ['heldout', order.filter((cell) => of[cell] !== 'train')],
    ]
    return { parts, sides: sides.filter(([, cells]) => cells.length >= FEWEST) }
  }

  async #heldout(
    joint: LogJoint,
    { asked, keys, seed }: CellQuestion,
    proposal: Posterior,
    sides: readonly (readonly [CellSide, Int32Array])[],
    onStage: NonNullable<DiagnoseOptions['onStage']>,
  ): Promise<HeldoutFit | undefined> {
    const [train, heldout] = sides.map(([, cells]) => cells.slice(0, COMPARED))
    if (!train || !heldout) return undefined
    return heldoutFit(joint, asked.source, proposal, keys, { train, heldout, seed }, (done, total) =>
      onStage('held out', done, total),
    )
  }
}

function asMatrices({ mean, variance }: Posterior, columns: number): LatentPosterior {
  const matrix = (values: Float32Array) => ({ values, rows: values.length / columns, columns })
  return { means: matrix(mean), variances: matrix(variance) }
}

/** Posteriors of the latent with that of the log size as a last dimension, where there is one. */
function joined({ latent, logSize }: CellPosterior, d: number): Posterior {
  if (!logSize) return latent
  const join = (values: Float32Array, sizes: Float32Array) =>
    Float32Array.from({ length: sizes.length * (d + 1) }, (_, i) => {
      const cell = Math.floor(i / (d + 1))
      const k = i % (d + 1)
      return k < d ? values[cell * d + k]! : sizes[cell]!
    })
  return { mean: join(latent.mean, logSize.mean), variance: join(latent.variance, logSize.variance) }
}
