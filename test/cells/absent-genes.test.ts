import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { highlyVariableGenes } from '../../src/analysis/genes/highly-variable-genes.js'
import { convertFile } from '../../src/anndata/convert.js'
import type { AbsentGenes } from '../../src/anndata/counts/absent-genes.js'
import { CountMatrix } from '../../src/anndata/counts/counts.js'
import { toCsr } from '../../src/anndata/counts/csr-arrays.js'
import { roundedCounts } from '../../src/anndata/counts/round-counts.js'
import { takeCounts } from '../../src/anndata/counts/take-counts.js'
import { readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { entriesOf, totalsOver } from '../../src/cells/totals.js'
import { matrixOf, refusalOf, rowsOf, temporaryFolder } from '../anndata/fixtures.js'
import { withGaps } from '../gaps.js'

const N_CELLS = 14
const N_GENES = 9
const value = (cell: number, gene: number) => Math.max(0, ((7 * cell + 5 * gene * gene) % 11) - 4)
const LACKED = [Int32Array.of(2, 5), Int32Array.of(0, 2, 8)]
const groups = Int32Array.from({ length: N_CELLS }, (_, cell) => (cell % 4) - 1).map((g) => (g > 1 ? -1 : g))
const absent: AbsentGenes = { names: ['a', 'b'], genes: LACKED, groups }
const lacks = (cell: number, gene: number) => LACKED[groups[cell]!]?.includes(gene) ?? false

const dense = Array.from({ length: N_CELLS }, (_, cell) =>
  Array.from({ length: N_GENES }, (_, gene) => (lacks(cell, gene) ? 0 : value(cell, gene))),
)
const stored = matrixOf(dense, 5)
const counts = new CountMatrix(N_GENES, stored.blocks, false, absent)
/** The same with an entry for each. */
const filled = withGaps(stored, lacks)

describe('absent genes', () => {
  test('are missing in rows and stored nowhere', () => {
    expect(rowsOf(counts)).toEqual(rowsOf(filled))
    expect(counts.missing).toBe(true)
    expect(counts.nonzeros).toBe(stored.nonzeros)
    expect(counts.cellTotals()).toEqual(filled.cellTotals())
    expect(toCsr(counts)).toEqual(toCsr(filled))
    expect(rowsOf(roundedCounts(counts))).toEqual(rowsOf(filled))
  })

  test('stay with cells and genes that are taken', () => {
    const cells = Int32Array.of(13, 2, 5, 0, 9)
    for (const genes of [Int32Array.of(0, 2, 3, 5), Int32Array.of(8, 5, 1, 2), Int32Array.of(5, -1, 2)]) {
      const taken = takeCounts(counts, cells, genes)
      expect(rowsOf(taken)).toEqual(rowsOf(takeCounts(filled, cells, genes)))
      expect(taken.nonzeros).toBe(takeCounts(stored, cells, genes).nonzeros)
    }
    expect(counts.select(undefined, [3, 4]).absent).toBeUndefined()
    expect(counts.select([3, 7], undefined).absent).toBeUndefined()
  })

  test('count for nothing in totals and in variances', () => {
    const genes = Int32Array.of(0, 2, 5, 6)
    expect(totalsOver(counts, genes)).toEqual(totalsOver(filled, genes))
    const cells = Int32Array.of(0, 1, 2, 3, 5)
    const { absent: lacked, ...entries } = entriesOf(counts, cells, genes)
    const { absent: none, ...same } = entriesOf(filled, cells, genes)
    expect(entries).toEqual(same)
    expect([lacked, none]).toEqual([entries.missing, 0])
    const batch = Int32Array.from({ length: N_CELLS }, (_, cell) => (cell < 6 ? 0 : 1))
    for (const options of [{ nTopGenes: 4 }, { nTopGenes: 4, batch }]) {
      expect(highlyVariableGenes(counts, options)).toEqual(highlyVariableGenes(filled, options))
    }
  })

  describe('in files', { timeout: 60_000 }, () => {
    const folder = temporaryFolder()
    const path = join(folder, 'absent.h5ad')
    const contents = {
      obs: { k: { kind: 'int', values: Int32Array.from(groups.keys()) } },
      obsNames: dense.map((_, cell) => `c${cell}`),
      varNames: Array.from({ length: N_GENES }, (_, gene) => `g${gene}`),
    } as const

    test('are told by obs and varm, for whatever is read', async () => {
      await writeAnnData(path, { ...contents, counts })
      const read = await readAnnData(path)
      expect(read.counts.absent).toEqual(absent)
      expect(read.counts.nonzeros).toBe(stored.nonzeros)
      expect(rowsOf(read.counts)).toEqual(rowsOf(filled))
      expect(rowsOf((await readAnnData(path, { obs: ['k'] })).counts)).toEqual(rowsOf(filled))
      const part = await readAnnData(path, { cells: [6, 1, 2], genes: ['g8', 'g2', 'g3'] })
      expect(rowsOf(part.counts)).toEqual(
        rowsOf(takeCounts(filled, Int32Array.of(6, 1, 2), Int32Array.of(8, 2, 3))),
      )
      const again = join(folder, 'again.h5ad')
      await writeAnnData(again, { ...contents, obs: read.obs, counts: read.counts })
      expect((await readAnnData(again)).counts.absent).toEqual(absent)
    })

    test('are so whatever is stored for them', async () => {
      const other = join(folder, 'stored.h5ad')
      const whole = matrixOf(dense.map((row, cell) => row.map((_, gene) => 1 + value(cell, gene))))
      await writeAnnData(other, {
        ...contents,
        counts: new CountMatrix(N_GENES, whole.blocks, false, absent),
      })
      const { counts: read } = await readAnnData(other)
      expect(rowsOf(read)).toEqual(rowsOf(withGaps(whole, lacks)))
      expect(read.cellTotals()[1]).toBe(
        dense[1]!.reduce((sum, _, gene) => sum + (lacks(1, gene) ? 0 : 1 + value(1, gene)), 0),
      )
    })

    test('go along to other formats of AnnData, and are told of where they cannot', async () => {
      const zarr = join(folder, 'absent.zarr')
      await convertFile(path, zarr, { obs: ['k'] })
      expect(rowsOf((await readAnnData(zarr)).counts)).toEqual(rowsOf(filled))
      const arrow = await convertFile(path, join(folder, 'absent.arrow'))
      expect(arrow.warnings).toContain(
        'Genes that some cells lack, as obs/scvae_genes tells, are zeros in it.',
      )
    })

    test('are those of the counts for layers too', async () => {
      const layers = { spliced: new CountMatrix(N_GENES, stored.blocks, false, absent) }
      await writeAnnData(join(folder, 'layers.h5ad'), { ...contents, counts, layers })
      expect(rowsOf((await readAnnData(join(folder, 'layers.h5ad'), { layer: 'spliced' })).counts)).toEqual(
        rowsOf(filled),
      )
      const refused = writeAnnData(join(folder, 'odd.h5ad'), { ...contents, counts: stored, layers })
      expect(await refusalOf(refused)).toContain('The layer "spliced" lacks other genes than the counts do.')
    })
  })
})
