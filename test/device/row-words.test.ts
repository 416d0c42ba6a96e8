import { expect, it } from 'vitest'
import { EntryWords } from '../../src/device/webgpu/cells/row-words.js'
import { MISSING } from '../../src/numeric/missing.js'
import { PackedRow, packRow } from '../../src/numeric/packed-row.js'

const GENES = Int32Array.of(0, 3, 9, 70, 65_535)

it.each([
  ['whole counts', [1, 0, 65_534, 3, 7]],
  ['one that is held beside its word', [1, 0, 65_535, 3, 7]],
  ['missing ones', [MISSING, 2, 0, MISSING, 1]],
])('writes a row for a GPU the same whether it is held in words: %s', (_, counts) => {
  const row = { genes: GENES, counts: Float32Array.from(counts) }
  const held = packRow(row)
  expect(held).toBeInstanceOf(PackedRow)
  const written = (of: typeof row | PackedRow, packed: boolean) => {
    const entries = new EntryWords(12)
    return [entries.write(of, packed, 1), entries.words]
  }
  const nonzero = counts.filter((count) => count !== 0).length
  expect(written(held, true)).toEqual(written(row, true))
  expect(written(held, true)[0]).toBe(1 + nonzero)
  expect(written(held, false)).toEqual(written(row, false))
  expect(written(held, false)[0]).toBe(1 + 2 * nonzero)
})
