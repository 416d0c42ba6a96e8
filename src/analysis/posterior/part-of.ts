import { posteriorAt } from './cell-posterior.js'
import { sourceOf } from './generate.js'
import type { Posterior } from './inference.js'
import type { PredictiveQuestion } from './predictive.js'

/** The same question about some of the cells. */
export function partOf(question: PredictiveQuestion, cells: Int32Array): PredictiveQuestion {
  const { source, posterior, keys } = question
  const take = (of: Posterior) => posteriorAt(of, cells, of.mean.length / source.nCells)
  return {
    ...question,
    source: sourceOf(source, cells),
    posterior: {
      latent: take(posterior.latent),
      ...(posterior.logSize && { logSize: take(posterior.logSize) }),
    },
    keys: {
      low: Uint32Array.from(cells, (cell) => keys.low[cell]!),
      high: Uint32Array.from(cells, (cell) => keys.high[cell]!),
    },
  }
}
