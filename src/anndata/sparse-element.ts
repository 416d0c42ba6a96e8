import { ScvaeError } from '../errors.js'
import { attribute, childDataset, type Group } from './hdf5.js'
import { NumericDataset } from './numeric-dataset.js'
import type { ValueScan } from './value-scan.js'

/** The three datasets and the shape of a `csr_matrix` or `csc_matrix` group, checked against each other. */
export class SparseElement {
  readonly name: string
  readonly data: NumericDataset
  readonly indices: NumericDataset
  /** Offsets of the compressed dimension, one more than its positions. */
  readonly pointers: Float64Array
  readonly nCells: number
  readonly nGenes: number
  private readonly file: string

  /**
   * @param compressed the dimension that the pointers run along
   * @throws ScvaeError `bad-input` when a part is missing, unreadable or does not fit the others
   */
  constructor(group: Group, file: string, compressed: 'cells' | 'genes') {
    this.name = group.path.replace(/^\//, '')
    this.file = file
    const shape = attribute(group, 'shape')
    if (!Array.isArray(shape) || shape.length !== 2) throw this.damaged('it has no shape')
    ;[this.nCells, this.nGenes] = shape as [number, number]
    const part = (name: string) => {
      const dataset = childDataset(group, name)
      if (!dataset) throw this.damaged(`it has no ${name}`)
      return new NumericDataset(dataset, file)
    }
    this.data = part('data')
    this.indices = part('indices')
    const indptr = part('indptr')
    const positions = compressed === 'cells' ? this.nCells : this.nGenes
    if (indptr.length !== positions + 1) {
      throw this.damaged(`indptr has ${indptr.length} values for ${positions} ${compressed}`)
    }
    if (this.indices.length !== this.data.length) {
      throw this.damaged(`it has ${this.indices.length} indices for ${this.data.length} values`)
    }
    this.pointers = Float64Array.from(indptr.readAll())
    let last = 0
    for (const pointer of this.pointers) {
      if (!(pointer >= last) || pointer > this.data.length) throw this.damaged('indptr does not ascend')
      last = pointer
    }
    if (this.pointers[0] !== 0 || last !== this.data.length) {
      throw this.damaged(`indptr ends at ${last} for ${this.data.length} values`)
    }
  }

  /** Every stored value through `scan`. */
  scan(scan: ValueScan): void {
    for (const [start, stop] of this.data.ranges()) scan.add(this.data.read(start, stop), start)
  }

  /** Position along the compressed dimension and along the other of an entry. */
  locate(entry: number): { compressed: number; index: number } {
    let low = 0
    let high = this.pointers.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.pointers[middle + 1]! > entry) high = middle
      else low = middle + 1
    }
    return { compressed: low, index: Number(this.indices.read(entry, entry + 1)[0]) }
  }

  /** The error of a group whose parts contradict each other. */
  damaged(what: string): ScvaeError {
    return new ScvaeError('bad-input', `"${this.file}": ${this.name} is a damaged sparse matrix: ${what}.`)
  }
}
