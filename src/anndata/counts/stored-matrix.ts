import type { NumericArray } from '../store/store.js'
import type { CountBlock, CountMatrix } from './counts.js'
import type { ValueScan } from './value-scan.js'

/** A cells × genes matrix in a file: its layout is known, its values are not read yet. */
export interface StoredMatrix {
  readonly encoding: 'csr_matrix' | 'csc_matrix' | 'array'
  /** numpy's name of the values' type. */
  readonly dtype: string
  readonly nCells: number
  readonly nGenes: number
  /** Entries in the file, explicit zeros among them. */
  readonly stored: number
  /** Reads all values into sparse rows; every stored value passes through `scan`. */
  read(scan: ValueScan): Promise<CountMatrix>
  /**
   * All values as blocks of sparse rows, one after another, none of which is kept; every stored value passes through `scan`.
   * A matrix by genes has blocks of all cells and some genes each, in which a cell's entry of a gene may come before that of a
   * cell before it.
   */
  blocks(scan: ValueScan): AsyncIterable<CountBlock>
  /** Passes every stored value through `scan` and keeps none. */
  scan(scan: ValueScan): Promise<void>
  /** Cell and gene of an entry in storage order. */
  locate(entry: number): Promise<{ cell: number; gene: number }>
  /** Entries slice by slice, those of `only` and others that lie between them in the file. */
  entries(only: Selection): AsyncIterable<MatrixEntries>
}

/** Positions of the cells and genes that are asked for; all where one is left out. */
export interface Selection {
  cells?: Int32Array | undefined
  genes?: Int32Array | undefined
}

/** Entries of a matrix in storage order: three arrays of one length. */
export interface MatrixEntries {
  values: NumericArray
  cells: Int32Array
  genes: Int32Array
}

/** Cells of one block of a count matrix. */
export const BLOCK_CELLS = 4096
