import { logFactorial } from '../../../numeric/special.js'
import type { CellSource } from '../../device.js'
import { FIELD } from '../wgsl/minibatch.js'
import type { EntryForm } from './row-words.js'

/** What one look at all rows of a data set tells. */
export interface RowFacts extends EntryForm {
  /** Nonzero entries of each row. */
  readonly lengths: Uint32Array
  /** Σ ln x! over each row's counts. */
  readonly constants: Float32Array
}

/** Looks at every row once. */
export function rowFacts(source: CellSource): RowFacts {
  const { nCells } = source
  const lengths = new Uint32Array(nCells)
  const constants = new Float32Array(nCells)
  let largest = 0
  let whole = true
  for (let cell = 0; cell < nCells; cell++) {
    const { counts } = source.row(cell)
    let n = 0
    let constant = 0
    for (let k = 0; k < counts.length; k++) {
      const count = counts[k]!
      if (count === 0) continue
      n++
      constant += logFactorial(count)
      if (count > largest) largest = count
      whole &&= Number.isInteger(count) && count > 0
    }
    lengths[cell] = n
    constants[cell] = constant
  }
  const packed = source.nGenes <= 0x10000 && largest <= 0xffff && whole
  return { lengths, constants, packed, words: packed ? 1 : 2 }
}

/** A run of cells whose entries lie in one buffer. */
export interface Chunk {
  /** Cells [first, end). */
  readonly first: number
  readonly end: number
  readonly entries: number
}

/** As many cells from `first` on as have at most so many entries together. */
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
 * The facts of every cell (`FIELD` in wgsl/minibatch.ts), fields × cells. Cells of no chunk have the number after the last one,
 * and their place is told with each minibatch.
 */
export function cellFacts(source: CellSource, { lengths, constants }: RowFacts, chunks: readonly Chunk[]) {
  const { nCells, categorical, continuous, size } = source
  const words = new Uint32Array(factFields(source) * nCells)
  const floats = new Float32Array(words.buffer)
  words.fill(chunks.length, FIELD.chunk * nCells, (FIELD.chunk + 1) * nCells)
  for (const [c, { first, end }] of chunks.entries()) {
    let at = 0
    for (let cell = first; cell < end; cell++) {
      words[FIELD.chunk * nCells + cell] = c
      words[FIELD.start * nCells + cell] = at
      at += lengths[cell]!
      words[FIELD.end * nCells + cell] = at
    }
  }
  for (let cell = 0; cell < nCells; cell++) {
    floats[FIELD.logSize * nCells + cell] = Math.log(Math.max(size[cell]!, 1e-30))
  }
  floats.set(constants, FIELD.constant * nCells)
  for (const [k, codes] of categorical.entries()) words.set(codes, (FIELD.covariates + k) * nCells)
  for (const [k, values] of continuous.entries()) {
    floats.set(values, (FIELD.covariates + categorical.length + k) * nCells)
  }
  return words
}
