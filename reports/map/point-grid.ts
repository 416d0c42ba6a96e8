/** Cells of a square on average. */
const CELLS_PER_SQUARE = 4

/** Finds cells near a place: the cells by squares of a grid, side by side in one array. */
export class PointGrid {
  readonly #places: Float32Array
  readonly #squares: number
  readonly #starts: Uint32Array
  readonly #cells: Uint32Array

  /** @param places x and y of each cell in turn, 0 to 1 */
  constructor(places: Float32Array) {
    const n = places.length / 2
    this.#places = places
    this.#squares = Math.max(1, Math.floor(Math.sqrt(n / CELLS_PER_SQUARE)))
    this.#starts = new Uint32Array(this.#squares ** 2 + 1)
    for (let i = 0; i < n; i++) this.#starts[this.#squareOf(i) + 1]!++
    for (let s = 0; s < this.#squares ** 2; s++) this.#starts[s + 1]! += this.#starts[s]!
    const next = this.#starts.slice()
    this.#cells = new Uint32Array(n)
    for (let i = 0; i < n; i++) this.#cells[next[this.#squareOf(i)]!++] = i
  }

  /** The visible cell that is nearest to a place, within a distance. */
  nearest(x: number, y: number, distance: number, visible: (cell: number) => boolean): number | undefined {
    let least = distance ** 2
    let nearest: number | undefined
    const [left, right] = [this.#along(x - distance), this.#along(x + distance)]
    for (let row = this.#along(y - distance); row <= this.#along(y + distance); row++) {
      const from = this.#starts[row * this.#squares + left]!
      const to = this.#starts[row * this.#squares + right + 1]!
      for (let at = from; at < to; at++) {
        const cell = this.#cells[at]!
        const squared = (this.#places[2 * cell]! - x) ** 2 + (this.#places[2 * cell + 1]! - y) ** 2
        if (squared < least && visible(cell)) {
          least = squared
          nearest = cell
        }
      }
    }
    return nearest
  }

  #along(value: number): number {
    return Math.min(this.#squares - 1, Math.max(0, Math.floor(value * this.#squares)))
  }

  #squareOf(cell: number): number {
    return this.#along(this.#places[2 * cell + 1]!) * this.#squares + this.#along(this.#places[2 * cell]!)
  }
}
