import type { Diagnosis } from '../../models/diagnosed-model.js'
import { collapse } from './collapse.js'
import { type Finding, type JudgedModel, judged, shown, sideName } from './finding.js'
import { priorHoles } from './holes.js'
import { overfitting } from './overfitting.js'
import { predictions } from './predictive.js'
import { singleDimensions } from './single-dimensions.js'
import { technical } from './technical.js'

/** Nats a dimension in use that lie between ELBO and likelihood: a good fit has about one. */
const WIDE_GAP = 2
/** Nats a dimension that the encoder loses beside each cell's own posterior. */
const LAZY_ENCODER = 1.5
/** All findings, in the order in which they matter. */
export function findingsOf(diagnosis: Diagnosis, model: JudgedModel): Finding[] {
  return [
    collapse(diagnosis, model),
    variationalGap(diagnosis, model),
    amortization(diagnosis, model),
    priorHoles(diagnosis, model),
    overfitting(diagnosis, model),
    predictions(diagnosis, model),
    technical(diagnosis, model),
    singleDimensions(diagnosis),
  ]
}

/** One sentence about all. */
export function verdictOf(findings: readonly Finding[]): string {
  const bad = findings.filter(({ grade }) => grade === 'attention')
  if (bad.length === 0) return 'nothing speaks against this fit.'
  const names = bad.map(({ title }) => title.toLowerCase())
  const list = names.length > 1 ? `${names.slice(0, -1).join(', ')} and ${names.at(-1)}` : names[0]
  return `${list} ${names.length > 1 ? 'need' : 'needs'} attention.`
}

function variationalGap(diagnosis: Diagnosis, { description }: JudgedModel): Finding {
  const { side, gaps } = judged(diagnosis)
  const used = Math.max(1, diagnosis.latent.active)
  const { beta } = description.config
  const figures = diagnosis.gaps.map(
    ({ side: of, gaps: { draws, bounds } }) =>
      [
        `bounds of ${sideName(of)}`,
        draws.map((n, i) => `${n === 1 ? 'ELBO' : n}: ${shown(bounds[i]!, 1)}`).join('; '),
      ] as const,
  )
  const about = {
    name: 'variational_gap',
    title: 'Gap of the bound',
    value: gaps.total.value,
    error: gaps.total.error,
    unit: 'nats/cell',
    figures: [...figures, ['not to be had by independent normals', `${shown(gaps.family)} nats`] as const],
  } satisfies Partial<Finding>
  if (gaps.total.value - 2 * gaps.total.error > WIDE_GAP * used) {
    const cause =
      beta < 1
        ? `the posteriors are narrower than the likelihood wants, since --beta is ${beta}: raise it towards 1`
        : 'do not compare models by their ELBO, but by importance-weighted bounds, and see what the encoder loses'
    return {
      ...about,
      grade: 'attention',
      sentence: `The ELBO of ${side} lies ${shown(gaps.total)} nats below their likelihood; ${cause}.`,
    }
  }
  return {
    ...about,
    grade: 'good',
    sentence: `The ELBO of ${side} lies ${shown(gaps.total)} nats below their likelihood, which is little.`,
  }
}

function amortization(diagnosis: Diagnosis, { description }: JudgedModel): Finding {
  const { side, gaps } = judged(diagnosis)
  const { amortization: lost, family } = gaps
  const used = Math.max(1, diagnosis.latent.active)
  const { beta, nLayers } = description.config
  const about = {
    name: 'amortization',
    title: 'What the encoder loses',
    value: lost.value,
    error: lost.error,
    unit: 'nats/cell',
    figures: diagnosis.gaps.map(
      ({ side: of, gaps: { amortization: a, family: f } }) =>
        [sideName(of), `inference ${shown(a)}, family ${shown(f)} nats`] as const,
    ),
  } satisfies Partial<Finding>
  if (lost.value - 2 * lost.error > LAZY_ENCODER * used) {
    const cause =
      beta < 1
        ? `it was trained for another balance (--beta ${beta})`
        : beta > 1
          ? `with --beta ${beta} it may not use what the decoder has`
          : nLayers > 1
            ? 'it has learned the cells that it was trained on: give it fewer units and layers, or more --dropout-rate'
            : 'give it more cells or more --dropout-rate'
    return {
      ...about,
      grade: 'attention',
      sentence: `A posterior of each cell's own is ${shown(lost)} nats better than the encoder's on ${side}: the places of cells are not where the decoder wants them; ${cause}.`,
    }
  }
  return {
    ...about,
    grade: 'good',
    sentence: `The encoder loses ${shown(lost)} nats on ${side} beside a posterior of each cell's own; independent normals lose ${shown(family)}.`,
  }
}
