import type { AnnData } from '../anndata/read.js'
import type { PartedCells } from '../cells/empty-cells.js'
import { formatPlural } from '../report/format.js'
import type { Log } from './log.js'
import { listed } from './text.js'

/** Says which cells were left out for want of a count, by the names of the first few. */
export function warnOfEmptyCells(
  { obsNames, nGenes }: Pick<AnnData, 'obsNames' | 'nGenes'>,
  { empty }: PartedCells,
  genes: Int32Array | undefined,
  log: Pick<Log, 'warn'>,
): void {
  if (empty.length === 0) return
  const where = genes && genes.length < nGenes ? ' in the genes that are fitted' : ''
  const [is, has] = empty.length === 1 ? ['is', 'has'] : ['are', 'have']
  const names = listed(Array.from(empty, (cell) => obsNames[cell]!))
  log.warn({
    what: `${formatPlural(empty.length, 'cell')} without a count${where} ${is} left out and ${has} NaN in the outputs`,
    why: names,
    measure: 'cells without a count',
    value: empty.length,
    threshold: 1,
  })
}
