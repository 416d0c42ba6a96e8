import { describe, expect, it } from 'vitest'
import { baselines } from '../../../src/analysis/imputation/baselines.js'
import { CountMatrix } from '../../../src/anndata/counts/counts.js'
import { MISSING } from '../../../src/numeric/missing.js'
import { Random } from '../../../src/numeric/random.js'
import { matrixOf } from '../../anndata/fixtures.js'

/** Counts of two kinds of cells, the second with twice the counts; some are not known. */
function rows(): number[][] {
  const random = new Random(5)
  return Array.from({ length: 60 }, (_, cell) =>
    Array.from({ length: 12 }, (_, gene) => {
      if ((cell * 7 + gene * 5) % 23 === 0) return MISSING
      const mean = (cell % 2 ? 2 : 1) * (gene % 2 === cell % 2 ? 9 : 3)
      return Math.round(mean + 2 * random.normal() ** 2)
    }),
  )
}

const counts = rows()
const known = (cell: number) => counts[cell]!.map((count) => (count === MISSING ? 0 : count))
const size = counts.map((_, cell) => known(cell).reduce((a, b) => a + b, 0))
const genes = Int32Array.from({ length: 12 }, (_, gene) => gene)

const [geneMean, pca, knn] = await baselines(new CountMatrix(12, matrixOf(counts, 7).blocks, true))
const predicted = (predictor: typeof geneMean, cell: number) => {
  const out = new Float64Array(12)
  predictor.predict(cell, genes, out)
  return out
}

describe('what imputed counts are held against', () => {
  it('is a gene’s share of the counts of cells that know it, times the size', () => {
    const expected = predicted(geneMean, 3)
    for (const gene of genes) {
      const knowing = [...counts.keys()].filter((cell) => counts[cell]![gene] !== MISSING)
      let [own, all] = [0, 0]
      for (const cell of knowing) {
        own += counts[cell]![gene]!
        all += size[cell]!
      }
      expect(expected[gene]).toBeCloseTo((own / all) * size[3]!, 10)
    }
  })

  it('is principal components whose counts of a gene add up to those that are known', () => {
    const all = counts.map((_, cell) => predicted(pca!, cell))
    for (const gene of genes) {
      let [found, observed] = [0, 0]
      for (const [cell, row] of counts.entries()) {
        if (row[gene] === MISSING) continue
        found += all[cell]![gene]!
        observed += row[gene]!
      }
      expect(found / observed).toBeCloseTo(1, 10)
    }
    // the kinds are told apart, which gene means do not do
    const error = (predictor: typeof geneMean) =>
      counts.reduce(
        (sum, row, cell) =>
          sum +
          predicted(predictor, cell).reduce(
            (own, x, g) => own + (row[g]! < 0 ? 0 : Math.abs(x - row[g]!)),
            0,
          ),
        0,
      )
    expect(error(pca!)).toBeLessThan(0.7 * error(geneMean))
  })

  it('is the share among a cell’s neighbours that know the gene, times its own size', () => {
    // cells of a kind are alike but for noise, so the shares are those of the kind, give or take
    for (const cell of [0, 1]) {
      const expected = predicted(knn!, cell)
      const kind = [...counts.keys()].filter((other) => other % 2 === cell % 2)
      for (const gene of genes) {
        const knowing = kind.filter((other) => counts[other]![gene] !== MISSING)
        const own = knowing.reduce((sum, other) => sum + counts[other]![gene]!, 0)
        const all = knowing.reduce((sum, other) => sum + size[other]!, 0)
        expect(Math.abs(expected[gene]! / ((own / all) * size[cell]!) - 1)).toBeLessThan(0.25)
      }
    }
  })
})
