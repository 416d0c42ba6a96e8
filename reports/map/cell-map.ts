import type { View } from '../views/view.js'
import { Camera } from './camera.js'
import { glPainter } from './gl-painter.js'
import { cellsWithin, type Point } from './lasso.js'
import { drawOverlay, type MapLabel } from './overlay.js'
import { drawingOrder, type Painter, shuffledOrder } from './painter.js'
import { pixelPainter } from './pixel-painter.js'
import { PointGrid } from './point-grid.js'

/** Opacities of cells, and of those that are faded. */
const OPAQUE = 230
const FADED = 26
/** Pixels between the pointer and a cell that it is on. */
const REACH = 8
/** Pixels that a key moves the map, and its zoom. */
const STEP = 60
const ZOOM = 1.4

export interface MapElements {
  /** What has the focus of the keyboard. */
  box: HTMLElement
  canvas: HTMLCanvasElement
  overlay: HTMLCanvasElement
}

export interface MapEvents {
  /** The pointer is on a cell, or on none. */
  onHover(cell: number | undefined, x: number, y: number): void
  onClick(cell: number | undefined): void
  onLasso(cells: Uint32Array): void
  /** The map was zoomed or moved. */
  onMove(isMoved: boolean): void
}

/** The map of the cells: drawing, zoom, and what the pointer and the keyboard do. */
export class CellMap {
  readonly #box: HTMLElement
  readonly #canvas: HTMLCanvasElement
  readonly #overlay: HTMLCanvasElement
  readonly #events: MapEvents
  readonly #places: Float32Array
  readonly #camera: Camera
  readonly #grid: PointGrid
  readonly #shuffled: Uint32Array
  readonly #painter: Painter
  #view: View | undefined
  #labels: MapLabel[] = []
  #ringed: readonly number[] = []
  #line: Point[] = []
  #others = new Float32Array()
  #ratio = 1
  #asked = false
  /** Whether dragging draws a lasso rather than moves the map. */
  lasso = false

  /** @param positions x and y of every cell in turn, 0 to 65535 */
  constructor({ box, canvas, overlay }: MapElements, positions: Uint16Array, events: MapEvents) {
    this.#box = box
    box.tabIndex = 0
    this.#canvas = canvas
    this.#overlay = overlay
    this.#events = events
    this.#places = Float32Array.from(positions, (value) => value / 65535)
    let [right, top] = [0, 0]
    for (const [i, value] of this.#places.entries()) {
      if (i % 2 === 0) right = Math.max(right, value)
      else top = Math.max(top, value)
    }
    this.#camera = new Camera([right, top])
    this.#grid = new PointGrid(this.#places)
    this.#shuffled = shuffledOrder(this.#places.length / 2)
    this.#painter = glPainter(canvas, this.#places) ?? pixelPainter(canvas, this.#places)
    this.#listen()
  }

  /** Colours the cells. */
  show(view: View): void {
    const n = this.#places.length / 2
    const colors = new Uint8Array(4 * n)
    for (let cell = 0; cell < n; cell++) {
      const [red, green, blue] = view.color(cell)
      colors[4 * cell] = red
      colors[4 * cell + 1] = green
      colors[4 * cell + 2] = blue
      colors[4 * cell + 3] = view.layer(cell) < 0 ? FADED : OPAQUE
    }
    this.#painter.paint({ colors, order: drawingOrder(this.#shuffled, (cell) => view.layer(cell)) })
    if (view !== this.#view) {
      this.#labels = (view.labels ?? []).map(({ name, cells }) => ({ name, ...this.#middleOf(cells()) }))
    }
    this.#view = view
    this.redraw()
  }

  /** Puts a ring around some cells. */
  ring(cells: readonly number[]): void {
    this.#ringed = cells
    this.redraw()
  }

  /** Shows cells that are not the run's own: x and y of each in turn, 0 to 65535, NaN for one that has no place. */
  showOthers(positions: Float32Array): void {
    this.#others = positions.map((value) => value / 65535)
    this.redraw()
  }

  reset(): void {
    this.#camera.reset()
    this.#moved()
  }

  zoom(factor: number): void {
    this.#camera.zoomAt(this.#canvas.clientWidth / 2, this.#canvas.clientHeight / 2, factor)
    this.#moved()
  }

  /** Fits the canvases to their box on the page. */
  resize(): void {
    this.#ratio = Math.min(window.devicePixelRatio || 1, 2)
    const { clientWidth, clientHeight } = this.#canvas
    for (const canvas of [this.#canvas, this.#overlay]) {
      canvas.width = Math.max(1, Math.round(clientWidth * this.#ratio))
      canvas.height = Math.max(1, Math.round(clientHeight * this.#ratio))
    }
    this.#camera.resize(clientWidth, clientHeight)
    this.drawNow()
  }

  /** Draws with the browser's next frame, once however often it is asked for. */
  redraw(): void {
    if (this.#asked) return
    this.#asked = true
    requestAnimationFrame(() => this.drawNow())
  }

  /** Draws at once. */
  drawNow(): void {
    this.#asked = false
    this.#painter.draw(this.#camera, this.#radius() * this.#ratio, this.#ratio)
    const place = (cell: number): Point => [this.#places[2 * cell]!, this.#places[2 * cell + 1]!]
    drawOverlay(this.#overlay, this.#camera, this.#ratio, {
      labels: this.#labels,
      line: this.#line,
      ringed: this.#ringed.map(place),
      others: this.#others,
    })
  }

  /** Larger points where they are few, and somewhat larger the closer one looks. */
  #radius(): number {
    const n = this.#places.length / 2
    const whole = n <= 500 ? 4 : n <= 3000 ? 2.8 : n <= 15000 ? 2 : n <= 200_000 ? 1.4 : 1
    return Math.min(8, whole * Math.max(1, this.#camera.zoom ** 0.35))
  }

  /** Where half of some cells lie on each side. */
  #middleOf(cells: Uint32Array): { x: number; y: number } {
    const middle = (axis: 0 | 1) => {
      const sorted = Float32Array.from(cells, (cell) => this.#places[2 * cell + axis]!).sort()
      return sorted[Math.floor(sorted.length / 2)] ?? 0
    }
    return { x: middle(0), y: middle(1) }
  }

  #cellAt(px: number, py: number): number | undefined {
    const [x, y] = this.#camera.placeOf(px, py)
    const visible = (cell: number) => (this.#view?.layer(cell) ?? 0) >= 0
    return this.#grid.nearest(x, y, REACH / this.#camera.scale, visible)
  }

  #moved(): void {
    this.redraw()
    this.#events.onMove(this.#camera.isMoved)
  }

  #listen(): void {
    const canvas = this.#canvas
    canvas.addEventListener(
      'wheel',
      (event) => {
        // a page is scrolled by the wheel: the map takes it with a key, or once it was clicked on
        if (!event.ctrlKey && !event.metaKey && document.activeElement !== this.#box) return
        event.preventDefault()
        this.#camera.zoomAt(event.offsetX, event.offsetY, Math.exp(-event.deltaY / 300))
        this.#moved()
      },
      { passive: false },
    )
    canvas.addEventListener('dblclick', (event) => {
      this.#camera.zoomAt(event.offsetX, event.offsetY, 2)
      this.#moved()
    })
    this.#box.addEventListener('keydown', (event) => this.#onKey(event))
    this.#listenToPointers()
  }

  #onKey(event: KeyboardEvent): void {
    const moves: Record<string, () => void> = {
      ArrowLeft: () => this.#camera.pan(STEP, 0),
      ArrowRight: () => this.#camera.pan(-STEP, 0),
      ArrowUp: () => this.#camera.pan(0, STEP),
      ArrowDown: () => this.#camera.pan(0, -STEP),
      '+': () => this.zoom(ZOOM),
      '=': () => this.zoom(ZOOM),
      '-': () => this.zoom(1 / ZOOM),
      '0': () => this.#camera.reset(),
    }
    const move = moves[event.key]
    if (!move || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    move()
    this.#moved()
  }

  #listenToPointers(): void {
    const canvas = this.#canvas
    const down = new Map<number, Point>()
    let travelled = 0
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId)
      down.set(event.pointerId, [event.offsetX, event.offsetY])
      travelled = 0
      if (this.#draws(event)) this.#line = [[event.offsetX, event.offsetY]]
    })
    canvas.addEventListener('pointermove', (event) => {
      const here: Point = [event.offsetX, event.offsetY]
      const before = down.get(event.pointerId)
      if (!before) {
        this.#events.onHover(this.#cellAt(...here), ...here)
        return
      }
      travelled += Math.hypot(here[0] - before[0], here[1] - before[1])
      if (this.#line.length > 0) {
        this.#line.push(here)
        this.redraw()
      } else {
        this.#drag(down, event.pointerId, here)
      }
      down.set(event.pointerId, here)
    })
    const up = (event: PointerEvent) => {
      if (!down.delete(event.pointerId)) return
      const line = this.#line
      this.#line = []
      if (line.length > 2) {
        this.#events.onLasso(
          cellsWithin(
            this.#places,
            line.map((point) => this.#camera.placeOf(...point)),
          ),
        )
        this.redraw()
      } else if (travelled < 4) {
        this.#events.onClick(this.#cellAt(event.offsetX, event.offsetY))
      }
    }
    canvas.addEventListener('pointerup', up)
    canvas.addEventListener('pointercancel', (event) => {
      down.delete(event.pointerId)
      this.#line = []
      this.redraw()
    })
    canvas.addEventListener('pointerleave', () => this.#events.onHover(undefined, 0, 0))
  }

  #draws(event: PointerEvent): boolean {
    return this.lasso || event.shiftKey
  }

  /** One finger or the mouse moves the map, two also zoom it. */
  #drag(down: ReadonlyMap<number, Point>, moved: number, here: Point): void {
    const before = down.get(moved)!
    const other = [...down].find(([id]) => id !== moved)?.[1]
    if (other) {
      const apart = (point: Point) => Math.max(1, Math.hypot(point[0] - other[0], point[1] - other[1]))
      const middle: Point = [(here[0] + other[0]) / 2, (here[1] + other[1]) / 2]
      this.#camera.zoomAt(...middle, apart(here) / apart(before))
      this.#camera.pan((here[0] - before[0]) / 2, (here[1] - before[1]) / 2)
    } else {
      this.#camera.pan(here[0] - before[0], here[1] - before[1])
    }
    this.#moved()
  }
}
