import { type CellRow, type CellSource, type CovariateUse, MISSING, type Minibatch } from '../device.js'
import { LoadedRows } from '../loaded-rows.js'
import { constantOf, pick } from './cell-counts.js'
import type { Handle, Ops, SparseMatrix } from './ops.js'

/** Cells on the host, and on the device whatever of them the kernels have asked for since they were gathered. */
export class TfMinibatch implements Minibatch {
  readonly capacity: number
  readonly source: CellSource
  nCells = 0
  nonzeros = 0
  readonly #ops: Ops
  readonly #made = new Map<string, Handle>()
  #cells = new Int32Array(0)
  /** Counts that are known. */
  #rows: readonly CellRow[] = []
  /** Those that are not; none at all of a source where all are. */
  #missing: readonly CellRow[] = []
  readonly #loaded: LoadedRows
  /** Cells × genes: kept from batch to batch, because filling it with zeros costs more than undoing the last counts. */
  #dense = new Float32Array(0)
  /** Where `#dense` is not zero. */
  #filled = new Int32Array(0)

  constructor(ops: Ops, source: CellSource, capacity: number) {
    this.#ops = ops
    this.source = source
    this.capacity = capacity
    this.#loaded = new LoadedRows(source)
  }

  load(cells: Int32Array): void | Promise<void> {
    return this.#loaded.load(cells)
  }

  fill(cells: Int32Array): void {
    if (cells.length > this.capacity)
      throw new RangeError(`A minibatch of ${this.capacity} cells cannot hold ${cells.length}.`)
    this.release()
    this.#cells = cells.slice()
    const rows = this.#loaded.take(cells)
    const { missing } = this.source.counts
    this.#rows = missing ? rows.map((row) => pick(row, (count) => count !== MISSING)) : rows
    this.#missing = missing ? rows.map((row) => pick(row, (count) => count === MISSING)) : []
    this.nCells = cells.length
    this.nonzeros = this.#rows.reduce((sum, { genes }) => sum + genes.length, 0)
  }

  release(): void {
    for (const handle of this.#made.values()) handle.dispose()
    this.#made.clear()
  }

  /** A handle that lives until the next cells. */
  #handle(name: string, make: () => Handle): Handle {
    let handle = this.#made.get(name)
    if (!handle) {
      handle = make()
      this.#made.set(name, handle)
    }
    return handle
  }

  #column(name: string, value: (cell: number, i: number) => number): Handle {
    return this.#handle(name, () => this.#ops.upload(Float32Array.from(this.#cells, value), [this.nCells, 1]))
  }

  /** Cells × 1. */
  size(): Handle {
    return this.#column('size', (cell) => this.source.size[cell]!)
  }

  /** Cells × 1: a continuous covariate. */
  continuous(covariate: number): Handle {
    const values = this.source.continuous[covariate]!
    return this.#column(`continuous ${covariate}`, (cell) => values[cell]!)
  }

  /** Cells × 1: the codes of a categorical covariate. */
  categorical(covariate: number): Handle {
    const codes = this.source.categorical[covariate]!
    return this.#column(`categorical ${covariate}`, (cell) => codes[cell]!)
  }

  /** Cells × 1: sum of ln x! over the counts. */
  constant(): Handle {
    const { counts, rows } = this.source
    return this.#column('constant', (cell, i) =>
      constantOf(counts, rows ? rows[cell]! : cell, this.#rows[i]!.counts),
    )
  }

  /** Code of each cell by a categorical covariate, int32 in one dimension. */
  codes(covariate: number): Handle {
    return this.#handle(`codes ${covariate}`, () => this.#ops.upload(this.#codes(covariate), [this.nCells]))
  }

  /** Cells × genes: 1 where a count is known, else 0; undefined where all are. */
  known(): Handle | undefined {
    if (this.#missing.every(({ genes }) => genes.length === 0)) return undefined
    return this.#handle('known', () => {
      const { nGenes } = this.source
      const all = new Float32Array(this.nCells * nGenes).fill(1)
      for (const [cell, { genes }] of this.#missing.entries())
        for (let k = 0; k < genes.length; k++) all[cell * nGenes + genes[k]!] = 0
      return this.#ops.upload(all, [this.nCells, nGenes])
    })
  }

  #codes(covariate: number): Int32Array {
    const codes = this.source.categorical[covariate]!
    return this.#cells.map((cell) => codes[cell]!)
  }

  /** Counts that are not zero, cell by cell, in one dimension. */
  nonzeroCounts(): Handle {
    return this.#handle('counts', () => {
      const all = new Float32Array(this.nonzeros)
      this.#eachRow((at, { counts }) => all.set(counts, at))
      return this.#ops.upload(all, [this.nonzeros])
    })
  }

  /** Gene of each nonzero count, int32. */
  nonzeroGenes(): Handle {
    return this.#handle('genes', () => {
      const all = new Int32Array(this.nonzeros)
      this.#eachRow((at, { genes }) => all.set(genes, at))
      return this.#ops.upload(all, [this.nonzeros])
    })
  }

  /** Cell of each nonzero count, int32. */
  nonzeroCells(): Handle {
    return this.#handle('cells', () => {
      const all = new Int32Array(this.nonzeros)
      this.#eachRow((at, { genes }, cell) => all.fill(cell, at, at + genes.length))
      return this.#ops.upload(all, [this.nonzeros])
    })
  }

  /** For each nonzero count its place in the cells × genes matrix, int32. */
  nonzeroPlaces(): Handle {
    return this.#handle('places', () => {
      const { nGenes } = this.source
      const all = new Int32Array(this.nonzeros)
      this.#eachRow((at, { genes }, cell) => {
        for (let k = 0; k < genes.length; k++) all[at + k] = cell * nGenes + genes[k]!
      })
      return this.#ops.upload(all, [this.nonzeros])
    })
  }

  /** Nonzeros × 2, int32: cell and gene of each nonzero count. */
  positions(): Handle {
    return this.#handle('positions', () => {
      const all = new Int32Array(2 * this.nonzeros)
      this.#eachRow((at, { genes }, cell) => {
        for (let k = 0; k < genes.length; k++) {
          all[2 * (at + k)] = cell
          all[2 * (at + k) + 1] = genes[k]!
        }
      })
      return this.#ops.upload(all, [this.nonzeros, 2])
    })
  }

  /** Cells × genes. */
  counts(): Handle {
    return this.#handle('dense', () => {
      const { nGenes } = this.source
      const size = this.nCells * nGenes
      const last = this.#filled
      const sameSize = this.#dense.length === size
      if (!sameSize) this.#dense = new Float32Array(size)
      const dense = this.#dense
      if (sameSize) for (let k = 0; k < last.length; k++) dense[last[k]!] = 0
      const filled = new Int32Array(this.nonzeros)
      this.#eachRow((at, { genes, counts }, cell) => {
        for (let k = 0; k < genes.length; k++) {
          const place = cell * nGenes + genes[k]!
          dense[place] = counts[k]!
          filled[at + k] = place
        }
      })
      this.#filled = filled
      return this.#ops.upload(dense, [this.nCells, nGenes])
    })
  }

  #eachRow(use: (at: number, row: CellRow, cell: number) => void): void {
    let at = 0
    for (const [cell, row] of this.#rows.entries()) {
      use(at, row, cell)
      at += row.genes.length
    }
  }

  /** log1p of the counts, cells × genes. */
  logCounts(): SparseMatrix {
    const ops = this.#ops
    return {
      rows: this.nCells,
      columns: this.source.nGenes,
      nonzeros: this.nonzeros,
      indices: () => this.positions(),
      values: () => this.#handle('log counts', () => ops.keep(ops.log1p(this.nonzeroCounts()))),
      dense: () => this.#handle('dense log', () => ops.keep(ops.log1p(this.counts()))),
    }
  }

  /** The one-hot and continuous columns that a layer takes beside its input; undefined when it takes none. */
  covariates(use: CovariateUse): SparseMatrix | undefined {
    const columns = use.categories.reduce((sum, n) => sum + n, 0) + use.continuous
    if (columns === 0) return undefined
    const taken = use.categories.filter((n) => n > 0).length + use.continuous
    const nonzeros = taken * this.nCells
    const name = `covariates ${use.categories.join(' ')}, ${use.continuous}`
    const upload = (form: string, make: () => Float32Array | Int32Array, shape: readonly number[]) =>
      this.#handle(`${name} ${form}`, () => this.#ops.upload(make(), shape))
    return {
      rows: this.nCells,
      columns,
      nonzeros,
      indices: () =>
        upload('indices', () => {
          const all = new Int32Array(2 * nonzeros)
          this.#eachCovariate(use, (k, row, column) => all.set([row, column], 2 * k))
          return all
        }, [nonzeros, 2]),
      values: () =>
        upload('values', () => {
          const all = new Float32Array(nonzeros)
          this.#eachCovariate(use, (k, _row, _column, value) => {
            all[k] = value
          })
          return all
        }, [nonzeros]),
      dense: () =>
        upload('dense', () => {
          const all = new Float32Array(this.nCells * columns)
          this.#eachCovariate(use, (_k, row, column, value) => {
            all[row * columns + column] = value
          })
          return all
        }, [this.nCells, columns]),
    }
  }

  /** Every entry of the covariates' columns, row by row. */
  #eachCovariate(
    { categories, continuous }: CovariateUse,
    put: (k: number, row: number, column: number, value: number) => void,
  ): void {
    const { source } = this
    let at = 0
    for (const [row, cell] of this.#cells.entries()) {
      let first = 0
      for (const [k, n] of categories.entries()) {
        if (n > 0) put(at++, row, first + source.categorical[k]![cell]!, 1)
        first += n
      }
      for (let k = 0; k < continuous; k++) put(at++, row, first + k, source.continuous[k]![cell]!)
    }
  }
}

/** The minibatches of this device behind the interface's type. */
export function ownBatch(batch: Minibatch): TfMinibatch {
  if (batch instanceof TfMinibatch) return batch
  throw new TypeError('The minibatch belongs to another device.')
}
