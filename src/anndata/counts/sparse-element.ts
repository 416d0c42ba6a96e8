import { ScvaeError } from '../../errors.js'
import { SliceReader } from '../slices/reader.js'
import { SlicedArray } from '../slices/sliced-array.js'
import { encodingOf, requiredArray, singleAttribute } from '../store/nodes.js'
import type { NumericArray, StoreGroup } from '../store/store.js'
import { runsOf } from './runs.js'
import type { ValueScan } from './value-scan.js'

/** The three arrays and the shape of a `csr_matrix` or `csc_matrix` group, checked against each other. */
export class SparseElement {
  readonly name: string
  readonly format: 'csr' | 'csc'
  readonly data: SlicedArray
  readonly indices: SlicedArray
  /** Offsets of the compressed dimension, one more than its positions. */
  readonly pointers: Float64Array
  readonly shape: readonly [rows: number, columns: number]
  readonly #file: string

  private constructor(
    parts: Pick<SparseElement, 'name' | 'format' | 'data' | 'indices' | 'pointers' | 'shape'>,
    file: string,
  ) {
    this.name = parts.name
    this.format = parts.format
    this.data = parts.data
    this.indices = parts.indices
    this.pointers = parts.pointers
    this.shape = parts.shape
    this.#file = file
    this.#check()
  }

  /** @throws ScvaeError `bad-input` when a part is missing, unreadable or does not fit the others */
  static async open(group: StoreGroup, file: string): Promise<SparseElement> {
    const format = sparseFormat(group)
    const shape = group.attribute('shape') ?? group.attribute('h5sparse_shape')
    if (!format || !isShape(shape)) throw damagedMatrix(group.path, 'it has no shape', file)
    const part = async (name: string) => new SlicedArray(await requiredArray(group, name, file), file)
    const data = await part('data')
    const indices = await part('indices')
    const indptr = await part('indptr')
    const positions = shape[format === 'csr' ? 0 : 1]
    if (indptr.length !== positions + 1) {
      const compressed = format === 'csr' ? 'cells' : 'genes'
      throw damagedMatrix(
        group.path,
        `indptr has ${indptr.length} values for ${positions} ${compressed}`,
        file,
      )
    }
    const pointers = Float64Array.from(await indptr.readAll())
    return new SparseElement({ name: group.path, format, data, indices, pointers, shape }, file)
  }

  /** Every stored value through `scan`. */
  async scan(scan: ValueScan): Promise<void> {
    for await (const { result } of new SliceReader(this.data).run('scan', () => ({ columns: 1 }))) {
      scan.merge(result.scan)
    }
  }

  /** The compressed positions of entries `start` to `stop`: the first, and the pointers from there on. */
  pointersOf(start: number, stop: number): { firstGene: number; pointers: Float64Array } {
    const first = this.#positionOf(start)
    return { firstGene: first, pointers: this.pointers.slice(first, this.#positionOf(stop - 1) + 2) }
  }

  /** Position along the compressed dimension and along the other of an entry. */
  async locate(entry: number): Promise<{ compressed: number; index: number }> {
    const compressed = this.#positionOf(entry)
    return { compressed, index: Number((await this.indices.read(entry, entry + 1))[0]) }
  }

  /** The compressed position that an entry belongs to. */
  #positionOf(entry: number): number {
    let low = 0
    let high = this.pointers.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.pointers[middle + 1]! > entry) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Entries of some positions of the compressed dimension (all when left out), and of others between them. */
  async *entries(
    positions: Int32Array | undefined,
  ): AsyncGenerator<{ values: NumericArray; compressed: Int32Array; indices: Int32Array }> {
    const { data, pointers, shape, format } = this
    const reader = new SliceReader(data, this.indices)
    const others = shape[format === 'csr' ? 1 : 0]
    const gap = (stop: number, start: number) => pointers[start]! - pointers[stop]!
    const runs = runsOf(positions, pointers.length - 1, gap)
    const ranges = runs.flatMap(([first, last]) => [...reader.ranges(pointers[first], pointers[last])])
    let position = 0
    for await (const { region, result } of reader.run('numbers', () => ({ arrays: 2 }), ranges)) {
      const [start, stop] = region.rows
      const [values, stored] = result.values as [NumericArray, NumericArray]
      const indices = new Int32Array(stored)
      const compressed = new Int32Array(stop - start)
      for (let k = start; k < stop; k++) {
        while (pointers[position + 1]! <= k) position++
        compressed[k - start] = position
        const index = stored[k - start]!
        if (!(index >= 0 && index < others)) throw this.damaged(`position ${index} of ${others}`)
      }
      yield { values, compressed, indices }
    }
  }

  /** The error of a group whose parts contradict each other. */
  damaged(what: string): ScvaeError {
    return damagedMatrix(this.name, what, this.#file)
  }

  #check(): void {
    const { data, indices, pointers } = this
    if (indices.length !== data.length) {
      throw this.damaged(`it has ${indices.length} indices for ${data.length} values`)
    }
    let last = 0
    for (const pointer of pointers) {
      if (!(pointer >= last) || pointer > data.length) throw this.damaged('indptr does not ascend')
      last = pointer
    }
    if (pointers[0] !== 0 || last !== data.length) {
      throw this.damaged(`indptr ends at ${last} for ${data.length} values`)
    }
  }
}

/** How a group is compressed: by its encoding, or as AnnData before 0.7 marked it; undefined for any other group. */
export function sparseFormat(group: StoreGroup): 'csr' | 'csc' | undefined {
  const encoding = encodingOf(group)
  const format =
    encoding === undefined ? singleAttribute(group, 'h5sparse_format') : SPARSE_ENCODINGS[encoding]
  return format === 'csr' || format === 'csc' ? format : undefined
}

const SPARSE_ENCODINGS: Readonly<Record<string, 'csr' | 'csc'>> = {
  'csr_matrix@0.1.0': 'csr',
  'csc_matrix@0.1.0': 'csc',
}

function isShape(shape: unknown): shape is readonly [number, number] {
  return Array.isArray(shape) && shape.length === 2 && shape.every((n) => Number.isSafeInteger(n) && n >= 0)
}

function damagedMatrix(name: string, what: string, file: string): ScvaeError {
  return new ScvaeError('bad-input', `"${file}": ${name} is a damaged sparse matrix: ${what}.`)
}
