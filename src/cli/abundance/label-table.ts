import { Float64, Int32, Table, Utf8, type Vector, vectorFromArray } from 'apache-arrow'
import { tableToCsv } from '../../anndata/frame/table-csv.js'
import type { Abundance } from '../../models/abundance-options.js'
import { writeChunks } from '../write-chunks.js'

/** Writes a row for each label: its cells, mean shares and how conditions differ in them. */
export function writeLabelTable(path: string, { labels, samples, comparison }: Abundance): void {
  const { labels: names, difference } = labels!
  const shares = sharesOf(labels!.counts)
  const meanShare = (label: number, condition: string | undefined) => {
    const of = samples.flatMap((sample, s) => (sample.condition === condition ? [shares(label, s)] : []))
    return of.reduce((sum, share) => sum + share, 0) / of.length
  }
  const perLabel = (value: (label: number) => number) => numbers(names.map((_, label) => value(label)))
  writeTable(path, {
    label: texts(names),
    n_cells: whole(
      names.map((_, label) => samples.reduce((sum, __, s) => sum + countOf(labels!.counts, label, s), 0)),
    ),
    ...(comparison && difference
      ? {
          share1: perLabel((label) => meanShare(label, comparison.group1)),
          share2: perLabel((label) => meanShare(label, comparison.group2)),
          log2_odds_ratio: numbers([...difference.effect]),
          p: numbers([...difference.p]),
          p_adjusted: numbers([...difference.adjustedP]),
        }
      : { share: perLabel((label) => meanShare(label, undefined)) }),
  })
}

/** Writes a row for each label and sample. */
export function writeSampleTable(path: string, { labels, samples }: Abundance): void {
  const { labels: names, counts } = labels!
  const shares = sharesOf(counts)
  const rows = names.flatMap((label, l) => samples.map((sample, s) => ({ label, l, sample, s })))
  writeTable(path, {
    label: texts(rows.map(({ label }) => label)),
    sample: texts(rows.map(({ sample }) => sample.sample)),
    ...(samples[0]!.condition !== undefined && {
      condition: texts(rows.map(({ sample }) => sample.condition!)),
    }),
    n_cells: whole(rows.map(({ l, s }) => countOf(counts, l, s))),
    share: numbers(rows.map(({ l, s }) => shares(l, s))),
  })
}

type Counts = NonNullable<Abundance['labels']>['counts']

const countOf = ({ values, columns }: Counts, label: number, sample: number): number =>
  values[label * columns + sample]!

/** Shares of labels in a sample's labelled cells. */
function sharesOf(counts: Counts): (label: number, sample: number) => number {
  const totals = Array.from({ length: counts.columns }, (_, sample) => {
    let total = 0
    for (let label = 0; label < counts.rows; label++) total += countOf(counts, label, sample)
    return total
  })
  return (label, sample) => countOf(counts, label, sample) / totals[sample]!
}

const texts = (values: readonly string[]) => vectorFromArray([...values], new Utf8())
const numbers = (values: readonly number[]) => vectorFromArray([...values], new Float64())
const whole = (values: readonly number[]) => vectorFromArray([...values], new Int32())

const writeTable = (path: string, columns: Record<string, Vector>): void =>
  writeChunks(path, tableToCsv(new Table(columns)))
