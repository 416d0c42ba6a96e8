import { DataType } from 'apache-arrow'
import { fileWriter, parquetWrite } from 'hyparquet-writer'
import { type LatentTable, tableColumns } from './latent-table.js'

/** Writes a Parquet file of what the Arrow file has: `cell`, `z1` … `zd`, then scores and clusters by their usual names in obs. */
export async function writeParquet(path: string, table: LatentTable): Promise<void> {
  const columns = Object.entries(tableColumns(table)).map(([name, column]) => {
    if (DataType.isDictionary(column.type)) {
      const names: (string | null)[] = Array.from(column.memoize())
      return { name, data: names, type: 'STRING', nullable: true } as const
    }
    const values: unknown = column.toArray()
    if (values instanceof Float32Array) return { name, data: values, type: 'FLOAT', nullable: false } as const
    if (values instanceof Float64Array)
      return { name, data: values, type: 'DOUBLE', nullable: false } as const
    // Parquet has no smaller integers
    return { name, data: Int32Array.from(column, Number), type: 'INT32', nullable: false } as const
  })
  await parquetWrite({
    writer: fileWriter(path),
    columnData: [{ name: 'cell', data: [...table.cellNames], type: 'STRING', nullable: false }, ...columns],
    createdBy: 'scvae',
  })
}
