import type { CrossTalk } from '../../analysis/diagnose/cross-talk.js'
import type { Estimate } from '../../analysis/diagnose/estimate.js'
import type { Diagnosis } from '../../models/diagnosed-model.js'
import { missedGenes } from './predictive.js'

/** All figures under stable names. */
export function figuresOf(diagnosis: Diagnosis, genes: readonly string[]): Record<string, unknown> {
  const { nCells, parts, latent, aggregated, gaps, heldout, predictive, technical, dimensions, holeCells } =
    diagnosis
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
    hole_cells: holeCells
      ? {
          n_made: holeCells.nMade,
          n_real: holeCells.nReal,
          distance: holeCells.fromHoles,
          distance_from_posteriors: holeCells.fromPosteriors,
          unlike: holeCells.unlike,
        }
      : null,
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
    disentanglement: {
      cross_talk: crossTalkOf(dimensions.crossTalk),
      information_gap: dimensions.columns.map(({ name, nCells: n, nClasses, information, best, gap }) => ({
        name,
        n_cells: n,
        n_classes: nClasses,
        gap,
        dimension: best + 1,
        information: Array.from(information),
      })),
    },
  }
}

function crossTalkOf(talk: CrossTalk | undefined): Record<string, unknown> | null {
  if (!talk) return null
  const k = talk.dimensions.length
  return {
    n_cells: talk.nCells,
    mean: talk.mean,
    dimensions: Array.from(talk.dimensions, (dimension) => dimension + 1),
    pairs: Array.from({ length: k }, (_, a) => Array.from(talk.pairs.subarray(a * k, (a + 1) * k))),
  }
}
