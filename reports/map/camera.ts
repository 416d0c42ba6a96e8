/** Pixels of the page that stay free around the cells. */
const MARGIN = 18
/** How far one may look closer, and step back. */
const CLOSEST = 400
const FARTHEST = 0.5

/** Where the cells lie on the canvas. Places are from 0 to 1 of the longer side, y upwards; pixels are the page's, y downwards. */
export class Camera {
  readonly #extent: readonly [right: number, top: number]
  #width = 1
  #height = 1
  /** Pixels of the whole when nothing is zoomed. */
  #fitted = 1
  zoom = 1
  /** The place at the middle of the canvas. */
  #middle: [number, number] = [0.5, 0.5]

  /** @param extent the greatest x and y of the cells */
  constructor(extent: readonly [right: number, top: number]) {
    this.#extent = extent
    this.reset()
  }

  get scale(): number {
    return this.#fitted * this.zoom
  }

  resize(width: number, height: number): void {
    this.#width = Math.max(1, width)
    this.#height = Math.max(1, height)
    const [right, top] = this.#extent
    this.#fitted = Math.max(
      1,
      Math.min(
        (this.#width - 2 * MARGIN) / Math.max(right, 1e-6),
        (this.#height - 2 * MARGIN) / Math.max(top, 1e-6),
      ),
    )
  }

  reset(): void {
    const [right, top] = this.#extent
    this.zoom = 1
    this.#middle = [right / 2, top / 2]
  }

  get isMoved(): boolean {
    const [right, top] = this.#extent
    return this.zoom !== 1 || this.#middle[0] !== right / 2 || this.#middle[1] !== top / 2
  }

  pixelOf(x: number, y: number): [number, number] {
    return [
      this.#width / 2 + (x - this.#middle[0]) * this.scale,
      this.#height / 2 - (y - this.#middle[1]) * this.scale,
    ]
  }

  placeOf(px: number, py: number): [number, number] {
    return [
      this.#middle[0] + (px - this.#width / 2) / this.scale,
      this.#middle[1] - (py - this.#height / 2) / this.scale,
    ]
  }

  /** Moves the cells by some pixels. */
  pan(dx: number, dy: number): void {
    const [right, top] = this.#extent
    const within = (value: number, most: number) => Math.min(most, Math.max(0, value))
    this.#middle = [
      within(this.#middle[0] - dx / this.scale, right),
      within(this.#middle[1] + dy / this.scale, top),
    ]
  }

  /** Looks closer, with the place under a pixel staying there. */
  zoomAt(px: number, py: number, factor: number): void {
    const [x, y] = this.placeOf(px, py)
    this.zoom = Math.min(CLOSEST, Math.max(FARTHEST, this.zoom * factor))
    const [nowX, nowY] = this.pixelOf(x, y)
    this.pan(px - nowX, py - nowY)
  }

  /** From places to WebGL's clip space: clip = place · factor + offset. */
  clip(): { factor: [number, number]; offset: [number, number] } {
    const [left, top] = this.pixelOf(0, 0)
    return {
      factor: [(2 * this.scale) / this.#width, (2 * this.scale) / this.#height],
      offset: [(2 * left) / this.#width - 1, 1 - (2 * top) / this.#height],
    }
  }
}
