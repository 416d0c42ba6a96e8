import type { SparseElement } from './sparse-element.js'
import type { ValueScan } from './value-scan.js'

/** What `csr_matrix` and `csc_matrix` groups have in common as stored matrices. */
export class SparseGroup {
  readonly dtype: string
  readonly nCells: number
  readonly nGenes: number
  readonly stored: number
  protected readonly element: SparseElement

  constructor(element: SparseElement) {
    this.element = element
    this.dtype = element.data.dtype
    ;[this.nCells, this.nGenes] = element.shape
    this.stored = element.data.length
  }

  scan(scan: ValueScan): Promise<void> {
    return this.element.scan(scan)
  }
}
