import { obsColumn } from '../../anndata/frame/obs-column.js'
import { guessBatches, summarizeColumns } from '../../anndata/inspect.js'
import { checkCovariates } from '../../cells/check-covariates.js'
import type { CellColumns } from '../../cells/obs-values.js'
import { ScvaeError } from '../../errors.js'
import { formatCount } from '../../report/format.js'

/** More values than this are numbers that count something, hardly batches. */
const MOST_NUMBERS = 50

/** A column of obs as a batch. */
export interface BatchColumn {
  name: string
  dtype: string
  /** Different values. */
  values: number
  /** Cells of the rarest value; 0 where no cell has one. */
  smallest: number
  missing: number
  /** Whether it looks like one. */
  likely: boolean
  /** Why it does not, or why `scvae fit` would refuse it; undefined for a likely one. */
  because: string | undefined
}

/** Judges all columns of obs as batches of all cells, the likely ones first. */
export function batchColumns(data: CellColumns): BatchColumn[] {
  const summaries = summarizeColumns(data.path, data.obs, data.nCells)
  const guessed = guessBatches(summaries, data.nCells)
  const cells = Int32Array.from({ length: data.nCells }, (_, cell) => cell)
  const columns = summaries.map(({ name, dtype, distinct, missing }): BatchColumn => {
    const refused = refusalOf(data, cells, name)
    const few = distinct <= Math.min(MOST_NUMBERS, data.nCells / 10)
    const isCode = /^(bool|u?int)/.test(dtype) && few
    const because =
      refused ?? (guessed.includes(name) || isCode ? undefined : doubt(dtype, distinct, data.nCells))
    const likely = because === undefined
    return { name, dtype, values: distinct, smallest: smallestOf(data, name), missing, likely, because }
  })
  const rank = ({ name, likely }: BatchColumn) => {
    const at = guessed.indexOf(name)
    return likely ? (at < 0 ? guessed.length : at) : guessed.length + 1
  }
  return columns.sort((a, b) => rank(a) - rank(b))
}

/** What `scvae fit --batch-key` would say, without the file's name. */
function refusalOf(data: CellColumns, cells: Int32Array, name: string): string | undefined {
  if (cells.length === 0) return 'there are no cells'
  try {
    checkCovariates(data, cells, { batchKey: name }, { numericBatch: false })
    return undefined
  } catch (error) {
    if (!(error instanceof ScvaeError)) throw error
    // the table has the name of the column, and the file's is above it
    const said = error.message.replace(`"${data.path}": `, '').replace(/\.$/, '')
    return said.replace(/^the (?:batch|obs) column ".*?" /, '').replace(` in the batch column "${name}"`, '')
  }
}

function doubt(dtype: string, distinct: number, nCells: number): string {
  if (/^float/.test(dtype)) return 'its values are measured numbers'
  if (distinct === nCells) return 'every cell has a value of its own'
  return `${formatCount(distinct)} values for ${formatCount(nCells)} cells`
}

function smallestOf(data: CellColumns, name: string): number {
  const { codes, categories } = obsColumn(data, name)
  const sizes = new Int32Array(categories.length)
  for (const code of codes) if (code >= 0) sizes[code]!++
  return sizes.reduce((least, size) => (size > 0 && (least === 0 || size < least) ? size : least), 0)
}
