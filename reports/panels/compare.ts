import type { Comparison } from '../../src/report/page/cell-model.js'
import { button, byId, count, create, csvText, saveText, shortNumber, table } from '../dom.js'
import type { ModelClient } from '../model/client.js'

/** Genes of the table; all are in the file. */
const SHOWN = 40
/** Shares are shown for so many counts. */
const PER = 1e4

/** Groups of cells that can be chosen. */
export interface GroupChoices {
  /** Categorical columns with the cells of each category. */
  columns: readonly { name: string; categories: readonly { name: string; cells: () => Uint32Array }[] }[]
  nCells: number
  cellNames: readonly string[]
  genes: readonly string[]
  /** Code of a batch in place of the cells' own, when one is chosen. */
  batch(): number | undefined
  /** Colours the map by a gene. */
  showGene(gene: number): void
}

/** Lets the reader compare two groups of cells; gives what a lasso's cells are handed to. */
export function startCompare(
  model: ModelClient,
  choices: GroupChoices,
): { onLasso: (cells: Uint32Array) => void } {
  const lassos = new Map<string, Uint32Array>()
  const selects = { a: byId<HTMLSelectElement>('group-a'), b: byId<HTMLSelectElement>('group-b') }
  const status = byId('compare-status')
  const result = byId('compare-result')

  const fill = (select: HTMLSelectElement, first: HTMLOptionElement) => {
    const kept = select.value
    const lassoOptions = [...lassos].map(
      ([name, cells]) => new Option(`${name} (${count(cells.length)} cells)`, name),
    )
    const groups = choices.columns.map(({ name, categories }, column) => {
      const group = document.createElement('optgroup')
      group.label = name
      group.append(...categories.map((one, i) => new Option(`${name}: ${one.name}`, `${column} ${i}`)))
      return group
    })
    select.replaceChildren(first, ...lassoOptions, ...groups)
    if ([...select.options].some(({ value }) => value === kept)) select.value = kept
  }
  const refill = () => {
    fill(selects.a, new Option('choose a group', ''))
    fill(selects.b, new Option('all other cells', 'rest'))
  }

  const cellsOf = (value: string): Uint32Array | undefined => {
    const lasso = lassos.get(value)
    if (lasso) return lasso
    const [column, category] = value.split(' ').map(Number)
    return choices.columns[column ?? -1]?.categories[category ?? -1]?.cells()
  }
  const groups = (): { a: Uint32Array; b: Uint32Array } | undefined => {
    const a = cellsOf(selects.a.value)
    if (!a) return undefined
    const own = new Set(a)
    const all = Uint32Array.from({ length: choices.nCells }, (_, cell) => cell)
    const b = (selects.b.value === 'rest' ? all : cellsOf(selects.b.value))?.filter((cell) => !own.has(cell))
    return b && { a, b }
  }

  const run = async () => {
    const chosen = groups()
    if (!chosen) return say('Choose a group first: from the list, or by a lasso on the map.')
    if (chosen.a.length === 0 || chosen.b.length === 0)
      return say('One of the groups has no cells of its own.')
    result.replaceChildren()
    try {
      const batch = choices.batch()
      const compared = await model.ask<'compare'>(
        { kind: 'compare', ...chosen, ...(batch !== undefined && { batch }) },
        (share) => say(`${Math.floor(100 * share)} %`),
      )
      say(sentence(chosen, compared))
      result.append(comparisonTable(compared, choices), downloads(chosen, compared, choices))
    } catch (error) {
      say((error as Error).message)
    }
  }
  const say = (text: string) => {
    status.textContent = text
  }

  byId('compare').addEventListener('click', () => void run())
  refill()
  return {
    onLasso: (cells) => {
      const name = `lasso ${lassos.size + 1}`
      lassos.set(name, cells)
      refill()
      const select = selects.a.value === '' ? selects.a : selects.b
      select.value = name
      say(`${count(cells.length)} cells are ${name}.`)
    },
  }
}

function sentence({ a, b }: { a: Uint32Array; b: Uint32Array }, { decodedA, decodedB }: Comparison): string {
  const of = (all: number, decoded: number) =>
    decoded < all ? `${count(decoded)} of ${count(all)}` : count(all)
  return `Means of decoded expression: ${of(a.length, decodedA)} cells in A, ${of(b.length, decodedB)} in B.`
}

function comparisonTable(
  { meanA, meanB, logFoldChange }: Comparison,
  { genes, showGene }: GroupChoices,
): HTMLElement {
  const order = genes
    .map((_, gene) => gene)
    .sort((x, y) => Math.abs(logFoldChange[y]!) - Math.abs(logFoldChange[x]!))
  const rows = order
    .slice(0, SHOWN)
    .map((gene) => [
      button(genes[gene] ?? '', () => showGene(gene), 'link'),
      shortNumber(PER * meanA[gene]!),
      shortNumber(PER * meanB[gene]!),
      logFoldChange[gene]!.toFixed(2),
    ])
  const caption = `Mean counts of ${count(PER)}; the largest differences first`
  return table(caption, ['Gene', 'A', 'B', 'log2 A/B'], rows)
}

function downloads(
  { a, b }: { a: Uint32Array; b: Uint32Array },
  { meanA, meanB, logFoldChange }: Comparison,
  { genes, cellNames }: GroupChoices,
): HTMLElement {
  const line = create('p', 'actions')
  const rows = () =>
    genes.map((name, gene) => [csvText(name), meanA[gene], meanB[gene], logFoldChange[gene]].join(','))
  line.append(
    button('All genes (CSV)', () =>
      saveText(
        'comparison.csv',
        'text/csv',
        `${['gene,mean_a,mean_b,log2_fold_change', ...rows()].join('\n')}\n`,
      ),
    ),
    ...(['A', 'B'] as const).map((group) =>
      button(`Cells of ${group}`, () => {
        const cells = group === 'A' ? a : b
        const names = Array.from(cells, (cell) => cellNames[cell] ?? '')
        saveText(`cells-${group.toLowerCase()}.txt`, 'text/plain', `${names.join('\n')}\n`)
      }),
    ),
  )
  return line
}
