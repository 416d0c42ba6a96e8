import type { Matrix } from '../../numeric/matrix.js'

/** Cells of a leaf at most: below so many, looking at all of them is faster than a deeper tree. */
const LEAF_SIZE = 32

/**
 * A balanced k-d tree (Friedman, Bentley and Finkel 1977): every node halves its range of cells at the median of its
 * widest coordinate. Node i has children 2i + 1 and 2i + 2, and ranges follow from halving, so only boxes are stored.
 */
export class TreeSearch {
  /** The cell at each position of the tree. */
  readonly order: Int32Array
  /** The nearest cells of the last search and their squared distances, ascending. */
  readonly cells: Int32Array
  readonly squared: Float64Array
  readonly #n: number
  readonly #d: number
  /** Coordinates in tree order, so that a leaf lies together in memory. */
  readonly #points: Float64Array
  /** For each node, the least and then the greatest value of each coordinate. */
  readonly #boxes: Float64Array
  readonly #query: Float64Array
  #self = 0
  #worst = Number.POSITIVE_INFINITY

  constructor({ values, rows: n, columns: d }: Matrix, k: number) {
    this.#n = n
    this.#d = d
    this.order = Int32Array.from({ length: n }, (_, i) => i)
    let nodes = 1
    for (let size = n; size > LEAF_SIZE; size = Math.ceil(size / 2)) nodes = 2 * nodes + 1
    this.#boxes = new Float64Array(nodes * 2 * d)
    this.#build(values, 0, 0, n)
    this.#points = new Float64Array(n * d)
    for (let p = 0; p < n; p++) {
      const cell = this.order[p]!
      for (let f = 0; f < d; f++) this.#points[p * d + f] = values[cell * d + f]!
    }
    this.#query = new Float64Array(d)
    this.cells = new Int32Array(k)
    this.squared = new Float64Array(k)
  }

  #build(data: Float32Array, node: number, from: number, to: number): void {
    const d = this.#d
    const box = node * 2 * d
    let widest = 0
    let width = -1
    for (let f = 0; f < d; f++) {
      let least = Number.POSITIVE_INFINITY
      let greatest = Number.NEGATIVE_INFINITY
      for (let p = from; p < to; p++) {
        const x = data[this.order[p]! * d + f]!
        if (x < least) least = x
        if (x > greatest) greatest = x
      }
      this.#boxes[box + f] = least
      this.#boxes[box + d + f] = greatest
      if (greatest - least > width) {
        width = greatest - least
        widest = f
      }
    }
    if (to - from <= LEAF_SIZE) return
    const middle = (from + to) >> 1
    selectMiddle(this.order, data, d, widest, from, to, middle)
    this.#build(data, 2 * node + 1, from, middle)
    this.#build(data, 2 * node + 2, middle, to)
  }

  /** Finds the nearest cells of the one at a position of the tree, itself left out. */
  find(position: number): void {
    this.#query.set(this.#points.subarray(position * this.#d, (position + 1) * this.#d))
    this.#self = position
    this.squared.fill(Number.POSITIVE_INFINITY)
    this.#worst = Number.POSITIVE_INFINITY
    this.#visit(0, 0, this.#n)
  }

  #visit(node: number, from: number, to: number): void {
    if (to - from <= LEAF_SIZE) {
      this.#scan(from, to)
      return
    }
    const middle = (from + to) >> 1
    const left = this.#distanceToBox(2 * node + 1)
    const right = this.#distanceToBox(2 * node + 2)
    // a box as far as the worst may hold a tie of a lower position
    if (left < right || (left === right && this.#self < middle)) {
      if (left <= this.#worst) this.#visit(2 * node + 1, from, middle)
      if (right <= this.#worst) this.#visit(2 * node + 2, middle, to)
    } else {
      if (right <= this.#worst) this.#visit(2 * node + 2, middle, to)
      if (left <= this.#worst) this.#visit(2 * node + 1, from, middle)
    }
  }

  /**
   * Squared distance to the nearest point of a box. Summed in the order of {@link #scan}: as rounding is monotone, it
   * never comes out above the squared distance to a cell inside.
   */
  #distanceToBox(node: number): number {
    const d = this.#d
    const boxes = this.#boxes
    const query = this.#query
    const box = node * 2 * d
    let sum = 0
    for (let f = 0; f < d; f++) {
      const x = query[f]!
      const below = boxes[box + f]! - x
      const gap = below > 0 ? below : x - boxes[box + d + f]!
      if (gap > 0) sum += gap * gap
    }
    return sum
  }

  #scan(from: number, to: number): void {
    const d = this.#d
    const points = this.#points
    const query = this.#query
    let p = from
    for (; p + 4 <= to; p += 4) {
      const a = p * d
      const b = a + d
      const c = b + d
      const e = c + d
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let f = 0; f < d; f++) {
        const x = query[f]!
        const x0 = x - points[a + f]!
        const x1 = x - points[b + f]!
        const x2 = x - points[c + f]!
        const x3 = x - points[e + f]!
        s0 += x0 * x0
        s1 += x1 * x1
        s2 += x2 * x2
        s3 += x3 * x3
      }
      const worst = this.#worst
      if (s0 <= worst) this.#insert(p, s0)
      if (s1 <= worst) this.#insert(p + 1, s1)
      if (s2 <= worst) this.#insert(p + 2, s2)
      if (s3 <= worst) this.#insert(p + 3, s3)
    }
    for (; p < to; p++) {
      let sum = 0
      for (let f = 0; f < d; f++) {
        const x = query[f]! - points[p * d + f]!
        sum += x * x
      }
      if (sum <= this.#worst) this.#insert(p, sum)
    }
  }

  #insert(position: number, squared: number): void {
    if (position === this.#self) return
    const cell = this.order[position]!
    const { cells, squared: kept } = this
    let at = kept.length - 1
    if (squared > kept[at]! || (squared === kept[at]! && cell > cells[at]!)) return
    for (
      ;
      at > 0 && (kept[at - 1]! > squared || (kept[at - 1]! === squared && cells[at - 1]! > cell));
      at--
    ) {
      kept[at] = kept[at - 1]!
      cells[at] = cells[at - 1]!
    }
    kept[at] = squared
    cells[at] = cell
    this.#worst = kept[kept.length - 1]!
  }
}

/** Reorders `order` from `from` to `to` so that no coordinate before `middle` is above one after it (quickselect). */
function selectMiddle(
  order: Int32Array,
  data: Float32Array,
  d: number,
  f: number,
  from: number,
  to: number,
  middle: number,
): void {
  let low = from
  let high = to - 1
  while (low < high) {
    const pivot = data[order[(low + high) >> 1]! * d + f]!
    let i = low
    let j = high
    while (i <= j) {
      while (data[order[i]! * d + f]! < pivot) i++
      while (data[order[j]! * d + f]! > pivot) j--
      if (i > j) break
      const held = order[i]!
      order[i++] = order[j]!
      order[j--] = held
    }
    if (middle <= j) high = j
    else if (middle >= i) low = i
    else return
  }
}
