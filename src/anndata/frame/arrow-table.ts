import { type Data, Field, makeData, RecordBatch, Schema, Struct, Table } from 'apache-arrow'

/** A table of columns of one chunk each; with no column it still has its rows. */
export function arrowTable(columns: readonly (readonly [string, Data])[], length: number): Table {
  const fields = columns.map(([name, data]) => new Field(name, data.type, true))
  const schema = new Schema(fields)
  const children = columns.map(([, data]) => data)
  const rows = makeData({ type: new Struct(fields), length, nullCount: 0, children })
  return new Table(schema, [new RecordBatch(schema, rows)])
}
