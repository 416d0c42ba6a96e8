import { type GeneCheck, INTERVAL } from '../../analysis/diagnose/predictive-checks.js'
import type { Likelihood } from '../../device/device.js'
import type { Diagnosis } from '../../models/diagnosed-model.js'
import { formatPercent } from '../../report/format.js'
import { listed } from '../text.js'
import { type Finding, type JudgedModel, shown } from './finding.js'

/** Share of the genes that a model may miss: good fits of few cells miss up to a sixth. */
const MISSED = 0.25
/** Predictions' spreads beyond which a difference is not chance. */
const SURE = 4
/** Share of a gene's cells with a zero too many or too few that matters. */
const ZEROS_APART = 0.05
/** Ratio of variances that matters, either way. */
const VARIANCES_APART = 2
/** Share of counts beyond their intervals, or within them for nothing, that matters. */
const COVERAGE_APART = 0.04

/** A gene that a model misses, and in what. */
export interface MissedGene extends GeneCheck {
  name: string
  why: string
}

/** Genes that a model misses, the worst first. */
export function missedGenes({ predictive }: Diagnosis, genes: readonly string[]): MissedGene[] {
  return predictive.genes
    .flatMap((check) => {
      const found = missed(check, predictive.nCells)
      return found ? [{ ...check, name: genes[check.gene]!, ...found }] : []
    })
    .sort((a, b) => b.badness - a.badness || a.gene - b.gene)
    .map(({ badness: _, ...gene }) => gene)
}

function missed(check: GeneCheck, nCells: number): { why: string; badness: number } | undefined {
  const { zeros, variance, coverage } = check
  const zerosApart = zeros.observed - zeros.predicted.value
  if (Math.abs(zerosApart) > ZEROS_APART && Math.abs(zerosApart) > SURE * zeros.predicted.error)
    return {
      why: zerosApart > 0 ? 'more zeros than predicted' : 'fewer zeros than predicted',
      badness: Math.abs(zerosApart) / ZEROS_APART,
    }
  const ratio = variance.observed / variance.predicted.value
  const off = Math.max(ratio, 1 / ratio)
  if (
    off > VARIANCES_APART &&
    Math.abs(variance.observed - variance.predicted.value) > SURE * variance.predicted.error
  )
    return {
      why: ratio > 1 ? 'varies more than predicted' : 'varies less than predicted',
      badness: Math.min(off, 100) / VARIANCES_APART,
    }
  const short = coverage - INTERVAL
  if (
    Math.abs(short) > COVERAGE_APART &&
    Math.abs(short) > SURE * Math.sqrt((INTERVAL * (1 - INTERVAL)) / nCells)
  )
    return {
      why:
        short > 0
          ? 'counts nearer to their means than predicted'
          : 'counts further from their means than predicted',
      badness: Math.abs(short) / COVERAGE_APART,
    }
  return undefined
}

/** Whether counts look like those that the model predicts for the same cells. */
export function predictions(diagnosis: Diagnosis, { description }: JudgedModel): Finding {
  const { predictive } = diagnosis
  const { zeros, ones, total, cellCoverage, totalCoverage, genes } = predictive
  const bad = missedGenes(diagnosis, description.genes)
  const share = bad.length / Math.max(1, genes.length)
  const beside = ({ observed, predicted }: typeof zeros, digits: number) =>
    `${observed.toFixed(digits)}, predicted ${shown(predicted, digits)}`
  const about = {
    name: 'predictions',
    title: 'Predicted counts',
    value: share,
    error: Math.sqrt((share * (1 - share)) / Math.max(1, genes.length)),
    unit: 'share of genes',
    figures: [
      ['zeros among the counts', beside(zeros, 4)],
      ['ones among those above 0', beside(ones, 4)],
      ['mean total of a cell', beside(total, 1)],
      ['counts within intervals of 90 %, median cell', formatPercent(cellCoverage)],
      ['totals within intervals of 90 %', formatPercent(totalCoverage)],
      ['genes that the model misses', `${bad.length} of ${genes.length}`],
    ],
  } satisfies Partial<Finding>
  const onesApart = Math.abs(ones.observed - ones.predicted.value)
  // counts have ones before all else; logarithms and other scaled values jump over them
  if (
    ones.observed < 0.5 * ones.predicted.value &&
    onesApart > 0.02 &&
    onesApart > SURE * ones.predicted.error
  )
    return {
      ...about,
      grade: 'attention',
      sentence: `${formatPercent(ones.observed)} of the values above 0 are 1, where the model predicts ${formatPercent(ones.predicted.value)}: these are hardly raw counts, but scaled or logged values; fit the layer with raw counts.`,
    }
  if (share > MISSED) {
    const { likelihood } = description.config
    const reasons = [...new Set(bad.map(({ why }) => why))]
    const most = reasons
      .map((why) => ({ why, n: bad.filter((one) => one.why === why).length }))
      .sort((a, b) => b.n - a.n)[0]!
    const cause = remedy(most.why, likelihood)
    return {
      ...about,
      grade: 'attention',
      sentence: `The model misses ${formatPercent(share)} of the genes, ${most.n} of them by this: ${most.why} (${listed(bad.map(({ name }) => name))}); ${cause}.`,
    }
  }
  const named = bad.length > 0 ? `, but for ${listed(bad.map(({ name }) => name))}` : ''
  return {
    ...about,
    grade: 'good',
    sentence: `Counts look like those that the model predicts for the same cells${named}.`,
  }
}

function remedy(why: string, likelihood: Likelihood): string {
  if (why.startsWith('varies less') || why.startsWith('fewer') || why.includes('nearer'))
    return 'see that the matrix holds raw counts, not scaled or corrected ones'
  return {
    poisson: 'take --likelihood nb',
    nb: 'try --likelihood zinb, or train for longer',
    zinb: 'train for longer',
  }[likelihood]
}
