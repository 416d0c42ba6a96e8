import { describe, expect, it } from 'vitest'
import { cellData } from '../../src/cells/cell-data.js'
import { withGaps } from '../gaps.js'
import { rowOf } from '../row-of.js'
import { smallData } from '../train/small-data.js'

const data = smallData()
const names = Array.from({ length: data.nCells }, (_, i) => `cell_${String(i + 1).padStart(3, '0')}`)

describe('cellData', () => {
  it('takes all cells and genes when nothing else is said', () => {
    const { source, categorical } = cellData(data, {})
    expect([source.nCells, source.nGenes]).toEqual([data.nCells, data.nGenes])
    expect(categorical).toEqual([{ key: null, categories: ['all'] }])
    expect(source.categorical[0]!.every((code) => code === 0)).toBe(true)
    expect(rowOf(source, 5)).toEqual(data.counts.row(5))
    expect(Array.from(source.size)).toEqual(Array.from(data.counts.cellTotals()))
  })

  it('takes some cells and genes, with library sizes of these genes', () => {
    const cells = Int32Array.of(7, 3, 90)
    const genes = Int32Array.from({ length: 20 }, (_, i) => 2 * i + 1)
    const keys = { batchKey: 'batch', categoricalCovariateKeys: ['day'], continuousCovariateKeys: ['score'] }
    for (const some of [undefined, genes]) {
      const { source, categorical } = cellData(data, keys, cells, some)
      expect(source.nCells).toBe(3)
      expect(source.nGenes).toBe(some?.length ?? data.nGenes)
      for (const [i, cell] of cells.entries()) {
        const dense = new Float32Array(data.nGenes)
        const row = data.counts.row(cell)
        for (const [k, gene] of row.genes.entries()) dense[gene] = row.counts[k]!
        const expected = some ? Array.from(some, (gene) => dense[gene]!) : [...dense]
        const actual = new Array(source.nGenes).fill(0)
        for (const [k, gene] of rowOf(source, i).genes.entries()) actual[gene] = rowOf(source, i).counts[k]!
        expect(actual).toEqual(expected)
        expect(source.size[i]).toBe(expected.reduce((a, b) => a + b, 0))
        expect(categorical[0]!.categories[source.categorical[0]![i]!]).toBe(
          data.obs.getChild('batch')!.get(cell),
        )
        expect(categorical[1]!.categories[source.categorical[1]![i]!]).toBe(
          String(data.obs.getChild('day')!.get(cell)),
        )
        expect(source.continuous[0]![i]).toBe(Math.fround(data.obs.getChild('score')!.get(cell)))
      }
    }
  })

  it('says that counts are missing, and takes the library size of the others', () => {
    const gappy = {
      ...data,
      counts: withGaps(data.counts, (cell, gene) => gene === 4 || gene % 7 === cell % 7),
    }
    for (const genes of [undefined, Int32Array.from({ length: 40 }, (_, i) => 40 - i)]) {
      const { source } = cellData(gappy, {}, Int32Array.of(50, 2, 8), genes)
      expect(source.counts.missing).toBe(true)
      for (const i of [0, 1, 2]) {
        const { counts } = rowOf(source, i)
        expect(counts.includes(-1)).toBe(true)
        expect(source.size[i]).toBe(counts.reduce((sum, count) => sum + Math.max(0, count), 0))
      }
    }
    expect(cellData(data, {}).source.counts.missing).toBe(false)
  })

  it('makes no category for cells that are left out', () => {
    const batches = Array.from(data.obs.getChild('batch')!) as string[]
    const one = Int32Array.from(batches.flatMap((batch, cell) => (batch === batches[0] ? [cell] : [])))
    expect(cellData(data, { batchKey: 'batch' }, one).categorical[0]!.categories).toEqual([batches[0]])
  })

  it('keeps the codes of a model that exists', () => {
    const known = [{ key: 'batch', categories: ['zebra', 'batch_2', 'batch_1'] }]
    const { source } = cellData(data, { batchKey: 'batch' }, undefined, undefined, known)
    const names = Array.from(source.categorical[0]!, (code) => known[0]!.categories[code])
    expect(names).toEqual(Array.from(data.obs.getChild('batch')!))
    const other = [{ key: 'batch', categories: ['batch_1'] }]
    expect(() => cellData(data, { batchKey: 'batch' }, undefined, undefined, other)).toThrow(
      expect.objectContaining({
        kind: 'bad-input',
        message: '"small.h5ad": the model does not know the category "batch_2" of "batch".',
        hint: expect.stringMatching(/^It knows batch_1\. .* fit the model on cells of it too/),
      }),
    )
  })

  it('takes size factors in place of library sizes, and refuses odd ones', () => {
    const { source } = cellData(data, { sizeFactorKey: 'factor' })
    expect(Array.from(source.size)).toEqual(Array.from(data.obs.getChild('factor')!, Math.fround))
    expect(() => cellData(data, { sizeFactorKey: 'holed' })).toThrow(
      'the obs column "holed" is NaN for cell 4; it must be a positive number for every cell.',
    )
    expect(() => cellData(data, { sizeFactorKey: 'signed' })).toThrow(
      'the obs column "signed" is -1 for cell 2',
    )
    expect(() => cellData({ ...data, obsNames: names }, { sizeFactorKey: 'signed' })).toThrow(
      'for cell "cell_003"',
    )
  })

  it('refuses missing categories, unknown columns and cells without a count', () => {
    expect(() => cellData(data, { batchKey: 'gaps' })).toThrow(
      '"small.h5ad": the obs column "gaps" has no value for cell 9.',
    )
    expect(() => cellData(data, { batchKey: 'donor' })).toThrow(
      expect.objectContaining({ kind: 'bad-input' }),
    )
    const none = Int32Array.of(0)
    const cell = Array.from({ length: data.nCells }, (_, i) => i).find(
      (i) => data.counts.row(i).genes[0] !== 0,
    )!
    expect(() => cellData(data, {}, Int32Array.of(cell), none)).toThrow(
      `cell ${cell} has no count in the genes used.`,
    )
  })
})
