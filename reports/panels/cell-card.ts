import { button, byId, create } from '../dom.js'
import type { ModelClient } from '../model/client.js'
import type { View } from '../views/view.js'

/** Cells that are named beside one. */
const NEAREST = 10

export interface CellCard {
  cellNames: readonly string[]
  views: () => readonly View[]
  model: ModelClient | undefined
  /** Puts rings around cells of the map. */
  ring(cells: readonly number[]): void
}

/** Shows what is known of one cell; gives what a click on the map is handed to. */
export function startCellCard({
  cellNames,
  views,
  model,
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
    card.replaceChildren(title, button('Close', close, 'close'), facts)
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
  return show
}
