import type { OutlierScores } from '../../analysis/outliers/outlier-score.js'
import { surprisingGenes } from '../../analysis/outliers/surprising-genes.js'
import { logDenominators } from '../../analysis/posterior/log-denominators.js'
import type { Model } from '../../models/model.js'
import type { Matrix } from '../../numeric/matrix.js'
import { pageDecoder, pageEncoder } from '../../report/page/page-model.js'
import type { ReportModel } from '../../report/report-data.js'
import { mostUnusualFirst } from '../../report/top-outliers.js'

/** Cells whose most surprising genes a page tells. */
const FEWEST_TOLD = 300
const MOST_TOLD = 2000

/**
 * A fitted model as its page computes with it.
 *
 * @param latent posterior means of the model's own cells
 * @param outliers their scores; without them no genes of single cells are told
 */
export async function reportModel(
  model: Model,
  latent: Matrix,
  outliers?: Pick<OutlierScores, 'p' | 'flag'>,
): Promise<ReportModel> {
  const { network, cells, description } = model
  const { config, genes, categorical, continuous } = description
  const categories = categorical.map((covariate) => covariate.categories)
  const saved = {
    ...{ config, nGenes: genes.length, nContinuous: continuous.length, state: await network.state() },
    categories: categories.map(({ length }) => length),
  }
  const { geneIds, geneSymbols, geneOccurrences, sizeFactorKey } = description
  return {
    ...{ decoder: pageDecoder(saved), encoder: pageEncoder(saved), genes: geneSymbols ?? genes, latent },
    query: {
      genes: {
        genes,
        ...(geneIds && { geneIds }),
        ...(geneSymbols && { geneSymbols }),
        ...(geneOccurrences && { geneOccurrences }),
      },
      covariates: { categorical, continuous, sizeFactorKey, encodeCovariates: config.encodeCovariates },
      countsSource: description.input?.countsSource ?? null,
    },
    batchKey: categorical[0]!.key,
    batches: categories[0]!,
    covariates: { codes: cells.categorical, values: cells.continuous },
    logDenominators: await logDenominators(network, cells, latent),
    ...(outliers && { surprising: await surprisingGenes(network, cells, latent, toldCells(outliers)) }),
  }
}

/** The flagged cells and the next ones by score, as far as a page has room for their genes. */
export function toldCells({ p, flag }: Pick<OutlierScores, 'p' | 'flag'>): Int32Array {
  const flagged = flag.reduce((sum, one) => sum + one, 0)
  const told = Math.min(MOST_TOLD, Math.max(FEWEST_TOLD, flagged))
  return mostUnusualFirst({ p }).slice(0, told).sort()
}
