import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type AnnData, readAnnData } from '../../src/anndata/read.js'
import { readCounts } from '../../src/anndata/read-any.js'
import { readSampleSheet } from '../../src/anndata/sheet/sample-sheet.js'
import { joinAnnData } from '../../src/cells/join/join-anndata.js'

const folder = join(process.env.SCVAE_INTEROP_FILES!, 'join')
const REAL = join(folder, 'real')

const JOINS = [
  ['simulated files', folder, 'inner'],
  ['simulated files', folder, 'outer'],
  ['real files', REAL, 'inner'],
  ['real files', REAL, 'outer'],
] as const

describe.each(JOINS.filter(([, path]) => existsSync(path)))(
  '%s of a sheet',
  { timeout: 300_000 },
  (_, path, kind) => {
    test(`are joined as anndata joins them: ${kind}`, async () => {
      const sheet = readSampleSheet(join(path, 'sheet.csv'))
      const files: AnnData[] = []
      for (const { path: file } of sheet) files.push(await readCounts(file))
      const joined = joinAnnData(files, { join: kind, names: sheet.map(({ sample }) => sample!) })
      const expected = await readAnnData(join(path, `${kind}.h5ad`))

      expect([...joined.varNames].sort()).toEqual([...expected.varNames].sort())
      if (kind === 'inner') expect(joined.varNames).toEqual(expected.varNames)
      expect(originalNames(joined)).toEqual(
        expected.obsNames.map((name) => name.slice(0, name.lastIndexOf('-'))),
      )
      const columns = expected.obs.schema.fields.map(({ name }) => name)
      expect(columns).toContain('scvae_file')
      for (const column of columns) expect(texts(joined, column), column).toEqual(texts(expected, column))

      // what is stored is the same to the bit; where a file lacks a gene, anndata has zeros
      expect(joined.nCells).toBe(expected.nCells)
      expect(joined.counts.nonzeros).toBe(expected.counts.nonzeros)
      const place = new Map(expected.varNames.map((name, gene) => [name, gene]))
      const geneOf = Int32Array.from(joined.varNames, (name) => place.get(name)!)
      const differ: number[] = []
      for (let cell = 0; cell < joined.nCells; cell++) {
        const dense = new Float32Array(joined.nGenes)
        const row = joined.counts.storedRow(cell)
        for (const [k, gene] of row.genes.entries()) dense[geneOf[gene]!] = row.counts[k]!
        const { genes, counts } = expected.counts.row(cell)
        const same =
          genes.length === row.genes.length && counts.every((count, k) => dense[genes[k]!] === count)
        if (!same) differ.push(cell)
      }
      expect(differ).toEqual([])

      const lacked = files.map(({ varNames }) => {
        const has = new Set(varNames)
        return joined.varNames.flatMap((name, gene) => (has.has(name) ? [] : [gene]))
      })
      const { absent } = joined.counts
      if (kind === 'inner') expect(absent).toBeUndefined()
      else expect(absent!.genes.map((genes) => [...genes])).toEqual(lacked)
      const ends = files.map((_, i) => files.slice(0, i + 1).reduce((sum, { nCells }) => sum + nCells, 0))
      for (const [i, end] of ends.entries()) if (absent) expect(absent.groups[end - 1]).toBe(i)
    })
  },
)

/** Names as they were in the files. */
function originalNames({ obs, obsNames }: AnnData): string[] {
  const column = obs.getChild('scvae_barcode')
  return column ? Array.from(column, String) : obsNames
}

const texts = ({ obs }: AnnData, name: string): string[] =>
  Array.from(obs.getChild(name)!, (value) =>
    value === null || Number.isNaN(value) ? 'missing' : String(value),
  )
