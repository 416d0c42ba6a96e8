import { describe, expect, it } from 'vitest'
import { type CountBlock, CountMatrix } from '../../src/anndata/counts/counts.js'
import { blockFrom, entriesOfBlock, entryBytes, packBlock } from '../../src/anndata/counts/packed-block.js'
import { takeCounts } from '../../src/anndata/counts/take-counts.js'
import { readAnnData } from '../../src/anndata/read.js'
import { MISSING } from '../../src/numeric/missing.js'
import { hasEntry, PackedRow } from '../../src/numeric/packed-row.js'

/** Rows of [gene, count]; plain arrays, some of which lie before and after the block's. */
function blockOf(rows: readonly (readonly (readonly [number, number])[])[], before = 0): CountBlock {
  const offsets = [before]
  for (const row of rows) offsets.push(offsets.at(-1)! + row.length)
  const pad = Array.from({ length: before }, () => [1, 2] as const)
  const entries = [...pad, ...rows.flat(), ...pad]
  return {
    firstCell: 3,
    nCells: rows.length,
    offsets: Int32Array.from(offsets),
    genes: Int32Array.from(entries, ([gene]) => gene),
    counts: Float32Array.from(entries, ([, count]) => count),
  }
}

const plainRows = (block: CountBlock) =>
  Array.from({ length: block.nCells }, (_, i) => {
    const { genes, counts } = entriesOfBlock(block, block.offsets[i]!, block.offsets[i + 1]!)
    return Array.from(genes, (gene, k) => [gene, counts[k]!])
  })

const plain = Array.from({ length: 40 }, (_, k) => [k, k + 1] as const)
const ODD = [
  [
    [0, 1],
    [1, 65_534],
    [2, 65_535],
    [40_000, 3],
    [65_535, 65_536],
  ],
  plain,
  [],
  [
    [7, 0.5],
    [8, 1e6],
    [9, Number.NaN],
    [10, MISSING],
    [11, 65_535],
    [12, 0],
  ],
  [[65_534, 1]],
] as const

describe('packBlock', () => {
  it.each([0, 5])('gives the entries back, whatever they are, %i before them', (before) => {
    const block = blockOf(ODD, before)
    const packed = packBlock(block)
    expect(packed).not.toBe(block)
    expect(packed.firstCell).toBe(3)
    expect(plainRows(packed)).toEqual(ODD)
    expect(packed.genes).toEqual(block.genes.slice(before, block.genes.length - before))
    expect(packed.counts).toEqual(block.counts.slice(before, block.counts.length - before))
    expect(packed.offsets[0]).toBe(0)
  })

  it('takes four bytes an entry, and eight more for a count that does not fit', () => {
    const entries = ODD.flat().length
    expect(entryBytes(packBlock(blockOf(ODD)))).toBe(4 * entries + 8 * 7)
    expect(entryBytes(blockOf(ODD))).toBe(8 * entries)
    const [packed, not] = [packBlock(blockOf([plain])), blockOf([plain])]
    expect(new CountMatrix(50, [packed]).byteLength).toBe(4 * 40 + 8)
    expect(new CountMatrix(50, [not]).byteLength).toBe(8 * 40 + 8)
  })

  it('leaves alone what has a gene beyond 16 bits, or mostly other counts', () => {
    const far = blockOf([
      [
        [3, 1],
        [65_536, 1],
      ],
    ])
    expect(packBlock(far)).toBe(far)
    const fractions = blockOf([
      [
        [3, 0.5],
        [4, 1.5],
        [5, 1],
      ],
    ])
    expect(packBlock(fractions)).toBe(fractions)
    const packed = packBlock(blockOf(ODD))
    expect(packBlock(packed)).toBe(packed)
  })

  it('looks at other entries than those before and after it', () => {
    const block = blockOf([plain], 2)
    block.genes[0] = 70_000
    block.counts.fill(0.5, 42)
    expect(plainRows(packBlock(block))).toEqual([plain])
    expect(entryBytes(packBlock(block))).toBe(160)
  })

  it('hands rows out packed, with only their own counts that do not fit', () => {
    const packed = packBlock(blockOf(ODD))
    const rows = ODD.map((_, i) => entriesOfBlock(packed, packed.offsets[i]!, packed.offsets[i + 1]!))
    const escaped = rows.map((row) => row instanceof PackedRow && (row.escaped ?? null))
    expect(escaped).toEqual([
      Float32Array.of(65_535, 65_536),
      null,
      null,
      Float32Array.of(0.5, 1e6, Number.NaN, MISSING, 65_535),
      null,
    ])
  })

  it('gives new arrays, so that a change of them changes no count', () => {
    const packed = packBlock(blockOf([plain]))
    packed.counts.fill(9)
    packed.genes.fill(9)
    expect(plainRows(packed)).toEqual([plain])
  })

  it('is copied by spreading, and moved without a copy', () => {
    const packed = packBlock(blockOf(ODD))
    expect(plainRows({ ...packed })).toEqual(ODD)
    const moved = blockFrom(packed, 8)
    expect(moved.firstCell).toBe(8)
    const words = (block: CountBlock) => (entriesOfBlock(block, 0, 1) as PackedRow).words.buffer
    expect(words(moved)).toBe(words(packed))
    const other = blockOf(ODD)
    expect(blockFrom(other, 8)).toEqual({ ...other, firstCell: 8 })
  })

  it('finds a gene in a row as it is held', () => {
    for (const block of [blockOf(ODD), packBlock(blockOf(ODD))]) {
      const row = entriesOfBlock(block, 0, 5)
      const genes = [0, 1, 2, 3, 39_999, 40_000, 65_534, 65_535]
      expect(genes.filter((gene) => hasEntry(row, gene))).toEqual([0, 1, 2, 40_000, 65_535])
      expect(hasEntry(entriesOfBlock(block, 45, 45), 0)).toBe(false)
    }
  })
})

it('is how counts that were read are held, and parts of them', async () => {
  const { counts } = await readAnnData('data/demo.h5ad')
  const entryBytesOf = (held: CountMatrix) =>
    (held.byteLength - 4 * (held.nCells + held.blocks.length)) / held.nonzeros
  const cells = Int32Array.of(5, 900, 2)
  const genes = Int32Array.from({ length: 300 }, (_, i) => (7 * i) % 1000)
  for (const held of [counts, counts.select(cells, [3, 4, 90]), takeCounts(counts, cells, genes)])
    expect(entryBytesOf(held)).toBe(4)
  expect(counts.heldRow(900)).toBeInstanceOf(PackedRow)
  const { genes: all, counts: values } = counts.row(900)
  const some = takeCounts(counts, cells, genes).row(1)
  const expected = genes.indexOf(all.find((gene) => genes.includes(gene))!)
  expect(some.genes).toContain(expected)
  expect(some.counts[some.genes.indexOf(expected)]).toBe(values[all.indexOf(genes[expected]!)])
})
