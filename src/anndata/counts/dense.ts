import { ScvaeError } from '../../errors.js'
import { SliceReader } from '../slices/reader.js'
import { SlicedArray } from '../slices/sliced-array.js'
import type { NumericArray, StoreArray } from '../store/store.js'
import { type CountBlock, CountMatrix } from './counts.js'
import { runsOf } from './runs.js'
import { joinedBlocks } from './sparse-blocks.js'
import type { SparseSlice } from './sparse-slices.js'
import type { MatrixEntries, Selection, StoredMatrix } from './stored-matrix.js'
import type { ValueScan } from './value-scan.js'

/** A two-dimensional dataset: read some rows at a time, of which only the nonzeros are kept. */
export class DenseArray implements StoredMatrix {
  readonly encoding = 'array'
  readonly dtype: string
  readonly nCells: number
  readonly nGenes: number
  readonly stored: number
  readonly #values: SlicedArray

  constructor(array: StoreArray, file: string) {
    this.#values = new SlicedArray(array, file)
    const { shape, name } = this.#values
    if (shape.length !== 2) {
      throw new ScvaeError('bad-input', `"${file}": ${name} has ${shape.length} dimensions, not two.`)
    }
    this.dtype = this.#values.dtype
    this.nCells = shape[0]!
    this.nGenes = shape[1]!
    this.stored = this.nCells * this.nGenes
  }

  async read(scan: ValueScan): Promise<CountMatrix> {
    return new CountMatrix(this.nGenes, await joinedBlocks(this.#slices(scan)))
  }

  async *blocks(scan: ValueScan): AsyncGenerator<CountBlock> {
    for await (const { firstCell, slice } of this.#slices(scan)) {
      yield { ...slice, firstCell, nCells: slice.offsets.length - 1 }
    }
  }

  async *#slices(scan: ValueScan): AsyncGenerator<{ firstCell: number; slice: SparseSlice }> {
    const { nGenes } = this
    for await (const { region, result } of new SliceReader(this.#values).run('denseRows', () => ({
      nGenes,
    }))) {
      scan.merge(result.scan)
      yield { firstCell: region.rows[0], slice: result }
    }
  }

  async scan(scan: ValueScan): Promise<void> {
    const columns = this.nGenes
    for await (const { result } of new SliceReader(this.#values).run('scan', () => ({ columns }))) {
      scan.merge(result.scan)
    }
  }

  async locate(entry: number): Promise<{ cell: number; gene: number }> {
    return { cell: Math.floor(entry / this.nGenes), gene: entry % this.nGenes }
  }

  async *entries({ cells }: Selection): AsyncGenerator<MatrixEntries> {
    const gap = (stop: number, start: number) => (start - stop) * this.nGenes
    const reader = new SliceReader(this.#values)
    const runs = runsOf(cells, this.nCells, gap)
    const ranges = runs.flatMap(([first, last]) => [...reader.ranges(first, last)])
    for await (const { region, result } of reader.run('numbers', () => ({ arrays: 1 }), ranges)) {
      const [rows] = result.values as [NumericArray]
      yield nonzeroEntries(rows, region.rows[0], this.nGenes)
    }
  }
}

/** The nonzeros of dense rows with their positions. */
function nonzeroEntries(rows: NumericArray, firstCell: number, nGenes: number): MatrixEntries {
  let n = 0
  for (let k = 0; k < rows.length; k++) if (rows[k] !== 0) n++
  const at = new Int32Array(n)
  n = 0
  for (let k = 0; k < rows.length; k++) if (rows[k] !== 0) at[n++] = k
  return {
    values: Float64Array.from(at, (k) => rows[k]!),
    cells: at.map((k) => firstCell + Math.floor(k / nGenes)),
    genes: at.map((k) => k % nGenes),
  }
}
