import type { Column } from '../frame/column.js'
import type { Group } from '../hdf5/hdf5.js'
import { writeBeside } from './beside.js'
import { writeElement } from './element.js'
import { writeNewFile } from './elements.js'
import { GrowingDataset, setEncoding, writeChunks, writeDataFrame, writeDict } from './parts.js'
import { dictElement, type PlainValue } from './plain-values.js'

/** The entries of a cell, genes ascending. */
export interface SparseRow {
  genes: Int32Array
  counts: Float32Array
}

/** An AnnData file whose rows are made while it is written. */
export interface StreamedAnnData {
  varNames: readonly string[]
  uns: Readonly<Record<string, PlainValue>>
  /** Hands the rows of X over, in order, some at a time. */
  counts: (add: (rows: readonly SparseRow[]) => void) => Promise<void>
  /** What is known of the cells once all rows were handed over. */
  obs: () => { names: readonly string[]; columns: Readonly<Record<string, Column>> }
}

/**
 * Writes a new `.h5ad` file as `writeAnnData` does, a block of cells at a time.
 *
 * @throws ScvaeError `usage` when the file exists and `overwrite` is not set
 */
export async function writeStreamedAnnData(
  path: string,
  { varNames, uns, counts, obs }: StreamedAnnData,
  options: { overwrite?: boolean } = {},
): Promise<void> {
  const unsElement = dictElement(uns, 'uns')
  await writeBeside(
    path,
    (temporary) =>
      writeNewFile(temporary, async (file, state) => {
        await writeRows(file, varNames.length, counts)
        const { names, columns } = obs()
        writeDataFrame(file, 'obs', names, Object.entries(columns))
        writeDataFrame(file, 'var', varNames, [])
        for (const name of ['layers', 'obsm', 'varm', 'obsp', 'varp']) writeDict(file, name)
        writeElement(file, 'uns', unsElement, state)
      }),
    options,
  )
}

async function writeRows(file: Group, nGenes: number, counts: StreamedAnnData['counts']): Promise<void> {
  const group = file.create_group('X')
  setEncoding(group, 'csr_matrix', '0.1.0')
  const indices = new GrowingDataset(group, 'indices', new Int32Array(0))
  const data = new GrowingDataset(group, 'data', new Float32Array(0))
  const ends = [0]
  await counts((rows) => {
    for (const { genes } of rows) ends.push(ends.at(-1)! + genes.length)
    const entries = ends.at(-1)! - indices.length
    const genes = new Int32Array(entries)
    const values = new Float32Array(entries)
    let at = 0
    for (const row of rows) {
      genes.set(row.genes, at)
      values.set(row.counts, at)
      at += row.genes.length
    }
    indices.add(genes)
    data.add(values)
  })
  group.create_attribute('shape', BigInt64Array.of(BigInt(ends.length - 1), BigInt(nGenes)))
  const wide = indices.length > 2 ** 31 - 1
  const pointers = wide ? BigInt64Array.from(ends, BigInt) : Int32Array.from(ends)
  writeChunks(group, 'indptr', [pointers], pointers, [ends.length])
}
