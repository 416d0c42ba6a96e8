import { ScvaeError } from '../errors.js'
import { type CountBlock, CountMatrix } from './counts.js'
import { runsOf } from './runs.js'
import { SlicedArray } from './sliced-array.js'
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
    const blocks: CountBlock[] = []
    let pieces: CountBlock[] = []
    let cells = 0
    for (const [start, stop] of this.values.ranges()) {
      const rows = await this.values.read(start, stop)
      scan.add(rows, start * this.nGenes)
      // at most a block's worth of rows a piece: narrow matrices have more in one slice
      for (let first = start; first < stop; first += BLOCK_CELLS) {
        const last = Math.min(stop, first + BLOCK_CELLS)
        const slice = rows.subarray((first - start) * this.nGenes, (last - start) * this.nGenes)
        pieces.push(sparseRows(slice, first, last - first, this.nGenes))
        cells += last - first
        if (cells < BLOCK_CELLS) continue
        blocks.push(joined(pieces))
        pieces = []
        cells = 0
      }
    }
    if (pieces.length > 0) blocks.push(joined(pieces))
    return new CountMatrix(this.nGenes, blocks)
  }

  async scan(scan: ValueScan): Promise<void> {
    for (const [start, stop] of this.values.ranges()) {
      scan.add(await this.values.read(start, stop), start * this.nGenes)
    }
  }

  async locate(entry: number): Promise<{ cell: number; gene: number }> {
    return { cell: Math.floor(entry / this.nGenes), gene: entry % this.nGenes }
  }

  async *entries({ cells }: Selection): AsyncGenerator<MatrixEntries> {
    const gap = (stop: number, start: number) => (start - stop) * this.nGenes
    for (const [first, last] of runsOf(cells, this.nCells, gap)) {
      for (const [start, stop] of this.values.ranges(first, last)) {
        const rows = await this.values.read(start, stop)
        yield nonzeroEntries(rows, start, this.nGenes)
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

/** The nonzeros of dense rows. */
function sparseRows(rows: ArrayLike<number>, firstCell: number, nCells: number, nGenes: number): CountBlock {
  const offsets = new Int32Array(nCells + 1)
  for (let i = 0; i < nCells; i++) {
    let n = 0
    for (let k = i * nGenes; k < (i + 1) * nGenes; k++) if (rows[k] !== 0) n++
    offsets[i + 1] = offsets[i]! + n
  }
  const genes = new Int32Array(offsets[nCells]!)
  const counts = new Float32Array(offsets[nCells]!)
  let at = 0
  for (let i = 0; i < nCells; i++) {
    for (let g = 0; g < nGenes; g++) {
      const value = rows[i * nGenes + g]!
      if (value === 0) continue
      genes[at] = g
      counts[at++] = value
    }
  }
  return { firstCell, nCells, offsets, genes, counts }
}

/** Consecutive blocks as one. */
function joined(pieces: readonly CountBlock[]): CountBlock {
  if (pieces.length === 1) return pieces[0]!
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
