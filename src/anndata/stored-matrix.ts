import type { CountMatrix } from './counts.js'
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
  read(scan: ValueScan): CountMatrix
  /** Passes every stored value through `scan` and keeps none. */
  scan(scan: ValueScan): void
  /** Cell and gene of an entry in storage order. */
  locate(entry: number): { cell: number; gene: number }
}

/** Cells of one block of a count matrix. */
export const BLOCK_CELLS = 4096
