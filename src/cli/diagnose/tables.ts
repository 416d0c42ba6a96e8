import type { Diagnosis } from '../../models/diagnosed-model.js'
import type { FindingsPage } from '../../report/findings-page.js'
import { formatNumber, formatPercent } from '../../report/format.js'
import { missedGenes } from './predictive.js'

/** Genes that the page lists. */
const MOST_GENES = 40

/** What the page lists beneath the findings. */
export function tablesOf(diagnosis: Diagnosis, genes: readonly string[]): FindingsPage['tables'] {
  const { latent, technical } = diagnosis
  const missed = missedGenes(diagnosis, genes)
  return [
    {
      title: 'Latent dimensions',
      note: 'In use: posterior means that vary by more than 0.01 over the cells. What a dimension can tell is a bound on its mutual information with the cells.',
      rows: [
        ['dimension', 'variance of means', 'KL divergence, nats', 'can tell, nats'],
        ...Array.from(latent.variance, (variance, k) => [
          String(k + 1),
          variance.toFixed(3),
          latent.divergence[k]!.toFixed(2),
          latent.information[k]!.toFixed(2),
        ]),
      ],
    },
    {
      title: 'Technical covariates',
      note: 'Share of the variance of each latent dimension that goes along with each.',
      rows: [
        ['covariate', ...Array.from(latent.variance, (_, k) => String(k + 1))],
        ...technical.map(({ name, dimensions }) => [
          name,
          ...dimensions.map(({ value }) => value.toFixed(2)),
        ]),
      ],
    },
    {
      title: 'Genes that the model misses',
      note: `${missed.length} of ${diagnosis.predictive.genes.length} genes, the worst first; observed and predicted for the same cells.`,
      rows: [
        ['gene', 'why', 'mean', 'predicted', 'variance', 'predicted', 'zeros', 'predicted', 'within 90 %'],
        ...missed
          .slice(0, MOST_GENES)
          .map(({ name, why, mean, variance, zeros, coverage }) => [
            name,
            why,
            ...[mean, variance, zeros].flatMap((check) => [
              formatNumber(check.observed),
              formatNumber(check.predicted.value),
            ]),
            formatPercent(coverage),
          ]),
      ],
    },
  ]
}
