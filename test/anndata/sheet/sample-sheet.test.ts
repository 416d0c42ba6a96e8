import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readSampleSheet } from '../../../src/anndata/sheet/sample-sheet.js'
import { refusalOf, temporaryFolder } from '../fixtures.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

beforeAll(() => {
  for (const name of ['a.h5ad', 'b, c.h5ad', 'd"e.h5ad']) writeFileSync(at(name), '')
})

function sheet(text: string, name = 'sheet.csv') {
  writeFileSync(at(name), text)
  return readSampleSheet(at(name))
}

const refusal = async (text: string, name?: string) => refusalOf((async () => sheet(text, name))(), folder)

describe('a sample sheet', () => {
  test('has a path, a sample and other columns', () => {
    expect(sheet('path,sample,batch,age\na.h5ad,s1,b1,3\n')).toEqual([
      { path: at('a.h5ad'), sample: 's1', columns: { batch: 'b1', age: '3' }, line: 2 },
    ])
  })

  test('may have quotes, a byte order mark, lines of Windows and empty ones', () => {
    const rows = sheet('\uFEFFnote,path\r\n"two\r\nlines","b, c.h5ad"\r\n\r\n,"d""e.h5ad"\r\n')
    expect(rows).toEqual([
      { path: at('b, c.h5ad'), columns: { note: 'two\r\nlines' }, line: 2 },
      { path: at('d"e.h5ad'), columns: { note: undefined }, line: 5 },
    ])
  })

  test('has tabs where its name or its first line says so', () => {
    const text = 'sample\tpath\n a \tb, c.h5ad'
    for (const name of ['sheet.tsv', 'sheet.txt']) {
      expect(sheet(text, name)).toEqual([{ path: at('b, c.h5ad'), sample: 'a', columns: {}, line: 2 }])
    }
  })

  test.each([
    ['', 'Line 1 of the sheet "sheet.csv" is empty.'],
    ['path,batch\n', 'Line 1 of the sheet "sheet.csv" names no file below its header.'],
    ['file,batch\na.h5ad,1\n', 'Line 1 of the sheet "sheet.csv" has no column "path" (it has file, batch).'],
    ['path,b,b\na.h5ad,1,2\n', 'Line 1 of the sheet "sheet.csv" has the column "b" twice.'],
    ['path,\na.h5ad,1\n', 'Line 1 of the sheet "sheet.csv" has a column without a name.'],
    ['path,b\na.h5ad,1\na.h5ad\n', 'Line 3 of the sheet "sheet.csv" has 1 fields where the header has 2.'],
    ['path,b\n\n ,1\n', 'Line 3 of the sheet "sheet.csv" has no path.'],
    ['path\nx.h5ad\n', 'Line 2 of the sheet "sheet.csv" names "x.h5ad", which is not there.'],
    ['path\n"a.h5ad\n', 'Line 2 of the sheet "sheet.csv" has a quote that does not end.'],
    ['path\n"a"b.h5ad\n', 'Line 2 of the sheet "sheet.csv" has text behind a closing quote.'],
  ])('%j is refused', async (text, message) => {
    expect(await refusal(text)).toContain(`bad-input: ${message}`)
  })

  test('that is not there is refused', async () => {
    const run = (async () => readSampleSheet(at('none.csv')))()
    expect(await refusalOf(run, folder)).toContain('The sheet "none.csv" cannot be read.')
  })
})
