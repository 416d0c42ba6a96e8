import type { DesignPair, StudyDesign } from '../../analysis/design/study-design.js'
import type { AnnData } from '../../anndata/read.js'
import type { FindingsPage, ShownFinding } from '../../report/findings-page.js'
import { formatCount } from '../../report/format.js'
import { listed } from '../text.js'
import { oddities } from './oddities.js'
import { batchRows, columnRows, MOST_BATCHES, NO_COLUMNS } from './rows.js'
import { choiceSentence, pairSentence, verdict } from './sentences.js'

/** Values of a column that a table of a crossing has room for. */
const MOST_ROWS = 40
const MOST_COLUMNS = 20

/** What the page of a design shows beneath its title. */
export function designPage(found: StudyDesign, adata: AnnData, file: string): Omit<FindingsPage, 'title'> {
  const { pairs, batches, batchKey, constant } = found
  const one = constant.length > 0 ? ` The same for all cells: ${listed(constant, 12)}.` : ''
  const listedBatches =
    batches.length > MOST_BATCHES
      ? `The first ${MOST_BATCHES} of ${formatCount(batches.length)}.`
      : 'Genes that it alone has: in at least 20 cells, and by chance once in a million.'
  return {
    kind: 'scvae design',
    verdict: `${verdict(found, file)}.`,
    findings: [...keyFindings(found), ...oddities(found, adata)],
    tables: [
      ...(pairs.length > 0 ? [crossingsTable(pairs)] : []),
      ...pairs.map(cellsTable),
      ...(batches.length > 0
        ? [
            {
              title: `Cells and counts by ${batchKey}`,
              note: listedBatches,
              rows: batchRows(found, adata),
            },
          ]
        : []),
      {
        title: 'Columns',
        note:
          found.columns.length > 0
            ? `What parts the ${formatCount(found.nCells)} cells into a few groups; smallest: cells of the smallest group.${one}`
            : `${NO_COLUMNS}${one}`,
        rows: columnRows(found),
      },
    ],
  }
}

/** A finding for each key; where none is advised, they need attention. */
function keyFindings({ advice: { choices, advised } }: StudyDesign): ShownFinding[] {
  return choices.map((choice) => ({
    title: `${choice.name} as a batch key`,
    grade: advised === undefined ? 'attention' : choice.name === advised ? 'good' : 'unknown',
    sentence: `${choiceSentence(choice)}.`,
    figures: [],
  }))
}

function crossingsTable(pairs: readonly DesignPair[]): FindingsPage['tables'][number] {
  return {
    title: 'What crosses',
    note: "Cramér's V with Bergsma's correction: 0 where one column tells nothing of the other, 1 where it tells all. Effects of two columns can be told apart where all values are linked, so in one group.",
    rows: [
      ['columns', "Cramér's V", 'groups of values', 'cells with both'],
      ...pairs.map(({ first, second, crossing }) => [
        `${first} × ${second}`,
        crossing.cramersV.toFixed(2),
        formatCount(crossing.nGroups),
        formatCount(crossing.cells),
      ]),
    ],
  }
}

/** The cells of each combination, of as many values as a page has room for. */
function cellsTable({ first, second, role, crossing }: DesignPair): FindingsPage['tables'][number] {
  const { rows, columns, table, cramersV } = crossing
  const cut = rows.length > MOST_ROWS || columns.length > MOST_COLUMNS
  const sentence = pairSentence({ first, second, role, crossing })
  return {
    title: `${first} × ${second}`,
    note: `Cramér's V ${cramersV.toFixed(2)}: ${sentence}. Cells of each combination${cut ? `, of at most ${MOST_ROWS} × ${MOST_COLUMNS} values` : ''}:`,
    rows: [
      [`${first} \\ ${second}`, ...columns.slice(0, MOST_COLUMNS)],
      ...rows
        .slice(0, MOST_ROWS)
        .map((name, r) => [
          name,
          ...columns.slice(0, MOST_COLUMNS).map((_, c) => formatCount(table[r * columns.length + c]!)),
        ]),
    ],
  }
}
