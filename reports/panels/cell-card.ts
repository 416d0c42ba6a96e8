import { button, byId, create, shortNumber, table } from '../dom.js'
import type { ModelClient } from '../model/client.js'
import type { View } from '../views/view.js'
import type { SurprisingGene } from './surprising.js'

/** Cells that are named beside one. */
const NEAREST = 10

export interface CellCard {
  cellNames: readonly string[]
  views: () => readonly View[]
  model: ModelClient | undefined
  /** Genes of a cell whose counts are farthest from the expected ones; undefined where the page does not know them. */
  surprising(cell: number): readonly SurprisingGene[] | undefined
  /** Colours the map by a gene. */
  showGene(gene: number): void
  /** Puts rings around cells of the map. */
  ring(cells: readonly number[]): void
}

/** Shows what is known of one cell, by the tables that name it too; gives what a click on the map is handed to. */
export function startCellCard({
  cellNames,
  views,
  model,
  surprising,
  showGene,
  ring,
}: CellCard): (cell: number | undefined) => void {
  const card = byId('cell-card')
  let shown: number | undefined
  const close = () => {
    shown = undefined
    card.hidden = true
    ring([])
  }
  const show = (cell: number | undefined) => {
    if (cell === undefined) return close()
    shown = cell
    card.hidden = false
    const facts = create('dl', 'facts')
    for (const view of views()) {
      const fact = create('div')
      fact.append(create('dt', '', view.name), create('dd', '', view.text(cell)))
      facts.append(fact)
    }
    const title = create('h3', '', cellNames[cell] ?? '')
    const genes = surprising(cell)
    card.replaceChildren(
      title,
      button('Close', close, 'close'),
      facts,
      ...(genes ? [geneTable(genes, showGene)] : []),
    )
    ring([cell])
    if (model) void showNearest(cell)
  }
  const showNearest = async (cell: number) => {
    const { cells, latent } = await model!.ask<'nearest'>({ kind: 'nearest', cell, k: NEAREST })
    if (shown !== cell) return
    const near = create('p', 'actions')
    near.append(
      'Nearest cells: ',
      ...Array.from(cells, (other) => button(cellNames[other] ?? '', () => show(other), 'link')),
    )
    card.append(
      create('p', 'note', `Posterior mean: ${Array.from(latent, (value) => value.toFixed(2)).join(', ')}`),
      near,
    )
    ring([cell, ...cells])
  }
  for (const name of document.querySelectorAll<HTMLElement>('[data-cell]')) {
    const look = () => {
      show(Number(name.dataset.cell))
      byId('layout').scrollIntoView({ block: 'start' })
    }
    name.replaceChildren(button(name.textContent ?? '', look, 'link'))
  }
  return show
}

function geneTable(genes: readonly SurprisingGene[], showGene: (gene: number) => void): HTMLElement {
  const rows = genes.map(({ gene, name, observed, expected }) => [
    button(name, () => showGene(gene), 'link'),
    shortNumber(observed),
    shortNumber(expected),
  ])
  return table('Most surprising counts of this cell', ['Gene', 'Counted', 'Expected'], rows)
}
