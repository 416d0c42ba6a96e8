import type { CrossTalk } from '../../analysis/diagnose/cross-talk.js'
import type { InformationGap } from '../../analysis/diagnose/information-gap.js'
import type { Diagnosis } from '../../models/diagnosed-model.js'
import { formatPercent } from '../../report/format.js'
import { type Finding, NOT_KNOWN, shown } from './finding.js'

/** Mean |cos| between what dimensions do to genes above which they do the same. */
const THE_SAME = 0.8
/** Gap above which a dimension can be named after a column. */
const NAMED = 0.3

/** Whether single dimensions mean something by themselves. */
export function singleDimensions({ dimensions: { columns, crossTalk } }: Diagnosis): Finding {
  const about = { name: 'disentanglement', title: 'Single dimensions', unit: 'mean |cos|' } as const
  const figures = [...talkFigures(crossTalk), ...columns.map(columnFigure)]
  if (!crossTalk)
    return {
      ...about,
      ...NOT_KNOWN,
      sentence: 'Fewer than two dimensions are in use, so there are none to tell apart.',
      figures,
    }
  const { mean } = crossTalk
  const judged = { ...about, value: mean.value, error: mean.error, figures }
  if (mean.value - 2 * mean.error > THE_SAME)
    return {
      ...judged,
      grade: 'attention',
      sentence: `The dimensions change the same genes (mean |cos| ${shown(mean)} between what two of them do): fewer tell as much; fit with a smaller --n-latent.`,
    }
  return { ...judged, grade: 'good', sentence: `${meaning(columns)} ${overlap(crossTalk)}` }
}

function meaning(columns: readonly InformationGap[]): string {
  if (columns.length === 0) return 'No column of obs is known that a dimension could stand for.'
  const widest = columns.reduce((a, b) => (b.gap.value > a.gap.value ? b : a))
  const { name, best, gap, information } = widest
  if (gap.value - 2 * gap.error > NAMED)
    return `Dimension ${best + 1} stands for ${name}: it tells ${formatPercent(information[best]!)} of it, the next one ${formatPercent(gap.value)} less.`
  return `No dimension stands for a column of obs by itself (the widest gap is ${shown(gap)} of 1, of ${name}), as is usual: go by distances in the latent, not by single dimensions.`
}

function overlap({ mean }: CrossTalk): string {
  return `On average two of the dimensions in use overlap by ${shown(mean)} in the genes that they change (mean |cos|; 0 is no overlap).`
}

function talkFigures(talk: CrossTalk | undefined): Finding['figures'] {
  if (!talk) return []
  const k = talk.dimensions.length
  const off = talk.pairs.map((value, at) => (Math.floor(at / k) === at % k ? 0 : value))
  const most = off.indexOf(Math.max(...off))
  const [a, b] = [Math.floor(most / k), most % k].map((at) => talk.dimensions[at]! + 1)
  return [
    ['cross-talk: mean |cos| between columns of the Jacobian', shown(talk.mean, 3)],
    ['dimensions that overlap most', `${a} and ${b}: ${off[most]!.toFixed(2)}`],
  ]
}

const columnFigure = ({ name, gap, best, information, nClasses }: InformationGap) =>
  [
    `information gap of ${name} (${nClasses} values)`,
    `${shown(gap)}; dimension ${best + 1} tells ${formatPercent(information[best]!)} of it`,
  ] as const
