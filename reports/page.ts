type Coloring =
  | { kind: 'categorical'; name: string; categories: string[]; codes: string }
  | { kind: 'numeric'; name: string; values: string }

interface PageData {
  nCells: number
  cellNames: string[]
  positions: string
  colorings: Coloring[]
}

/** How the cells look under one colouring. */
interface View {
  color(cell: number): Rgb
  /** Drawing order; negative for cells that the legend has faded out. */
  layer(cell: number): number
  /** The cell's value, in words. */
  text(cell: number): string
  /** Fills the legend; `changed` asks for a new drawing. */
  legend(element: HTMLElement, changed: () => void): void
  /** Shows all categories again; false when nothing is faded. */
  readonly isolated: boolean
  showAll(): void
}

const MISSING_CODE = 0xffff

function decode(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer
}

function createElement(tag: string, className: string, text = ''): HTMLElement {
  const element = document.createElement(tag)
  element.className = className
  element.textContent = text
  return element
}

function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return 'missing'
  const size = Math.abs(value)
  return size !== 0 && (size < 1e-3 || size >= 1e7)
    ? value.toExponential(2)
    : String(Number(value.toPrecision(4)))
}

function categoricalView(coloring: Extract<Coloring, { kind: 'categorical' }>): View {
  const codes = new Uint16Array(decode(coloring.codes))
  const sizes = new Map<number, number>()
  for (const code of codes) sizes.set(code, (sizes.get(code) ?? 0) + 1)
  const present = [...sizes.keys()].sort((a, b) => a - b)
  const chosen = new Set<number>()
  const colorOf = (code: number) => (code === MISSING_CODE ? MISSING_COLOR : categoryColor(code))
  const nameOf = (code: number) => (code === MISSING_CODE ? 'missing' : (coloring.categories[code] ?? ''))
  return {
    color: (cell) => colorOf(codes[cell] ?? MISSING_CODE),
    layer: (cell) => (chosen.size === 0 || chosen.has(codes[cell] ?? MISSING_CODE) ? 0 : -1),
    text: (cell) => nameOf(codes[cell] ?? MISSING_CODE),
    get isolated() {
      return chosen.size > 0
    },
    showAll: () => chosen.clear(),
    legend: (element, changed) => {
      for (const code of present) {
        const button = createElement('button', 'category')
        button.setAttribute('type', 'button')
        button.setAttribute('aria-pressed', String(chosen.has(code)))
        button.classList.toggle('faded', chosen.size > 0 && !chosen.has(code))
        const patch = createElement('span', 'patch')
        patch.style.background = cssColor(colorOf(code))
        const size = (sizes.get(code) ?? 0).toLocaleString('en-US')
        button.append(
          patch,
          createElement('span', 'label', nameOf(code)),
          createElement('span', 'size', size),
        )
        button.addEventListener('click', () => {
          if (!chosen.delete(code)) chosen.add(code)
          changed()
        })
        element.append(button)
      }
    },
  }
}

function numericView(coloring: Extract<Coloring, { kind: 'numeric' }>, isDark: () => boolean): View {
  const values = new Float32Array(decode(coloring.values))
  const sorted = values.filter(Number.isFinite).sort()
  // a few extreme cells must not leave one colour for all others
  const low = sorted[Math.floor(0.01 * (sorted.length - 1))] ?? 0
  const high = sorted[Math.ceil(0.99 * (sorted.length - 1))] ?? 0
  const share = (value: number) => (high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5)
  const missing = values.length - sorted.length
  return {
    color: (cell) => {
      const value = values[cell] ?? Number.NaN
      return Number.isFinite(value) ? rampColor(share(value), isDark()) : MISSING_COLOR
    },
    layer: (cell) => {
      const value = values[cell] ?? Number.NaN
      return Number.isFinite(value) ? share(value) : 0
    },
    text: (cell) => shortNumber(values[cell] ?? Number.NaN),
    isolated: false,
    showAll: () => {},
    legend: (element) => {
      if (sorted.length === 0) {
        element.append(createElement('p', 'empty', 'No cell has a value.'))
        return
      }
      const stops = Array.from({ length: 11 }, (_, i) => cssColor(rampColor(i / 10, isDark())))
      const ramp = createElement('div', 'ramp')
      ramp.style.background = `linear-gradient(to right, ${stops.join(', ')})`
      const ends = createElement('div', 'ends')
      const atMost = (sorted[0] ?? low) < low ? '≤ ' : ''
      const atLeast = (sorted[sorted.length - 1] ?? high) > high ? '≥ ' : ''
      ends.append(
        createElement('span', '', `${atMost}${shortNumber(low)}`),
        createElement('span', '', `${atLeast}${shortNumber(high)}`),
      )
      element.append(ramp, ends)
      if (missing > 0)
        element.append(
          createElement('p', 'note', `${missing.toLocaleString('en-US')} cells without a value are grey.`),
        )
    },
  }
}

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no element "${id}"`)
  return found as T
}

function startScatter(data: PageData): void {
  const box = document.querySelector<HTMLElement>('.scatter')
  if (!box) return
  box.hidden = false
  const canvas = element<HTMLCanvasElement>('points')
  const select = element<HTMLSelectElement>('coloring')
  const legend = element('legend')
  const tooltip = element('tooltip')
  const showAll = element('show-all')
  const summary = element('summary')
  const scatter = new Scatter(canvas, new Uint16Array(decode(data.positions)))
  const darkQuery = window.matchMedia('(prefers-color-scheme: dark)')
  const isDark = () => darkQuery.matches
  const { colorings } = data
  const views = new Map<number, View>()

  const viewOf = (at: number): View => {
    const known = views.get(at)
    if (known) return known
    const coloring = colorings[at]
    if (!coloring) throw new Error(`there is no colouring ${at}`)
    const view = coloring.kind === 'numeric' ? numericView(coloring, isDark) : categoricalView(coloring)
    views.set(at, view)
    return view
  }
  const current = () => viewOf(select.selectedIndex)

  const draw = () => {
    const view = current()
    tooltip.hidden = true
    scatter.draw(view.color, view.layer)
    // the legend is made anew: keep its place and the focus of the keyboard
    const scrolled = legend.scrollTop
    const focused = Array.from(legend.children).indexOf(document.activeElement ?? legend)
    legend.replaceChildren()
    view.legend(legend, draw)
    legend.scrollTop = scrolled
    const again = legend.children[focused]
    if (again instanceof HTMLElement) again.focus({ preventScroll: true })
    showAll.hidden = !view.isolated
    const cells = data.nCells.toLocaleString('en-US')
    let shown = 0
    for (let i = 0; i < data.nCells; i++) if (view.layer(i) >= 0) shown++
    summary.textContent = view.isolated
      ? `${shown.toLocaleString('en-US')} of ${cells} cells`
      : `${cells} cells`
  }
  const resize = () => {
    scatter.resize()
    draw()
  }

  select.append(...colorings.map((coloring) => new Option(coloring.name)))
  select.addEventListener('change', draw)
  showAll.addEventListener('click', () => {
    current().showAll()
    draw()
  })
  canvas.addEventListener('pointermove', (event) => {
    const view = current()
    const cell = scatter.pointAt(event.offsetX, event.offsetY, (point) => view.layer(point) >= 0)
    tooltip.hidden = cell === undefined
    if (cell === undefined) return
    const coloring = colorings[select.selectedIndex]?.name ?? ''
    tooltip.replaceChildren(
      createElement('strong', '', data.cellNames[cell] ?? ''),
      document.createElement('br'),
      `${coloring}: ${view.text(cell)}`,
    )
    const right = event.offsetX > canvas.clientWidth / 2
    tooltip.style.left = right ? '' : `${event.offsetX + 14}px`
    tooltip.style.right = right ? `${canvas.clientWidth - event.offsetX + 14}px` : ''
    tooltip.style.top = `${event.offsetY + 10}px`
  })
  canvas.addEventListener('pointerleave', () => {
    tooltip.hidden = true
  })
  darkQuery.addEventListener('change', draw)
  new ResizeObserver(resize).observe(canvas)
  resize()
}

const pageData = JSON.parse(element('report-data').textContent ?? 'null') as PageData | null
if (pageData) startScatter(pageData)
