import type { Diagnosis } from '../../models/diagnosed-model.js'
import type { DiagnosePage } from '../../report/diagnose-page.js'

/** What the page lists beneath the findings. */
export function tablesOf({ latent }: Diagnosis): DiagnosePage['tables'] {
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
  ]
}
