import { CountRoom, entriesIn, PackedRow, unpackCounts, unpackGenes } from '../../numeric/packed-row.js'
import { logFactorial } from '../../numeric/special.js'
import { type CellRow, type CellSource, type CountSource, MISSING, type Minibatch } from '../device.js'
import { LoadedRows } from '../loaded-rows.js'
import { type AddressOf, writeAddress } from './addresses.js'
import type { Arena } from './arena.js'
import { padded } from './cpu-tensor.js'

/** Sum of ln x! over a cell's counts, worked out once a cell: the part of the log-likelihood that no parameter moves. */
const constants = new WeakMap<CountSource, Float32Array>()

function constantsOf(source: CountSource): Float32Array {
  let all = constants.get(source)
  if (!all) {
    all = new Float32Array(source.nCells).fill(Number.NaN)
    constants.set(source, all)
  }
  return all
}

/** For these, of whichever minibatch. */
const room = new CountRoom()

/** Share of the counts that are not zero from which on a minibatch holds whole rows instead of lists of entries. */
const LEAST_FULL = 0.4

/** The words that a minibatch holds in the arena, and the cells that are in it. */
export class CpuMinibatch implements Minibatch {
  readonly capacity: number
  readonly source: CellSource
  nCells = 0
  nonzeros = 0
  /** Words from one covariate's cells to the next one's. */
  readonly covariateStride: number
  readonly rowStart: number
  readonly codes: number
  readonly continuous: number
  readonly size: number
  readonly constant: number
  /** Room for a word a gene while entries are put gene by gene. */
  readonly geneNext: number
  readonly geneStart: number
  /** Whether it holds whole rows: its own counts decide. */
  full = false
  /** Counts and log1p of them as whole rows, [gene][cells rounded up to 16]; 0 where they are lists. */
  fullCount = 0
  fullLog = 0
  /** Grow with the nonzeros: CSR (gene, count, log1p), then gene-major (cell, count, log1p). */
  gene = 0
  count = 0
  logCount = 0
  cell = 0
  geneMajorCount = 0
  geneMajorLog = 0
  /** Counts that are not known, gene by gene: 0 where the minibatch has none. */
  missingStart = 0
  missingCell = 0
  /** Where each row's genes and counts lie in the process, for kernels to copy; 0 where they are copied already. */
  sources = 0
  /** Rows that kernels have still to copy from there: kept, so that their memory is. */
  held: readonly CellRow[] = []
  /** Rows that it takes next. */
  readonly loaded: LoadedRows
  #room = 0
  /** What kernels leave for each other and the categories of covariates, by name. */
  readonly #spaces = new Map<string, { offset: number; words: number }>()
  #released = false
  readonly #arena: Arena
  readonly #constants: Float32Array
  readonly #addressOf: AddressOf | undefined

  /** @param addressOf where rows lie, for kernels that can read there */
  constructor(arena: Arena, source: CellSource, capacity: number, addressOf: AddressOf | undefined) {
    this.#arena = arena
    this.source = source
    this.capacity = capacity
    this.#addressOf = addressOf
    this.#constants = constantsOf(source.counts)
    this.loaded = new LoadedRows(source)
    this.covariateStride = padded(capacity)
    this.rowStart = arena.allocate(capacity + 1)
    this.codes = arena.allocate(Math.max(1, source.categorical.length) * this.covariateStride)
    this.continuous = arena.allocate(Math.max(1, source.continuous.length) * this.covariateStride)
    this.size = arena.allocate(this.covariateStride)
    this.constant = arena.allocate(this.covariateStride)
    this.geneNext = arena.allocate(source.nGenes)
    this.geneStart = arena.allocate(source.nGenes + 1)
  }

  #sparseWords(): number[] {
    return [this.gene, this.count, this.logCount, this.cell, this.geneMajorCount, this.geneMajorLog]
  }

  #makeRoom(nonzeros: number): void {
    const whole = this.source.nGenes * padded(this.capacity)
    this.fullCount = this.full ? this.space('full counts', whole) : 0
    this.fullLog = this.full ? this.space('full logarithms', whole) : 0
    if (this.full && this.#addressOf) return
    if (nonzeros <= this.#room) return
    for (const offset of this.#sparseWords()) if (offset) this.#arena.free(offset, this.#room)
    this.#room = padded(Math.ceil(nonzeros * 1.25))
    const words = () => this.#arena.allocate(this.#room)
    this.gene = words()
    this.count = words()
    this.logCount = words()
    this.cell = words()
    this.geneMajorCount = words()
    this.geneMajorLog = words()
  }

  /** Copies the cells' covariates into the arena, and their rows, or says where these are to be copied from. */
  fill(cells: Int32Array): void {
    if (cells.length > this.capacity)
      throw new RangeError(`A minibatch of ${this.capacity} cells cannot hold ${cells.length}.`)
    const { source } = this
    const loaded = this.loaded.take(cells)
    const rows = source.counts.missing ? this.#setMissingAside(loaded) : loaded
    let nonzeros = 0
    for (let i = 0; i < rows.length; i++) nonzeros += entriesIn(rows[i]!)
    this.full = nonzeros >= LEAST_FULL * rows.length * source.nGenes
    this.#makeRoom(Math.max(nonzeros, 1))
    this.#placeRows(rows)
    const { floats, ints } = this.#arena
    for (let i = 0; i < rows.length; i++) {
      const cell = cells[i]!
      const counted = source.rows ? source.rows[cell]! : cell
      let constant = this.#constants[counted]!
      if (Number.isNaN(constant)) {
        const counts = room.countsOf(rows[i]!)
        constant = 0
        for (let k = 0; k < counts.length; k++) constant += logFactorial(counts[k]!)
        this.#constants[counted] = constant
      }
      floats[this.constant + i] = constant
      floats[this.size + i] = source.size[cell]!
      for (let k = 0; k < source.categorical.length; k++) {
        ints[this.codes + k * this.covariateStride + i] = source.categorical[k]![cell]!
      }
      for (let k = 0; k < source.continuous.length; k++) {
        floats[this.continuous + k * this.covariateStride + i] = source.continuous[k]![cell]!
      }
    }
    this.nCells = cells.length
    this.nonzeros = nonzeros
  }

  #placeRows(rows: readonly CellRow[]): void {
    const addressOf = this.#addressOf
    this.sources = addressOf ? this.space('sources', 4 * this.capacity) : 0
    const { floats, ints } = this.#arena
    let at = 0
    ints[this.rowStart] = 0
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      const entries = entriesIn(row)
      if (entries === 0) {
        // nothing is read, whatever was there before
      } else if (addressOf) {
        const inWords = row instanceof PackedRow && !row.escaped
        writeAddress(ints, this.sources + 4 * i, addressOf(inWords ? row.words : row.genes))
        writeAddress(ints, this.sources + 4 * i + 2, inWords ? 0 : addressOf(row.counts))
      } else if (row instanceof PackedRow) {
        unpackGenes(row.words, ints, this.gene + at)
        unpackCounts(row.words, row.escaped, floats, this.count + at)
      } else {
        ints.set(row.genes, this.gene + at)
        floats.set(row.counts, this.count + at)
      }
      at += entries
      ints[this.rowStart + i + 1] = at
    }
    if (addressOf) this.held = rows
  }

  /** Rows without the counts that are not known; these are listed gene by gene for the likelihood. */
  #setMissingAside(rows: readonly CellRow[]): CellRow[] {
    const { nGenes } = this.source
    const starts = new Int32Array(nGenes + 1)
    // what is missing does not fit into a word
    const open = rows.filter((row) => !(row instanceof PackedRow) || row.escaped)
    for (const { genes, counts } of open) {
      for (let k = 0; k < genes.length; k++) if (counts[k] === MISSING) starts[genes[k]! + 1]!++
    }
    for (let g = 0; g < nGenes; g++) starts[g + 1]! += starts[g]!
    const missing = starts[nGenes]!
    this.missingStart = 0
    if (missing === 0) return [...rows]
    const next = starts.slice()
    const cells = new Int32Array(missing)
    const known = rows.map((row, cell) => {
      if (row instanceof PackedRow && !row.escaped) return row
      const { genes, counts } = row
      for (let k = 0; k < genes.length; k++) if (counts[k] === MISSING) cells[next[genes[k]!]!++] = cell
      return knownOf(genes, counts)
    })
    this.missingStart = this.space('missing genes', nGenes + 1)
    this.missingCell = this.space('missing cells', missing)
    const { ints } = this.#arena
    ints.set(starts, this.missingStart)
    ints.set(cells, this.missingCell)
    return known
  }

  /** Words that kernels on this minibatch pass results on in. They grow as they are asked to and hold anything at first. */
  space(name: string, words: number): number {
    const space = this.#spaces.get(name)
    if (space && space.words >= words) return space.offset
    if (space) this.#arena.free(space.offset, space.words)
    const offset = this.#arena.allocate(words)
    this.#spaces.set(name, { offset, words })
    return offset
  }

  /** Numbers of categories of the covariates that a layer takes, as C reads them. */
  categories(counts: readonly number[]): number {
    const name = `categories ${counts.join(' ')}`
    const known = this.#spaces.get(name)
    if (known) return known.offset
    const offset = this.space(name, Math.max(1, counts.length))
    this.#arena.ints.set(counts, offset)
    return offset
  }

  /** Gives everything back; once is enough. */
  release(): void {
    if (this.#released) return
    this.#released = true
    const { capacity, source, covariateStride } = this
    this.#arena.free(this.rowStart, capacity + 1)
    this.#arena.free(this.codes, Math.max(1, source.categorical.length) * covariateStride)
    this.#arena.free(this.continuous, Math.max(1, source.continuous.length) * covariateStride)
    this.#arena.free(this.size, covariateStride)
    this.#arena.free(this.constant, covariateStride)
    this.#arena.free(this.geneNext, source.nGenes)
    this.#arena.free(this.geneStart, source.nGenes + 1)
    for (const offset of this.#sparseWords()) if (offset) this.#arena.free(offset, this.#room)
    for (const { offset, words } of this.#spaces.values()) this.#arena.free(offset, words)
  }
}

/** A row without its missing counts. It may be mostly these, so it is gone through by plain loops. */
function knownOf(genes: Int32Array, counts: Float32Array): CellRow {
  let n = 0
  for (let k = 0; k < counts.length; k++) if (counts[k] !== MISSING) n++
  const known = { genes: new Int32Array(n), counts: new Float32Array(n) }
  let at = 0
  for (let k = 0; k < counts.length; k++) {
    if (counts[k] === MISSING) continue
    known.genes[at] = genes[k]!
    known.counts[at++] = counts[k]!
  }
  return known
}
