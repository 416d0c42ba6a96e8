import { describe, expect, it } from 'vitest'
import { hideCounts } from '../../../src/analysis/imputation/hide-counts.js'
import { simulateCells } from '../../../src/analysis/simulate/simulate.js'
import { CountMatrix } from '../../../src/anndata/counts/counts.js'
import { keysOfTexts } from '../../../src/numeric/keyed-random.js'
import { MISSING } from '../../../src/numeric/missing.js'
import { withGaps } from '../../gaps.js'

const { counts } = simulateCells({ nCells: 100, nGenes: 61, nTypes: 3, meanLibrarySize: 300, seed: 2 })
const names = Array.from({ length: 100 }, (_, cell) => `c${cell}`)
const keys = keysOfTexts(names)
const dense = (matrix: CountMatrix, cell: number) => {
  const row = new Float32Array(matrix.nGenes)
  const { genes, counts: values } = matrix.row(cell)
  for (const [k, gene] of genes.entries()) row[gene] = values[k]!
  return row
}
const entries = ({ offsets, genes, counts: values }: ReturnType<typeof hideCounts>['hidden'], cell: number) =>
  Array.from({ length: offsets[cell + 1]! - offsets[cell]! }, (_, i): [number, number] => [
    genes[offsets[cell]! + i]!,
    values[offsets[cell]! + i]!,
  ])

describe('hidden counts', () => {
  it('uniform: a share of all is missing, the others are as they were', () => {
    const made = hideCounts(counts, keys, { corruption: 'uniform', share: 0.2, seed: 1, round: 0 })
    let n = 0
    for (let cell = 0; cell < 100; cell++) {
      const [before, after] = [dense(counts, cell), dense(made.counts, cell)]
      const hidden = new Map(entries(made.hidden, cell))
      n += hidden.size
      expect(after).toEqual(before.map((count, gene) => (hidden.has(gene) ? MISSING : count)))
      expect(before).toEqual(before.map((count, gene) => hidden.get(gene) ?? count))
    }
    expect(made.counts.missing).toBe(true)
    expect(n / (100 * 61)).toBeCloseTo(0.2, 1)
    const other = hideCounts(counts, keys, { corruption: 'uniform', share: 0.2, seed: 1, round: 1 })
    expect(entries(other.hidden, 0)).not.toEqual(entries(made.hidden, 0))
  })

  it('binomial: a share of those above zero is thinned to a fifth', () => {
    const made = hideCounts(counts, keys, { corruption: 'binomial', share: 0.3, seed: 1, round: 0 })
    let [before, after, n] = [0, 0, 0]
    for (let cell = 0; cell < 100; cell++) {
      const [was, is] = [dense(counts, cell), dense(made.counts, cell)]
      const hidden = new Map(entries(made.hidden, cell))
      expect(is).toEqual(was.map((count, gene) => (hidden.has(gene) ? is[gene]! : count)))
      for (const [gene, count] of hidden) {
        expect([count, count > 0]).toEqual([was[gene], true])
        n++
        before += count
        after += is[gene]!
      }
    }
    expect(made.counts.missing).toBe(false)
    expect(n / counts.nonzeros).toBeCloseTo(0.3, 1)
    expect(after / before).toBeCloseTo(0.2, 1)
  })

  it('go by the name of a cell, leave what was missing, and no cell without a count', () => {
    const options = { corruption: 'uniform', share: 0.5, seed: 4, round: 0 } as const
    const all = hideCounts(counts, keys, options)
    const some = hideCounts(counts.select([7, 90]), keysOfTexts([names[7]!, names[90]!]), options)
    expect(entries(some.hidden, 0)).toEqual(entries(all.hidden, 7))
    expect(entries(some.hidden, 1)).toEqual(entries(all.hidden, 90))
    const gappy = withGaps(counts, (cell, gene) => (cell + gene) % 3 === 0)
    const { hidden } = hideCounts(gappy, keys, options)
    for (const cell of [0, 1, 2, 50])
      for (const [gene] of entries(hidden, cell)) expect((cell + gene) % 3).not.toBe(0)
    const block = { firstCell: 0, nCells: 1, offsets: Int32Array.of(0, 1) }
    const lone = new CountMatrix(61, [{ ...block, genes: Int32Array.of(3), counts: Float32Array.of(2) }])
    const kept = hideCounts(lone, keysOfTexts(['x']), { ...options, share: 0.999 })
    expect([kept.hidden.genes.length, kept.counts.row(0).counts[0]]).toEqual([0, 2])
  })
})
