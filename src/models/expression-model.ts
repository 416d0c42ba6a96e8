import {
  type ExpressionBlock,
  type ExpressionQuestion,
  eachExpressionBlock,
} from '../analysis/expression/normalized-expression.js'
import { logSizePosteriorOf } from '../analysis/posterior/cell-posterior.js'
import { checkOptionKeys } from '../anndata/option-keys.js'
import { withHostKernels } from '../device/host-kernels.js'
import { ScvaeError } from '../errors.js'
import type { Matrix } from '../numeric/matrix.js'
import { median } from '../numeric/quantile.js'
import { differences } from './differential.js'
import {
  DIFFERENTIAL_KEYS,
  type DifferentialOptions,
  differentialSettings,
  type GroupComparison,
} from './differential-options.js'
import { checkDraws, type ExpressionOptions, modelBatches, modelGenes } from './expression-options.js'
import { LatentModel } from './latent-model.js'

const CELLS = ['adata', 'cells', 'geneKey', 'genePositions', 'seed'] as const
const EXPRESSION = [...CELLS, 'genes', 'nSamples', 'transformBatch', 'librarySize'] as const

/** Draws of a cell where no number is given: the error of their mean is a fifth of that of one. */
const DRAWS = 25

/** Of one answer: 8 GB. */
const MOST_VALUES = 2e9

/** A model of counts, asked what cells express. */
export abstract class ExpressionModel extends LatentModel {
  /**
   * What cells express, cells × genes: each gene's share of a cell's counts as the model has it, times a size; the mean over draws from
   * the cell's posterior and over the batches that it is decoded in. In scvi-tools one draw is the default, and two calls differ;
   * here it is 25, and what a cell gets depends on its name (its position, where it has none) and the seed alone.
   *
   * @returns with `returnMean: false` draws one below the other: (draws · cells) × genes
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (bad-input) for genes and batches that the model does not have.
   */
  getNormalizedExpression(options: ExpressionOptions & { returnMean?: boolean } = {}): Promise<Matrix> {
    return this.exclusive(async () => {
      const caller = 'getNormalizedExpression'
      const { returnMean = true, ...rest } = options
      const question = await this.#expression(caller, rest)
      const columns = question.genes?.length ?? question.source.nGenes
      const { nCells } = question.source
      const layers: readonly (number | undefined)[] =
        returnMean || question.nSamples === 0
          ? [undefined]
          : Array.from({ length: question.nSamples }, (_, draw) => draw)
      const size = layers.length * nCells * columns
      if (size > MOST_VALUES)
        throw new ScvaeError('usage', `${size} values are more than memory has room for.`, {
          hint: 'Ask for fewer cells, genes or draws, or take blocks of cells by eachNormalizedExpression.',
        })
      const values = new Float32Array(size)
      for (const [i, only] of layers.entries()) {
        const asked = only === undefined ? question : { ...question, only }
        const layer = values.subarray(i * nCells * columns, (i + 1) * nCells * columns)
        await eachExpressionBlock(this.network, asked, () => {}, layer)
      }
      return { values, rows: layers.length * nCells, columns }
    })
  }

  /**
   * {@link ExpressionModel.getNormalizedExpression} for more cells than memory has room for: blocks of cells in their order, each given up
   * once it was looked at.
   *
   * @param visit is waited for
   */
  eachNormalizedExpression(
    options: ExpressionOptions,
    visit: (block: ExpressionBlock) => void | Promise<void>,
  ): Promise<void> {
    return this.exclusive(async () => {
      const question = await this.#expression('eachNormalizedExpression', options)
      await eachExpressionBlock(this.network, question, visit)
    })
  }

  /**
   * Which genes groups of cells express differently: each group against the others, or pairs of groups (Lopez et al. 2018; Boyeau et al.
   * 2019). Numbers are those of scvi-tools, but for the pairing: all cells of a group give as many draws, and who meets whom does not
   * depend on the order of the cells.
   *
   * @throws ScvaeError as {@link Model.getLatentRepresentation}; (bad-input) for an unknown column or group, or one group alone; (usage) for a
   *   setting out of range.
   */
  differentialExpression(options: DifferentialOptions): Promise<GroupComparison[]> {
    return this.exclusive(async () => {
      const caller = 'differentialExpression'
      checkOptionKeys(caller, options, [...CELLS, ...DIFFERENTIAL_KEYS])
      const settings = differentialSettings(options)
      const { adata, cells, geneKey, genePositions, seed } = options
      const asked = {
        ...(adata && { adata }),
        ...(cells && { cells }),
        ...(geneKey !== undefined && { geneKey }),
        ...(genePositions && { genePositions }),
        ...(seed !== undefined && { seed }),
      }
      const batches = modelBatches(this.description, options.batchCorrection ? 'all' : undefined)
      const question = await this.question(caller, asked, 'counts')
      return withHostKernels(this.network.device, (host) =>
        differences(this.network, host, this.description.genes, question, batches, options, settings),
      )
    })
  }

  async #expression(caller: string, options: ExpressionOptions): Promise<ExpressionQuestion> {
    checkOptionKeys(caller, options, EXPRESSION)
    const { genes, transformBatch, librarySize = 1 } = options
    const nSamples = checkDraws(options.nSamples ?? DRAWS, 0)
    if (typeof librarySize === 'number' && !(librarySize > 0 && Number.isFinite(librarySize)))
      throw new ScvaeError('usage', `librarySize must be a positive number, not ${librarySize}.`)
    const positions = modelGenes(this.description, genes)
    const batches = modelBatches(this.description, transformBatch)
    const drawsSizes = librarySize === 'latent' && this.network.model.library !== undefined
    const needs = drawsSizes ? 'counts' : this.#ownCovariates(batches) ? 'posterior' : 'encode'
    const { asked, keys, posterior, seed } = await this.question(caller, options, needs)
    const { source } = asked
    const logSize = drawsSizes ? await logSizePosteriorOf(this.network, source) : undefined
    return {
      source,
      posterior: { latent: posterior, ...(logSize && { logSize }) },
      keys,
      seed,
      nSamples,
      batches,
      ...(positions && { genes: positions }),
      size:
        librarySize === 'observed'
          ? source.size
          : librarySize === 'median'
            ? median(source.size)
            : librarySize,
    }
  }

  /** Whether the cells' own covariates count: all but a batch that another stands in for. */
  #ownCovariates(batches: readonly (number | undefined)[]): boolean {
    const { categorical, continuous, sizeFactorKey } = this.description
    return (
      batches.includes(undefined) || categorical.length > 1 || continuous.length > 0 || sizeFactorKey !== null
    )
  }
}
