import type { HoleCells } from '../../analysis/diagnose/hole-cells.js'
import type { Diagnosis } from '../../models/diagnosed-model.js'
import { formatPercent } from '../../report/format.js'
import { type Finding, type JudgedModel, NOT_KNOWN, shown } from './finding.js'

/** Share of the prior without cells that is no longer usual: cells in clusters leave most of a standard normal empty. */
const EMPTY = 0.9
/** Share that is worth a word. */
const PARTLY_EMPTY = 0.25
/** Nats a dimension by which a cell's place is less probable under the posteriors of the others than under its own: a good fit has one to three. */
const ISLANDS = 10
/** Share of what is made in holes that is unlike all cells, above which most of it is, or some. */
const MOSTLY_UNLIKE = 0.5
const PARTLY_UNLIKE = 0.15

/** How the cells fill the prior, and what is made where they do not. */
export function priorHoles(
  { aggregated, latent, holeCells }: Diagnosis,
  { description }: JudgedModel,
): Finding {
  const { empty, divergence } = aggregated
  const { prior, beta } = description.config
  const about = {
    name: 'prior_holes',
    title: 'Holes of the prior',
    value: empty.value,
    error: empty.error,
    unit: 'share',
    figures: [
      ['prior mass without cells', `${formatPercent(empty.value)} ± ${formatPercent(empty.error)}`],
      [
        'divergence of all posteriors together to the prior',
        `${shown(divergence.low)} to ${shown(divergence.high)} nats`,
      ],
      ...figuresOf(holeCells),
    ],
  } satisfies Partial<Finding>
  if (latent.active === 0)
    return {
      ...about,
      ...NOT_KNOWN,
      sentence: 'No dimension is in use, so there are no places without cells.',
    }
  const apart = aggregated.information.high
  if (apart.value - 2 * apart.error > ISLANDS * latent.variance.length) {
    const cause = beta < 1 ? `: raise --beta, which is ${beta}` : ''
    return {
      ...about,
      value: apart.value,
      error: apart.error,
      unit: 'nats',
      grade: 'attention',
      sentence: `The posteriors of cells are islands: a cell's place is ${apart.value.toFixed(0)} nats less probable under all others than under its own, so nothing is learned of what lies between cells${cause}.`,
    }
  }
  const made = sentenceOf(holeCells)
  if (empty.value - 2 * empty.error > EMPTY) {
    const cause =
      beta < 1
        ? `raise --beta, which is ${beta}`
        : prior === 'normal'
          ? 'or fit with --prior mixture or vamp'
          : 'or give the prior more --prior-components'
    return {
      ...about,
      grade: 'attention',
      sentence: `${formatPercent(empty.value)} of the prior's mass lies where no cell does: make cells from posteriors (what generate does) and not from the prior, ${cause}.${made}`,
    }
  }
  return {
    ...about,
    grade: 'good',
    sentence:
      empty.value > PARTLY_EMPTY
        ? `${formatPercent(empty.value)} of the prior's mass lies where no cell does, as is usual where cells form clusters: make cells from posteriors (what generate does) and not from the prior.${made}`
        : `The cells fill the prior but for ${formatPercent(empty.value)} of its mass.`,
  }
}

function figuresOf(cells: HoleCells | undefined): Finding['figures'] {
  if (!cells) return []
  return [
    [
      'made in holes and farther from every real cell than 95 % of what is made from posteriors',
      `${formatPercent(cells.unlike.value)} ± ${formatPercent(cells.unlike.error)} of ${cells.nMade}`,
    ],
    [
      'distance of their profiles to the nearest of a real cell (Hellinger)',
      `${shown(cells.fromHoles)} made in holes, ${shown(cells.fromPosteriors)} made from posteriors`,
    ],
  ]
}

/** What cells made in holes look like, as a sentence that follows another. */
function sentenceOf(cells: HoleCells | undefined): string {
  if (!cells) return ''
  const { value, error } = cells.unlike
  const share = `${formatPercent(value)} ± ${formatPercent(error)}`
  if (value - 2 * error > MOSTLY_UNLIKE)
    return ` What the decoder makes there looks like no cell: ${share} of it lies farther from all of them than cells made from posteriors do.`
  if (value - 2 * error > PARTLY_UNLIKE)
    return ` A part of what the decoder makes there looks like no cell (${share}).`
  return ` What the decoder makes there still looks like cells: ${share} of it lies farther from them than cells made from posteriors do.`
}
