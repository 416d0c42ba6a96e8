import { METRICS } from '../../analysis/metrics/evaluate.js'
import type { ScoredEmbedding } from '../../report/scores-page.js'

/** The figures of an embedding, in the order of tables: the metrics, then their means. */
export const COLUMNS = [
  ...METRICS.map(({ name, title, aggregate }) => ({
    ...{ name, title, kind: aggregate, isMean: false },
    of: (one: ScoredEmbedding) => one.scores[name],
  })),
  mean('batch_correction', 'Batch correction', 'batch', ({ batch }) => batch),
  mean('bio_conservation', 'Bio conservation', 'bio', ({ bio }) => bio),
  mean('total', 'Total', undefined, ({ total }) => total),
]

function mean(
  name: string,
  title: string,
  kind: 'batch' | 'bio' | undefined,
  of: (aggregate: ScoredEmbedding['aggregate']) => number,
) {
  return { name, title, kind, isMean: true, of: ({ aggregate }: ScoredEmbedding) => of(aggregate) }
}
