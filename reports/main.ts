import { NO_CATEGORY, type PackedModel } from '../src/report/page/page-data.js'
import { byId, count, create } from './dom.js'
import { readPageData } from './inflate.js'
import { CellMap } from './map/cell-map.js'
import { ModelClient } from './model/client.js'
import { type CellCard, startCellCard } from './panels/cell-card.js'
import { startCompare } from './panels/compare.js'
import { startDrop } from './panels/drop.js'
import { startGeneSearch } from './panels/gene-search.js'
import { surprisingOf } from './panels/surprising.js'
import { Reader } from './reader/client.js'
import { categoricalView, cellsOfCategory } from './views/categorical-view.js'
import { numericView } from './views/numeric-view.js'
import type { View } from './views/view.js'

/** Genes are shown for so many counts of a cell. */
const PER = 1e4

type PageData = Awaited<ReturnType<typeof readPageData>>

// not on paper: the page is printed in light colours
const darkness = window.matchMedia('screen and (prefers-color-scheme: dark)')
const isDark = () => darkness.matches

function viewsOf({ header, arrays }: PageData): View[] {
  return header.colorings.map((coloring) =>
    coloring.kind === 'numeric'
      ? numericView(coloring.name, arrays[coloring.values] as Float32Array, isDark)
      : categoricalView(coloring.name, coloring.categories, arrays[coloring.codes] as Uint16Array, isDark),
  )
}

/** The map with its legend and its tooltip. */
class Cells {
  readonly #data: PageData
  readonly views: readonly View[]
  readonly map: CellMap
  readonly #select = byId<HTMLSelectElement>('coloring')
  readonly #legend = byId('legend')
  readonly #tooltip = byId('tooltip')
  readonly #showAll = byId('show-all')
  readonly #summary = byId('summary')
  readonly #geneOption = new Option('', 'gene')
  #gene: View | undefined
  onClick: (cell: number | undefined) => void = () => {}
  onLasso: (cells: Uint32Array) => void = () => {}

  constructor(data: PageData) {
    this.#data = data
    this.views = viewsOf(data)
    const reset = byId('reset-view')
    const canvas = byId<HTMLCanvasElement>('points')
    this.map = new CellMap(
      { box: byId('map'), canvas, overlay: byId<HTMLCanvasElement>('overlay') },
      data.arrays[data.header.positions] as Uint16Array,
      {
        onHover: (cell, x, y) => this.#hover(cell, x, y, canvas.clientWidth),
        onClick: (cell) => this.onClick(cell),
        onLasso: (cells) => this.onLasso(cells),
        onMove: (isMoved) => {
          reset.hidden = !isMoved
        },
      },
    )
    this.#select.append(...this.views.map(({ name }, i) => new Option(name, String(i))))
    this.#select.addEventListener('change', () => this.draw())
    this.#showAll.addEventListener('click', () => {
      this.current.showAll()
      this.draw()
    })
    reset.addEventListener('click', () => this.map.reset())
    byId('zoom-in').addEventListener('click', () => this.map.zoom(1.5))
    byId('zoom-out').addEventListener('click', () => this.map.zoom(1 / 1.5))
    const lasso = byId('lasso')
    lasso.addEventListener('click', () => {
      this.map.lasso = !this.map.lasso
      lasso.setAttribute('aria-pressed', String(this.map.lasso))
    })
    darkness.addEventListener('change', () => {
      this.draw()
      // a browser that prints waits for no frame
      this.map.drawNow()
    })
    new ResizeObserver(() => this.map.resize()).observe(canvas)
    this.draw()
    this.map.resize()
  }

  get current(): View {
    const gene = this.#geneOption.selected ? this.#gene : undefined
    return gene ?? this.views[Number(this.#select.value)] ?? this.views[0]!
  }

  /** Colours the cells by a gene, which can then be chosen like a column. */
  showGene(view: View): void {
    this.#gene = view
    this.#geneOption.textContent = `gene ${view.name}`
    this.#select.prepend(this.#geneOption)
    this.#geneOption.selected = true
    this.draw()
  }

  draw(): void {
    const view = this.current
    this.#tooltip.hidden = true
    this.map.show(view)
    // the legend is made anew: keep its place and the focus of the keyboard
    const legend = this.#legend
    const scrolled = legend.scrollTop
    const controls = () => [...legend.querySelectorAll<HTMLElement>('button, input')]
    const focused = controls().indexOf(document.activeElement as HTMLElement)
    legend.replaceChildren(create('h3', '', view.name))
    view.legend(legend, () => this.draw())
    legend.scrollTop = scrolled
    if (focused >= 0) controls()[focused]?.focus({ preventScroll: true })
    this.#showAll.hidden = !view.isolated
    const { nCells } = this.#data.header
    let shown = 0
    for (let cell = 0; cell < nCells; cell++) if (view.layer(cell) >= 0) shown++
    this.#summary.textContent = view.isolated
      ? `${count(shown)} of ${count(nCells)} cells`
      : `${count(nCells)} cells`
  }

  #hover(cell: number | undefined, x: number, y: number, width: number): void {
    const tooltip = this.#tooltip
    tooltip.hidden = cell === undefined
    if (cell === undefined) return
    const view = this.current
    tooltip.replaceChildren(
      create('strong', '', this.#data.header.cellNames[cell] ?? ''),
      document.createElement('br'),
      `${view.name}: ${view.text(cell)}`,
    )
    const right = x > width / 2
    tooltip.style.left = right ? '' : `${x + 14}px`
    tooltip.style.right = right ? `${width - x + 14}px` : ''
    tooltip.style.top = `${y + 10}px`
  }
}

/** The arrays that layers and a head are in. */
function arraysOf({ layers, head }: PackedModel['encoder'], arrays: PageData['arrays']): PageData['arrays'] {
  const names = [...layers, head].flatMap(({ weight, bias }) => [weight, bias])
  return Object.fromEntries(names.flatMap((name) => (arrays[name] ? [[name, arrays[name]]] : [])))
}

/** What a click on a cell can ask of a page that holds the model. */
type CardModel = Pick<CellCard, 'model' | 'surprising' | 'showGene'>

const NO_MODEL: CardModel = { model: undefined, surprising: () => undefined, showGene: () => {} }

/** What can be done where the page holds the model. */
function startModel(data: PageData, cells: Cells): CardModel {
  const { model, cellNames, nCells, colorings } = data.header
  if (!model) return NO_MODEL
  byId('model-tools').hidden = false
  const client = new ModelClient(byId('worker').textContent ?? '', model, data)
  const batchSelect = byId<HTMLSelectElement>('as-batch')
  const batch = () => (batchSelect.value === '' ? undefined : Number(batchSelect.value))
  if (model.batches.length > 1) {
    byId('as-batch-label').hidden = false
    batchSelect.append(
      new Option('its own', ''),
      ...model.batches.map((name, code) => new Option(name, String(code))),
    )
  }
  const status = byId('gene-status')
  let shown: number | undefined
  let asked = 0
  const showGene = async (gene: number) => {
    const own = ++asked
    shown = gene
    named(gene)
    const as = batch()
    try {
      const rates = await client.ask<'gene'>(
        { kind: 'gene', gene, ...(as !== undefined && { batch: as }) },
        (share) => {
          if (share < 1) status.textContent = `${Math.floor(100 * share)} %`
        },
      )
      status.textContent = ''
      if (own !== asked) return
      const about =
        `Decoded: what the model expects among ${count(PER)} counts of a cell` +
        (as === undefined ? '.' : `, had it been in ${model.batches[as]}.`)
      cells.showGene(
        numericView(
          model.genes[gene] ?? '',
          rates.map((rate) => PER * rate),
          isDark,
          about,
        ),
      )
    } catch (error) {
      status.textContent = (error as Error).message
    }
  }
  const named = startGeneSearch({ genes: model.genes, show: (gene) => void showGene(gene) })
  batchSelect.addEventListener('change', () => {
    if (shown !== undefined) void showGene(shown)
  })
  const { onLasso } = startCompare(client, {
    ...{ nCells, cellNames, genes: model.genes, batch },
    columns: colorings.flatMap((coloring) => {
      if (coloring.kind === 'numeric') return []
      const codes = data.arrays[coloring.codes] as Uint16Array
      const present = new Set(codes)
      return [
        {
          name: coloring.name,
          categories: coloring.categories.flatMap((name, code) =>
            present.has(code) && code !== NO_CATEGORY
              ? [{ name, cells: () => cellsOfCategory(codes, code) }]
              : [],
          ),
        },
      ]
    }),
    showGene: (gene) => void showGene(gene),
  })
  cells.onLasso = onLasso
  const reader = new Reader(byId('reader').textContent ?? '')
  const { encoder, query } = model
  startDrop({
    genes: model.genes.length,
    embed: (file, onShare) =>
      reader.embed({ file, encoder, query, arrays: arraysOf(encoder, data.arrays) }, onShare),
    show: async (latent) =>
      cells.map.showOthers(
        latent ? await client.ask<'place'>({ kind: 'place', latent }) : new Float32Array(),
      ),
  })
  return {
    model: client,
    surprising: surprisingOf(data, model),
    showGene: (gene) => void showGene(gene),
  }
}

async function start(): Promise<void> {
  const text = byId('report-data').textContent ?? ''
  if (text === '') return
  const data = await readPageData(text)
  byId('cells-box').hidden = false
  const cells = new Cells(data)
  cells.onClick = startCellCard({
    cellNames: data.header.cellNames,
    views: () => (cells.views.includes(cells.current) ? cells.views : [cells.current, ...cells.views]),
    ...startModel(data, cells),
    ring: (ringed) => cells.map.ring(ringed),
  })
}

void start()
