import type { BetaCurve, CurvePoint } from '../../models/rate-distortion.js'
import type { FindingsPage } from '../../report/findings-page.js'
import type { PointChart } from '../../report/point-chart.js'
import { type Finding, type JudgedModel, NOT_KNOWN, shown } from './finding.js'

/** Share of the loss that another β must save before it is worth a fit. */
const WORTH = 0.01

/** Where the fit lies among fits of other β: what its latent holds of cells, and what that is worth. */
export function rateDistortion(curve: BetaCurve | undefined, { description }: JudgedModel): Finding {
  const about = { name: 'rate_distortion', title: 'Rate and distortion over β', unit: 'nats/cell' } as const
  if (!curve)
    return {
      ...about,
      ...NOT_KNOWN,
      sentence:
        description.config.beta > 0
          ? 'It is not known of enough of these cells whether they were trained on, so there is no curve: give the cells of the fit, with their names.'
          : 'The model was fitted with a --beta of 0, around which there is no curve.',
      figures: [],
    }
  const { fit, points, nHeldout, epochs } = curve
  const best = points.reduce((a, b) => (b.gain.value > a.gain.value ? b : a))
  const { rate, distortion } = fit
  const [low, high] = [points[0]!.beta, points.at(-1)!.beta]
  const figures: Finding['figures'] = [
    ['cells not trained on', String(nHeldout)],
    ['rate and distortion of the fit', `${shown(rate)} and ${shown(distortion, 1)} nats`],
    ['epochs of each refit, from the weights of the fit', String(epochs)],
    ['smallest loss', `β = ${best.beta}: ${shown(best.gain)} nats less than that of the fit's own β`],
  ]
  const judged = { ...about, value: best.gain.value, error: best.gain.error, figures }
  const holds = `At its β of ${fit.beta} the latent holds ${shown(rate)} nats of a cell that was not trained on`
  if (best.gain.value - 2 * best.gain.error > WORTH * fit.loss.value) {
    const beyond = best.beta === low ? ' or less' : best.beta === high ? ' or more' : ''
    return {
      ...judged,
      grade: 'attention',
      sentence: `${holds}; with ${best.beta} it would hold ${shown(best.rate)}, and ELBO would be better by ${shown(best.gain)} nats: fit with --beta ${best.beta}${beyond}.`,
    }
  }
  return {
    ...judged,
    grade: 'good',
    sentence: `${holds}, and no other β from ${low} to ${high} makes the ELBO better by as much as 1 %.${traded(curve)}`,
  }
}

/** What a smaller and a larger β would change. */
function traded({ fit, points }: BetaCurve): string {
  const own = points.findIndex(({ beta }) => beta === fit.beta)
  const still = points[own]!
  const between = (other: CurvePoint | undefined) =>
    other &&
    `β = ${other.beta} ${amount(other.rate.value - still.rate.value, 'holds')} and describes counts ${nats(other.distortion.value - still.distortion.value)}`
  const parts = [between(points[own - 1]), between(points[own + 1])].filter((part) => part !== undefined)
  return parts.length > 0 ? ` Beside it, ${parts.join('; ')}.` : ''
}

const amount = (more: number, verb: string) =>
  `${verb} ${Math.abs(more).toFixed(2)} nats ${more < 0 ? 'less' : 'more'}`

const nats = (worse: number) => `${Math.abs(worse).toFixed(1)} nats ${worse < 0 ? 'better' : 'worse'}`

/** Rate against distortion. */
export function curveChart({ fit, points }: BetaCurve): PointChart {
  return {
    title: 'Rate and distortion of cells not trained on',
    xLabel: 'rate, nats a cell',
    yLabel: 'distortion, nats a cell',
    line: points.map(({ beta, rate, distortion }) => ({
      x: rate.value,
      y: distortion.value,
      label: `β = ${beta}`,
    })),
    lineName: 'refits from the weights of the fit',
    mark: { x: fit.rate.value, y: fit.distortion.value, label: 'this fit' },
  }
}

/** The curve in numbers, with what becomes of single dimensions. */
export function curveTable({ fit, points }: BetaCurve): FindingsPage['tables'][number] {
  const names = fit.columns.map(({ name }) => name)
  const row = (head: string, point: CurvePoint) => [
    head,
    shown(point.rate),
    shown(point.distortion, 1),
    shown(point.loss, 1),
    String(point.active),
    point.crossTalk ? shown(point.crossTalk.mean, 3) : '',
    ...names.map((name) => {
      const found = point.columns.find((column) => column.name === name)
      return found ? shown(found.gap) : ''
    }),
  ]
  return {
    title: 'Fits over β',
    note: 'Rate, distortion and their sum, which is minus the ELBO, in nats a cell; dimensions in use; cross-talk of dimensions; the information gap of each column.',
    rows: [
      ['β', 'rate', 'distortion', 'sum', 'in use', 'cross-talk', ...names.map((name) => `gap of ${name}`)],
      row(`${fit.beta}, this fit`, fit),
      ...points.map((point) => row(String(point.beta), point)),
    ],
  }
}

/** The curve under stable names. */
export function curveRecord({ fit, points, epochs, nTrain, nHeldout }: BetaCurve): Record<string, unknown> {
  const point = ({ beta, rate, distortion, loss, gain, active, crossTalk, columns }: CurvePoint) => ({
    ...{ beta, rate, distortion, loss, gain, active },
    cross_talk: crossTalk?.mean ?? null,
    information_gap: Object.fromEntries(columns.map(({ name, gap }) => [name, gap])),
  })
  return { epochs, n_train: nTrain, n_heldout: nHeldout, fit: point(fit), points: points.map(point) }
}
