import type { HeadCase } from './head-setting.js'
import { SHAPES, type Shape } from './setting.js'

export const LIKELIHOODS = ['nb', 'zinb', 'poisson'] as const
export const SCALES = ['softmax', 'softplus'] as const
export const DISPERSIONS = ['gene', 'gene-batch'] as const

export const MIDDLE: Shape = {
  genes: 43,
  hidden: 21,
  cells: 19,
  capacity: 32,
  categories: [3],
  continuous: 0,
}

/** Most counts are not zero. */
export const DENSE: Shape = {
  genes: 150,
  hidden: 19,
  cells: 37,
  capacity: 48,
  categories: [3],
  continuous: 0,
  counts: 'dense',
}

/** Every combination on one shape of middling size, one combination a likelihood on every other shape. */
export function headCases(): HeadCase[] {
  const cases: HeadCase[] = []
  for (const likelihood of LIKELIHOODS) {
    for (const scale of SCALES) {
      for (const dispersion of likelihood === 'poisson' ? (['gene'] as const) : DISPERSIONS) {
        for (const drawnSize of [false, true])
          cases.push({ shape: MIDDLE, likelihood, scale, dispersion, drawnSize })
      }
    }
    for (const [i, dispersion] of DISPERSIONS.entries()) {
      if (likelihood === 'poisson' && dispersion === 'gene-batch') continue
      for (const scale of SCALES)
        cases.push({ shape: DENSE, likelihood, scale, dispersion, drawnSize: i === 1 })
    }
    for (const [i, shape] of SHAPES.entries()) {
      const scale = SCALES[Number(i % 3 === 1)]!
      cases.push({ shape, likelihood, scale, dispersion: DISPERSIONS[i % 2]!, drawnSize: i % 4 === 2 })
    }
  }
  for (const likelihood of ['nb', 'zinb'] as const) {
    for (const counts of [undefined, 'huge', 'dense'] as const) {
      const shape: Shape = counts === undefined ? MIDDLE : { ...MIDDLE, counts }
      for (const dispersion of DISPERSIONS) {
        cases.push({ shape, likelihood, scale: 'softmax', dispersion, drawnSize: false, extremeTheta: true })
      }
    }
  }
  return cases
}

/** Given logits, missing counts, absent genes and given batches: each likelihood with each. */
export function unusualCases(): HeadCase[] {
  const wide: Shape = { genes: 150, hidden: 17, cells: 26, capacity: 32, categories: [2, 4], continuous: 0 }
  const missing: Shape = { ...wide, counts: 'missing' }
  const cases: HeadCase[] = []
  for (const [i, likelihood] of LIKELIHOODS.entries()) {
    const head = { shape: wide, likelihood, scale: 'softmax', dispersion: 'gene', drawnSize: false } as const
    const dispersion = likelihood === 'poisson' ? 'gene' : 'gene-batch'
    cases.push(
      { ...head, logits: true },
      { ...head, logits: true, scale: 'softplus', dispersion, drawnSize: true },
      { ...head, logits: true, shape: SHAPES[i]! },
      { ...head, shape: missing, dispersion },
      { ...head, shape: missing, scale: 'softplus', drawnSize: true },
      { ...head, absent: 1 },
      { ...head, absent: 1, scale: 'softplus', drawnSize: true, dispersion },
      { ...head, absent: 0, shape: { ...missing, categories: [4] }, drawnSize: true },
      { ...head, absent: 1, logits: true, dispersion, drawnSize: true },
      { ...head, absent: 1, logits: true, shape: missing },
      { ...head, absent: 1, shape: { ...DENSE, categories: [2, 4] }, drawnSize: true },
    )
    if (likelihood === 'poisson') continue
    cases.push(
      { ...head, dispersion, codes: 5 },
      { ...head, dispersion, codes: 3, logits: true },
      { ...head, dispersion, codes: 2, absent: 1, shape: missing, drawnSize: true },
    )
  }
  return cases
}
