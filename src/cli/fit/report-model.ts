import { logDenominators } from '../../analysis/posterior/log-denominators.js'
import type { Model } from '../../models/model.js'
import type { Matrix } from '../../numeric/matrix.js'
import { pageDecoder, pageEncoder } from '../../report/page/page-model.js'
import type { ReportModel } from '../../report/report-data.js'

/**
 * A fitted model as its page computes with it.
 *
 * @param latent posterior means of the model's own cells
 */
export async function reportModel(model: Model, latent: Matrix): Promise<ReportModel> {
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
  }
}
