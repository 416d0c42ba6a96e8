import { type CellPosterior, posteriorAt } from '../analysis/posterior/cell-posterior.js'
import { sourceOf } from '../analysis/posterior/generate.js'
import type { Posterior } from '../analysis/posterior/inference.js'
import { NormalMixture } from '../analysis/posterior/normal-mixture.js'
import { priorComponents } from '../analysis/posterior/prior-mixture.js'
import { noCounts } from '../analysis/posterior/scale-decoder.js'
import { nearestList } from '../anndata/frame/nearest.js'
import type { CellRow, CellSource } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import type { ModelDescription } from '../files/model-description.js'
import type { Network } from '../network/network.js'
import { NOISE } from '../numeric/philox.js'
import { Random } from '../numeric/random.js'
import type { SeededOptions } from './options.js'

/** How cells are made. */
export interface GenerationOptions extends SeededOptions {
  /** How many; each of the real cells once when left out. */
  nCells?: number
  /**
   * Where latents come from: the posteriors of real cells, chosen at random (`posteriors`, when left out, together they are the aggregated
   * posterior), those of the real cells in turn (`cells`), or the model's prior (`prior`).
   */
  from?: 'posteriors' | 'cells' | 'prior'
  /** Covariates in place of those of the real cells, by the obs column that the model knows. */
  covariates?: Readonly<Record<string, string | number>>
  /** Size of each cell in place of those of the real cells: total counts, or the size factor where the model takes one. */
  librarySize?: number
}

/** Some cells that a model made. */
export interface GeneratedBlock {
  firstCell: number
  rows: readonly CellRow[]
  /** Position of the real cell whose size and covariates each has, and its latent but for the prior; −1 where there is none. */
  parent: Int32Array
  /** Of each categorical covariate of the model, the batch first, the code of every cell. */
  categorical: readonly Int32Array[]
  continuous: readonly Float32Array[]
}

/** The real cell behind each that is made. */
export function parentsOf(nCells: number, nReal: number, inTurn: boolean, seed: number): Int32Array {
  if (inTurn) return Int32Array.from({ length: nCells }, (_, i) => i % nReal)
  const random = new Random(seed, NOISE.sample)
  return Int32Array.from({ length: nCells }, () => random.integer(nReal))
}

/** Cells of nobody: categories at random, continuous covariates of 0, sizes of 1. */
export function strangers(network: Network, nCells: number, seed: number): CellSource {
  const { nGenes, categories, nContinuous } = network.shape
  const random = new Random(seed, NOISE.sample)
  return {
    nCells,
    nGenes,
    counts: noCounts(nCells, nGenes),
    categorical: categories.map((n) => Int32Array.from({ length: nCells }, () => random.integer(n))),
    continuous: Array.from({ length: nContinuous }, () => new Float32Array(nCells)),
    size: new Float32Array(nCells).fill(1),
  }
}

/**
 * Cells at positions of a source, with some covariates and the size replaced.
 *
 * @throws ScvaeError (bad-input) for a covariate or a category that the model does not know; (usage) for a value that is no number
 */
export function dressed(
  { categorical, continuous }: ModelDescription,
  source: CellSource,
  parent: Int32Array,
  { covariates = {}, librarySize }: Pick<GenerationOptions, 'covariates' | 'librarySize'>,
): CellSource {
  const taken = sourceOf(source, parent)
  const codes = [...taken.categorical]
  const numbers = [...taken.continuous]
  for (const [key, value] of Object.entries(covariates)) {
    const at = categorical.findIndex((one) => one.key === key)
    if (at >= 0) {
      const { categories } = categorical[at]!
      const code = categories.indexOf(String(value))
      if (code < 0)
        throw new ScvaeError('bad-input', `The model does not know the category "${value}" of "${key}".`, {
          hint: `Its categories, nearest first: ${nearestList(String(value), categories)}.`,
        })
      codes[at] = new Int32Array(parent.length).fill(code)
      continue
    }
    const place = continuous.indexOf(key)
    if (place < 0) {
      const keys = [...categorical.flatMap((one) => one.key ?? []), ...continuous]
      throw new ScvaeError('bad-input', `The model has no covariate "${key}".`, {
        hint: keys.length > 0 ? `Its covariates: ${keys.join(', ')}.` : 'It was made without covariates.',
      })
    }
    const number = Number(value)
    if (String(value).trim() === '' || !Number.isFinite(number))
      throw new ScvaeError('usage', `The covariate "${key}" takes a number, not "${value}".`)
    numbers[place] = new Float32Array(parent.length).fill(number)
  }
  if (librarySize !== undefined && !(librarySize > 0 && Number.isFinite(librarySize)))
    throw new ScvaeError('usage', `The library size must be a positive number, not ${librarySize}.`)
  return {
    ...taken,
    categorical: codes,
    continuous: numbers,
    ...(librarySize !== undefined && { size: new Float32Array(parent.length).fill(librarySize) }),
  }
}

/** Of each of some cells, a component of the prior as if it were its posterior: draws from these are draws from the prior. */
export async function priorOf(network: Network, cells: CellSource, seed: number): Promise<Posterior> {
  const { nLatent } = network.config
  const n = cells.nCells
  const prior = await priorComponents(network, cells)
  const mixture = new NormalMixture(prior, nLatent, prior.logits)
  const component = mixture.components(n, new Random(seed, NOISE.priorComponent))
  return posteriorAt(prior, component, nLatent)
}

/** Sizes of cells as a network takes them: posteriors of the log, where it is latent. */
export function sizesOf(
  network: Network,
  cells: CellSource,
  own: Posterior | undefined,
  { known }: { known: boolean },
): Pick<CellPosterior, 'logSize'> {
  if (!network.model.library) return {}
  if (own) return { logSize: own }
  if (known) return { logSize: { mean: cells.size.map(Math.log), variance: new Float32Array(cells.nCells) } }
  const prior = network.shape.libraryPrior!
  const at = (column: number) =>
    Float32Array.from(cells.categorical[0]!, (batch) => prior[2 * batch + column]!)
  return { logSize: { mean: at(0), variance: at(1) } }
}
