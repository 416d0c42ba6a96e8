import type { Estimate } from '../../analysis/diagnose/estimate.js'
import type { Diagnosis } from '../../models/diagnosed-model.js'
import { missedGenes } from './predictive.js'

/** All figures under stable names. */
export function figuresOf(diagnosis: Diagnosis, genes: readonly string[]): Record<string, unknown> {
  const { nCells, parts, latent, aggregated, gaps, heldout, predictive, technical } = diagnosis
  return {
    n_cells: nCells,
    cells: parts ?? null,
    latent: {
      active: latent.active,
      variance: Array.from(latent.variance),
      kl: Array.from(latent.divergence),
      information_bound: Array.from(latent.information),
    },
    aggregated_posterior: {
      n_cells: aggregated.nCells,
      mutual_information: aggregated.information,
      kl_to_prior: aggregated.divergence,
      empty_share: aggregated.empty,
    },
    gaps: Object.fromEntries(
      gaps.map(({ side, gaps: of }) => [
        side,
        {
          n_cells: of.nCells,
          bounds: of.draws.map((draws, i) => ({ draws, ...(of.bounds[i] as Estimate) })),
          variational: of.total,
          amortization: of.amortization,
          family: of.family,
        },
      ]),
    ),
    heldout: heldout
      ? {
          n_train: heldout.nTrain,
          n_heldout: heldout.nHeldout,
          elbo: heldout.elbo,
          bound: heldout.bound,
          difference: heldout.difference,
        }
      : null,
    predictive: {
      n_cells: predictive.nCells,
      zeros: predictive.zeros,
      ones: predictive.ones,
      total: predictive.total,
      total_coverage: predictive.totalCoverage,
      cell_coverage: predictive.cellCoverage,
      n_genes: predictive.genes.length,
      missed_genes: missedGenes(diagnosis, genes).map(({ gene: _, ...rest }) => rest),
    },
    technical: technical.map(({ name, dimensions, latent: told }) => ({ name, latent: told, dimensions })),
  }
}
