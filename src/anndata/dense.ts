import { ScvaeError } from '../errors.js'
import { type CountBlock, CountMatrix } from './counts.js'
import { runsOf } from './runs.js'
import { SliceReader } from './slice-reader.js'
import { SlicedArray } from './sliced-array.js'
import type { SparseSlice } from './sparse-slices.js'
import type { NumericArray, StoreArray } from './store.js'
import { BLOCK_CELLS, type MatrixEntries, type Selection, type StoredMatrix } from './stored-matrix.js'
import type { ValueScan } from './value-scan.js'

/** A two-dimensional dataset: read some rows at a time, of which only the nonzeros are kept. */
export class DenseArray implements StoredMatrix {
  readonly encoding = 'array'
  readonly dtype: string
  readonly nCells: number
  readonly nGenes: number
  readonly stored: number
  private readonly values: SlicedArray

  constructor(array: StoreArray, file: string) {
    this.values = new SlicedArray(array, file)
    const { shape, name } = this.values
    if (shape.length !== 2) {
      throw new ScvaeError('bad-input', `"${file}": ${name} has ${shape.length} dimensions, not two.`)
    }
    this.dtype = this.values.dtype
    this.nCells = shape[0]!
    this.nGenes = shape[1]!
    this.stored = this.nCells * this.nGenes
  }

  async read(scan: ValueScan): Promise<CountMatrix> {
    const { nGenes } = this
    const blocks: CountBlock[] = []
    let pieces: CountBlock[] = []
    let cells = 0
    const slices = new SliceReader(this.values).run('denseRows', () => ({ nGenes }))
    for await (const { region, result } of slices) {
      scan.merge(result.scan)
      const [start, stop] = region.rows
      // blocks begin at multiples of their length, so that narrow matrices with many rows a slice have small ones too
      for (let first = start; first < stop; ) {
        const last = Math.min(stop, first + BLOCK_CELLS - cells)
        pieces.push(part(result, first - start, last - start, first))
        cells += last - first
        first = last
        if (cells < BLOCK_CELLS) continue
        blocks.push(joined(pieces))
        pieces = []
        cells = 0
      }
    }
    if (pieces.length > 0) blocks.push(joined(pieces))
    return new CountMatrix(nGenes, blocks)
  }

  async scan(scan: ValueScan): Promise<void> {
    const columns = this.nGenes
    for await (const { result } of new SliceReader(this.values).run('scan', () => ({ columns }))) {
      scan.merge(result.scan)
    }
  }

  async locate(entry: number): Promise<{ cell: number; gene: number }> {
    return { cell: Math.floor(entry / this.nGenes), gene: entry % this.nGenes }
  }

  async *entries({ cells }: Selection): AsyncGenerator<MatrixEntries> {
    const gap = (stop: number, start: number) => (start - stop) * this.nGenes
    const reader = new SliceReader(this.values)
    for (const [first, last] of runsOf(cells, this.nCells, gap)) {
      const ranges = reader.ranges(first, last)
      for await (const { region, result } of reader.run('numbers', () => ({ arrays: 1 }), ranges)) {
        const [rows] = result.values as [NumericArray]
        yield nonzeroEntries(rows, region.rows[0], this.nGenes)
      }
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

/** Cells `first` to `last` of a slice. */
function part(
  { offsets, genes, counts }: SparseSlice,
  first: number,
  last: number,
  cell: number,
): CountBlock {
  const [start, stop] = [offsets[first]!, offsets[last]!]
  return {
    firstCell: cell,
    nCells: last - first,
    offsets: offsets.slice(first, last + 1).map((offset) => offset - start),
    genes: genes.subarray(start, stop),
    counts: counts.subarray(start, stop),
  }
}

/** Consecutive blocks as one. */
function joined(pieces: readonly CountBlock[]): CountBlock {
  const nCells = pieces.reduce((n, piece) => n + piece.nCells, 0)
  const entries = pieces.reduce((n, piece) => n + piece.genes.length, 0)
  const block: CountBlock = {
    firstCell: pieces[0]!.firstCell,
    nCells,
    offsets: new Int32Array(nCells + 1),
    genes: new Int32Array(entries),
    counts: new Float32Array(entries),
  }
  let cell = 0
  let entry = 0
  for (const piece of pieces) {
    block.genes.set(piece.genes, entry)
    block.counts.set(piece.counts, entry)
    for (let i = 1; i <= piece.nCells; i++) block.offsets[cell + i] = entry + piece.offsets[i]!
    cell += piece.nCells
    entry += piece.genes.length
  }
  return block
}
