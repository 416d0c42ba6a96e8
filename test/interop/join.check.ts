import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { readCounts } from '../../src/anndata/read-any.js'
import { readSampleSheet } from '../../src/anndata/sheet/sample-sheet.js'
import { joinAnnData } from '../../src/cells/join/join-anndata.js'
import { MISSING } from '../../src/numeric/missing.js'

const folder = join(process.env.SCVAE_INTEROP_FILES!, 'join')

/** Counts of a cell by gene, and the genes that are absent. */
function cellOf(row: { genes: Int32Array; counts: Float32Array }, names: readonly string[]) {
  const known: Record<string, number> = {}
  const absent: string[] = []
  for (const [k, gene] of row.genes.entries()) {
    if (row.counts[k] === MISSING) absent.push(names[gene]!)
    else known[names[gene]!] = row.counts[k]!
  }
  return { known, absent: absent.sort() }
}

test.each(['inner', 'outer'] as const)(
  'files of a sheet are joined as anndata joins them: %s',
  async (kind) => {
    const sheet = readSampleSheet(join(folder, 'sheet.csv'))
    const files = await Promise.all(sheet.map(({ path }) => readCounts(path)))
    const joined = joinAnnData(files, { join: kind, names: sheet.map(({ sample }) => sample!) })
    const expected = await readAnnData(join(folder, `${kind}.h5ad`))
    expect(joined.obsNames).toHaveLength(expected.nCells)
    expect([...joined.varNames].sort()).toEqual([...expected.varNames].sort())
    if (kind === 'inner') expect(joined.varNames).toEqual(expected.varNames)
    for (const column of ['scvae_file', 'type', 'depth']) {
      const values = (of: typeof joined) => Array.from(of.obs.getChild(column)!, String)
      expect(values(joined)).toEqual(values(expected))
    }
    let at = 0
    for (const file of files) {
      const lacked = joined.varNames.filter((name) => !file.varNames.includes(name)).sort()
      for (let i = 0; i < file.nCells; i++, at++) {
        const { known, absent } = cellOf(joined.counts.row(at), joined.varNames)
        expect(known).toEqual(cellOf(expected.counts.row(at), expected.varNames).known)
        // where anndata has zeros
        expect(absent).toEqual(lacked)
      }
    }
    expect(at).toBe(expected.nCells)
  },
)
