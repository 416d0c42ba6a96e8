// biome-ignore-all lint/correctness/noUnusedVariables: the scripts of the page share one scope, and page.ts uses these

/** Draws many points on a canvas by writing its pixels, and finds the point under the mouse. */
class Scatter {
  readonly #canvas: HTMLCanvasElement
  readonly #x: Float32Array
  readonly #y: Float32Array
  readonly #order: Uint32Array
  // pixel positions of the points, and the points by grid square, for the size of the last drawing
  #px = new Float32Array(0)
  #py = new Float32Array(0)
  #grid = new Map<number, number[]>()
  #ratio = 1

  /** @param positions x and y of every point in turn, 0 to 65535 */
  constructor(canvas: HTMLCanvasElement, positions: Uint16Array) {
    this.#canvas = canvas
    const n = positions.length / 2
    this.#x = Float32Array.from({ length: n }, (_, i) => (positions[2 * i] ?? 0) / 65535)
    this.#y = Float32Array.from({ length: n }, (_, i) => (positions[2 * i + 1] ?? 0) / 65535)
    this.#order = scatteredOrder(n)
  }

  /** Fits the canvas to its box on the page. */
  resize(): void {
    this.#ratio = Math.min(window.devicePixelRatio || 1, 2)
    const width = Math.max(1, Math.round(this.#canvas.clientWidth * this.#ratio))
    const height = Math.max(1, Math.round(this.#canvas.clientHeight * this.#ratio))
    this.#canvas.width = width
    this.#canvas.height = height
    const margin = 18 * this.#ratio
    const right = this.#x.reduce((a, b) => Math.max(a, b), 1e-6)
    const top = this.#y.reduce((a, b) => Math.max(a, b), 1e-6)
    const scale = Math.min((width - 2 * margin) / right, (height - 2 * margin) / top)
    const left = (width - scale * right) / 2
    const bottom = (height + scale * top) / 2
    this.#px = this.#x.map((x) => left + scale * x)
    this.#py = this.#y.map((y) => bottom - scale * y)
    this.#grid = new Map()
    for (let i = 0; i < this.#px.length; i++) {
      const key = this.#square(this.#px[i] ?? 0, this.#py[i] ?? 0)
      const points = this.#grid.get(key)
      if (points) points.push(i)
      else this.#grid.set(key, [i])
    }
  }

  /**
   * @param color colour of a point
   * @param layer points of a higher layer are drawn over those of a lower one; a negative layer is drawn faint
   */
  draw(color: (point: number) => Rgb, layer: (point: number) => number): void {
    const context = this.#canvas.getContext('2d')
    if (!context) return
    const { width, height } = this.#canvas
    const image = context.createImageData(width, height)
    const order = Array.from(this.#order)
    const layers = Float64Array.from({ length: order.length }, (_, i) => layer(i))
    order.sort((a, b) => (layers[a] ?? 0) - (layers[b] ?? 0))
    const disc = discStamp(this.#radius())
    for (const i of order) {
      const [red, green, blue] = color(i)
      const opacity = (layers[i] ?? 0) < 0 ? 0.12 : 0.9
      const cx = Math.round(this.#px[i] ?? 0)
      const cy = Math.round(this.#py[i] ?? 0)
      for (const { dx, dy, coverage } of disc) {
        const x = cx + dx
        const y = cy + dy
        if (x < 0 || y < 0 || x >= width || y >= height) continue
        blend(image.data, (y * width + x) * 4, red, green, blue, coverage * opacity)
      }
    }
    context.putImageData(image, 0, 0)
  }

  /** The point nearest to a place on the page's canvas, within a few pixels. */
  pointAt(cssX: number, cssY: number, visible: (point: number) => boolean): number | undefined {
    const x = cssX * this.#ratio
    const y = cssY * this.#ratio
    let least = (8 * this.#ratio) ** 2
    let nearest: number | undefined
    for (const dx of [-SQUARE, 0, SQUARE]) {
      for (const dy of [-SQUARE, 0, SQUARE]) {
        for (const i of this.#grid.get(this.#square(x + dx, y + dy)) ?? []) {
          const squared = ((this.#px[i] ?? 0) - x) ** 2 + ((this.#py[i] ?? 0) - y) ** 2
          if (squared < least && visible(i)) {
            least = squared
            nearest = i
          }
        }
      }
    }
    return nearest
  }

  #square(x: number, y: number): number {
    return Math.floor(x / SQUARE) * 4096 + Math.floor(y / SQUARE)
  }

  /** Larger points where they are few. */
  #radius(): number {
    const n = this.#px.length
    const css = n <= 500 ? 4 : n <= 3000 ? 2.8 : n <= 15000 ? 2 : 1.4
    return css * this.#ratio
  }
}

const SQUARE = 24

interface StampPixel {
  dx: number
  dy: number
  coverage: number
}

/** The pixels of a disc with a soft edge around (0, 0). */
function discStamp(radius: number): StampPixel[] {
  const reach = Math.ceil(radius)
  const pixels: StampPixel[] = []
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const coverage = Math.min(1, radius + 0.5 - Math.hypot(dx, dy))
      if (coverage > 0) pixels.push({ dx, dy, coverage })
    }
  }
  return pixels
}

/** Paints a colour over a pixel (source-over, straight alpha). */
function blend(
  data: Uint8ClampedArray,
  at: number,
  red: number,
  green: number,
  blue: number,
  alpha: number,
): void {
  const below = ((data[at + 3] ?? 0) / 255) * (1 - alpha)
  const total = alpha + below
  data[at] = (red * alpha + (data[at] ?? 0) * below) / total
  data[at + 1] = (green * alpha + (data[at + 1] ?? 0) * below) / total
  data[at + 2] = (blue * alpha + (data[at + 2] ?? 0) * below) / total
  data[at + 3] = total * 255
}

/** A fixed shuffle: drawn in file order, the last batch would hide the others. */
function scatteredOrder(n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  let state = 1
  for (let i = n - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const j = Math.floor((state / 2 ** 32) * (i + 1))
    const kept = order[i] ?? 0
    order[i] = order[j] ?? 0
    order[j] = kept
  }
  return order
}
