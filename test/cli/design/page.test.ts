import { tableFromArrays } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { studyDesign } from '../../../src/analysis/design/study-design.js'
import { simulateCells } from '../../../src/analysis/simulate/simulate.js'
import type { AnnData } from '../../../src/anndata/read.js'
import { designPage } from '../../../src/cli/design/page.js'
import { buildFindingsPage } from '../../../src/report/findings-page.js'

const N = 600
const { counts } = simulateCells({ nCells: N, nGenes: 40, nTypes: 2, meanLibrarySize: 300, seed: 3 })

/** The page of cells with these columns. */
function pageOf(columns: Record<string, (cell: number) => string>) {
  const cells = Array.from({ length: N }, (_, cell) => cell)
  const obs = Object.entries(columns).map(([name, of]) => [name, cells.map(of)] as const)
  const adata = {
    ...{ path: 'a.h5ad', nCells: N, nGenes: 40, counts },
    obs: tableFromArrays(Object.fromEntries(obs)),
    obsNames: cells.map((cell) => `c${cell}`),
    varNames: Array.from({ length: 40 }, (_, gene) => `g${gene}`),
  } as Partial<AnnData> as AnnData
  return designPage(studyDesign(adata), adata, 'a.h5ad')
}

const part = (groups: number) => (cell: number) => `v${Math.floor((cell * groups) / N)}`
const mixed = (groups: number) => (cell: number) => `v${cell % groups}`

describe('the page of a design', () => {
  it('approves of the advised key and only notes the others', () => {
    const { verdict, findings } = pageOf({ batch: part(2), lane: part(4), disease: mixed(3) })
    expect(verdict).toMatch(/^take lane as the batch key/)
    expect(findings.slice(0, 2).map(({ title, grade }) => [title, grade])).toEqual([
      ['lane as a batch key', 'good'],
      ['batch as a batch key', 'unknown'],
    ])
  })

  it('draws attention to keys where none is advised', () => {
    const { verdict, findings } = pageOf({ batch: part(2), disease: part(2) })
    expect(verdict).toMatch(/^no key is advised/)
    expect(findings[0]).toMatchObject({ title: 'batch as a batch key', grade: 'attention' })
    expect(findings[0]!.sentence).toContain('gives up disease (V 1.00)')
  })

  it('has the cells of each combination, of as many values as there is room for', () => {
    const disease = (cell: number) => `v${cell % (cell < N / 2 ? 2 : 3)}`
    const { tables } = pageOf({ batch: part(2), disease, cell_type: mixed(25) })
    expect(tables.map(({ title }) => title)).toEqual([
      'What crosses',
      'batch × disease',
      'batch × cell_type',
      'Cells and counts by batch',
      'Columns',
    ])
    expect(tables[0]!.rows[1]).toEqual(['batch × disease', '0.44', '1', '600'])
    expect(tables[1]!.rows).toEqual([
      ['batch \\ disease', 'v0', 'v1', 'v2'],
      ['v0', '150', '150', '0'],
      ['v1', '100', '100', '100'],
    ])
    expect(tables[2]!.rows.map((row) => row.length)).toEqual([21, 21, 21])
    expect(tables[2]!.note).toContain('of at most 40 × 20 values')
    expect(tables[3]!.rows.slice(1).map((row) => row.slice(0, 2))).toEqual([
      ['v0', '300'],
      ['v1', '300'],
    ])
  })

  it('says so where no column parts the cells', () => {
    const design = pageOf({ barcode: (cell) => `c${cell}` })
    expect(design.tables).toEqual([
      { title: 'Columns', note: 'No column of obs parts the cells into a few groups.', rows: [] },
    ])
    const page = buildFindingsPage({ title: 'a.h5ad', ...design })
    expect(page).toContain('No column of obs parts the cells into a few groups.')
    expect(page).not.toContain('<table')
  })
})
