import { logFactorial } from '../../../numeric/special.js'
import { type CellSource, type CountSource, MISSING } from '../../device.js'
import { FIELD } from '../wgsl/minibatch.js'
import type { EntryForm } from './row-words.js'

/** What one look at all rows of a data set tells. */
export interface RowFacts extends EntryForm {
  /** Nonzero entries of each row whose counts are known. */
  readonly known: Uint32Array
  /** The same with those whose counts are missing. */
  readonly lengths: Uint32Array
  /** Σ ln x! over each row's counts. */
  readonly constants: Float32Array
}

/** Rows that are looked at or uploaded at a time. */
const BLOCK_ROWS = 4096

/** Rows of counts from the first to the one before the end, in blocks. */
export async function* rowBlocks(counts: CountSource, first: number, end: number) {
  for (let from = first; from < end; from += BLOCK_ROWS) {
    const n = Math.min(BLOCK_ROWS, end - from)
    const cells = Int32Array.from({ length: n }, (_, i) => from + i)
    yield { from, rows: await counts.load(cells) }
  }
}

/** Looks at every row once. */
export async function rowFacts(source: CountSource): Promise<RowFacts> {
  const { nCells, nGenes } = source
  const known = new Uint32Array(nCells)
  const lengths = new Uint32Array(nCells)
  const constants = new Float32Array(nCells)
  let largest = 0
  let whole = true
  for await (const { from, rows } of rowBlocks(source, 0, nCells)) {
    for (const [i, { counts }] of rows.entries()) {
      let [n, missing, constant] = [0, 0, 0]
      for (let k = 0; k < counts.length; k++) {
        const count = counts[k]!
        if (count === 0) continue
        if (count === MISSING) {
          missing++
          continue
        }
        n++
        constant += logFactorial(count)
        if (count > largest) largest = count
        whole &&= Number.isInteger(count) && count > 0
      }
      known[from + i] = n
      lengths[from + i] = n + missing
      constants[from + i] = constant
    }
  }
  const packed = nGenes <= 0x10000 && largest <= 0xffff && whole
  return { known, lengths, constants, packed, words: packed ? 1 : 2 }
}

/** A run of rows whose entries lie in one buffer. */
export interface Chunk {
  /** Rows [first, end). */
  readonly first: number
  readonly end: number
  readonly entries: number
}

/** As many rows from `first` on as have at most so many entries together. */
export function nextChunk(lengths: Uint32Array, first: number, most: number): Chunk {
  let entries = 0
  let end = first
  while (end < lengths.length && entries + lengths[end]! <= most) entries += lengths[end++]!
  return { first, end, entries }
}

/** Rows of a data set's facts. */
export const factFields = ({ categorical, continuous }: CellSource): number =>
  FIELD.covariates + categorical.length + continuous.length

/**
 * The facts of every cell (`FIELD` in wgsl/minibatch.ts), fields × cells. Rows of no chunk have the number after the last one, and
 * start at 0: where they lie is told with each minibatch.
 */
export function cellFacts(
  source: CellSource,
  { known, lengths, constants }: RowFacts,
  chunks: readonly Chunk[],
) {
  const { nCells, categorical, continuous, size } = source
  const words = new Uint32Array(factFields(source) * nCells)
  const floats = new Float32Array(words.buffer)
  const { chunkOf, starts } = placesOf(lengths, chunks)
  for (let cell = 0; cell < nCells; cell++) {
    const row = source.rows ? source.rows[cell]! : cell
    const start = starts[row]!
    words[FIELD.chunk * nCells + cell] = chunkOf[row]!
    words[FIELD.start * nCells + cell] = start
    words[FIELD.end * nCells + cell] = start + known[row]!
    words[FIELD.missingEnd * nCells + cell] = start + lengths[row]!
    floats[FIELD.constant * nCells + cell] = constants[row]!
    floats[FIELD.size * nCells + cell] = size[cell]!
    floats[FIELD.logSize * nCells + cell] = Math.log(Math.max(size[cell]!, 1e-30))
  }
  for (const [k, codes] of categorical.entries()) words.set(codes, (FIELD.covariates + k) * nCells)
  for (const [k, values] of continuous.entries()) {
    floats.set(values, (FIELD.covariates + categorical.length + k) * nCells)
  }
  return words
}

/** The chunk of each row, and where it starts there. */
function placesOf(lengths: Uint32Array, chunks: readonly Chunk[]) {
  const chunkOf = new Uint32Array(lengths.length).fill(chunks.length)
  const starts = new Uint32Array(lengths.length)
  for (const [c, { first, end }] of chunks.entries()) {
    chunkOf.fill(c, first, end)
    for (let [row, at] = [first, 0]; row < end; at += lengths[row++]!) starts[row] = at
  }
  return { chunkOf, starts }
}
