import type { Diagnosis } from '../../models/diagnosed-model.js'
import { type Finding, type JudgedModel, NOT_KNOWN, shown } from './finding.js'

/** Share of a dimension's variance that one technical covariate may account for: sizes of cell types alone make a third. */
const OF_A_DIMENSION = 0.5
/** Share of the variance between batches that the latent may tell. */
const OF_BATCHES = 0.3

/** Whether the latent goes along with what is technical. */
export function technical({ technical: shares }: Diagnosis, { description }: JudgedModel): Finding {
  const about = { name: 'technical', title: 'Technical covariates', unit: 'share of variance' } as const
  const [batch] = description.categorical
  const worst = shares
    .flatMap(({ name, dimensions }) => dimensions.map((share, k) => ({ name, k, share })))
    .sort((a, b) => b.share.value - a.share.value)[0]
  if (!worst)
    return {
      ...about,
      ...NOT_KNOWN,
      sentence: 'Nothing technical that varies is known of these cells.',
      figures: [],
    }
  const figures = shares.map(({ name, dimensions, latent }) => {
    const values = dimensions.map(({ value }) => value)
    const most = values.indexOf(Math.max(...values))
    return [
      name,
      `told by the latent: ${shown(latent)}; most of dimension ${most + 1}: ${shown(dimensions[most]!)}`,
    ] as const
  })
  const judged = { ...about, value: worst.share.value, error: worst.share.error, figures }
  const mixed = shares.find(({ name }) => name === batch?.key)
  if (mixed && mixed.latent.value - 2 * mixed.latent.error > OF_BATCHES)
    return {
      ...judged,
      value: mixed.latent.value,
      error: mixed.latent.error,
      grade: 'attention',
      sentence: `The latent still tells batches of ${mixed.name} apart (${shown(mixed.latent)} of the variance between them): cell types differ between them, or the fit is not done; see evaluate.`,
    }
  if (worst.share.value - 2 * worst.share.error > OF_A_DIMENSION)
    return {
      ...judged,
      grade: 'attention',
      sentence: `Dimension ${worst.k + 1} goes along with the ${worst.name} (${shown(worst.share)} of its variance): look whether clusters differ in it before they are named; filter cells, or give it as a covariate.`,
    }
  return {
    ...judged,
    grade: 'good',
    sentence: `No dimension goes along much with what is technical: at most ${shown(worst.share)} of its variance (dimension ${worst.k + 1}, ${worst.name}).`,
  }
}
