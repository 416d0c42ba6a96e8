/** What a table of float32 numbers with named rows and columns has beside its numbers. */
export interface RowTable {
  /** Header of the rows' names. */
  nameColumn: string
  rowNames: readonly string[]
  columns: readonly string[]
}

/** Takes the rows of a table in order, a few at a time. */
export interface RowWriter {
  /** The next rows, row-major. */
  add(values: Float32Array): void
  /** Ends the file. */
  end(): void
}
