import { ACTIVE } from '../../analysis/diagnose/collapse.js'
import type { Diagnosis } from '../../models/diagnosed-model.js'
import { type Finding, type JudgedModel, shown } from './finding.js'

/** Share of the dimensions in use below which the rest is named. */
const FEW_ACTIVE = 0.5
/**
 * Nats below which all dimensions together tell too little: to tell k groups of as many cells apart without error takes ln k nats (Fano), so such
 * a latent cannot hold three, whatever its dimensions look like one by one. Healthy fits of real data have five and more.
 */
const FEW_GROUPS = Math.log(3)

/** Whether the latent is used: all of it by what it tells of a cell, then its dimensions one by one. */
export function collapse(
  { latent, aggregated }: Pick<Diagnosis, 'latent' | 'aggregated'>,
  { description }: Pick<JudgedModel, 'description'>,
): Finding {
  const d = latent.variance.length
  const { beta, prior } = description.config
  const { active } = latent
  const { low, high } = aggregated.information
  const idle = Array.from(latent.variance.keys()).filter((k) => latent.variance[k]! <= ACTIVE)
  const about = {
    name: 'collapse',
    title: 'Posterior collapse',
    value: active,
    error: null,
    unit: 'dimensions',
    figures: [
      ['dimensions in use', `${active} of ${d}`],
      [
        'mutual information of cells and latent',
        `${shown(low)} to ${shown(high)} nats (ln n = ${Math.log(aggregated.nCells).toFixed(2)})`,
      ],
      ['KL divergence by dimension', Array.from(latent.divergence, (x) => x.toFixed(2)).join(', ')],
    ],
  } satisfies Partial<Finding>
  const toUseIt =
    beta > 1 ? `lower --beta, which is ${beta}` : 'train for longer, with a KL warm-up, or give --free-bits'
  if (active === 0) {
    return {
      ...about,
      grade: 'attention',
      sentence: `The latent is not used: no dimension tells cells apart, so clusters and layouts of it are noise; ${toUseIt}.`,
    }
  }
  // the upper of the two bounds, so that few cells are no reason
  if (high.value + 2 * high.error < FEW_GROUPS) {
    return {
      ...about,
      value: high.value,
      error: high.error,
      unit: 'nats',
      grade: 'attention',
      sentence: `The latent is hardly used: all of it tells ${shown(high)} nats of a cell, too few to tell three groups apart, so most of its clusters and layouts are noise; ${toUseIt}.`,
    }
  }
  if (active < FEW_ACTIVE * d) {
    const cause =
      beta > 1 ? `lower --beta, which is ${beta}, to use them` : `--n-latent ${active} gives the same fit`
    return {
      ...about,
      grade: 'attention',
      sentence: `${idle.length} of ${d} dimensions tell nothing (${idle.map((k) => k + 1).join(', ')}); ${cause}.`,
    }
  }
  const rest = idle.length === 0 ? 'all dimensions' : `${active} of ${d} dimensions`
  const kind =
    prior === 'normal'
      ? ''
      : ` (the ${prior} prior has no divergence by dimension; that from the standard normal is shown)`
  return { ...about, grade: 'good', sentence: `The latent is used: ${rest} tell cells apart${kind}.` }
}
