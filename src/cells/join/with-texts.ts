import type { Data, Table } from 'apache-arrow'
import { categoriesToArrow, stringsToArrow } from '../../anndata/frame/arrow-data.js'
import { arrowTable } from '../../anndata/frame/arrow-table.js'

/** A table with a column of one text for each name, in the place of those of their names; undefined is a missing value. */
export function withTexts(table: Table, texts: Readonly<Record<string, string | undefined>>): Table {
  const all = new Map<string, Data>()
  for (const { name } of table.schema.fields) {
    const data = table.getChild(name)?.data[0]
    if (data) all.set(name, data)
  }
  for (const [name, text] of Object.entries(texts)) {
    const codes = new Int32Array(table.numRows).fill(text === undefined ? -1 : 0)
    all.set(
      name,
      categoriesToArrow(codes, stringsToArrow(text === undefined ? [] : [text], undefined), false),
    )
  }
  return arrowTable([...all], table.numRows)
}
