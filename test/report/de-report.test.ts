import { describe, expect, it } from 'vitest'
import { type DeComparison, type DeGene, topGenes } from '../../src/report/de-data.js'
import { buildDeReport } from '../../src/report/de-report.js'

const gene = (name: string, effect: number, more: Partial<DeGene> = {}): DeGene => ({
  gene: name,
  probaNotDe: 0.01,
  bayesFactor: 4.6,
  isDe: true,
  effect,
  rawNormalizedMean1: 3,
  rawNormalizedMean2: 1,
  nonZerosProportion1: 0.5,
  nonZerosProportion2: 0.25,
  ...more,
})

const comparison = (group1: string, genes: readonly DeGene[], more: Partial<DeComparison> = {}) => ({
  group1,
  group2: 'Rest',
  nCells1: 1200,
  nCells2: 34,
  mode: 'change' as const,
  delta: 0.25,
  fdrTarget: 0.05,
  genes,
  ...more,
})

const page = (comparisons: readonly DeComparison[], warnings: readonly string[] = []) =>
  buildDeReport({ title: 'a & <b>', comparisons, settings: [['Model', '<m>']], warnings })

describe('the page of a comparison', () => {
  it('holds no script, asks for nothing and escapes what data say', () => {
    const text = page([comparison('<i>"x"', [gene('<g>&', 2), gene('low', -2)])], ['<w> is odd.'])
    expect(text).not.toMatch(/<script|<i>|<g>|<w>|<m>|<b>|https?:/)
    expect(text).toContain("default-src 'none'")
    expect(text).toContain('&lt;g&gt;&amp;')
    expect(text).toContain('a &amp; &lt;b&gt;')
    expect(text).toContain('There is a warning.')
    expect(text).not.toContain('{{')
  })

  it('has a plot of each comparison, and dots and effects of the genes that groups have more of', () => {
    const genes = [gene('up', 2), gene('down', -2), gene('flat', 0.01, { isDe: false })]
    const text = page([comparison('a', genes), comparison('b', genes)])
    expect(text.match(/Volcano plot:/g)).toHaveLength(2)
    expect(text).toContain('2 comparisons, 4 marked genes.')
    expect(text.match(/class="points up"/g)).toHaveLength(2)
    expect(text.match(/<title>a, up: 50 % of cells, mean 3</g)).toHaveLength(1)
    expect(text.match(/<circle/g)).toHaveLength(2)
    expect(text.match(/<rect/g)).toHaveLength(2)
  })

  it('has the effects of each sample of a single comparison, beside what it is compared with', () => {
    const samples = { paired: true, nSamples1: 2, nSamples2: 2, names: ['d1', 'd2'] }
    const genes = [gene('up', 2, { effectBySample: Float64Array.of(1.5, 2.5), oneSample: null })]
    const text = page([comparison('a', genes, { samples })])
    expect(text).toContain('d2, up: 2.5')
    expect(text).toContain('Rest, up: 25 % of cells')
    expect(text).toContain('each with itself')
  })

  it('says where no gene is marked', () => {
    const text = page([comparison('a', [gene('x', 1, { isDe: false })])])
    expect(text).toContain('No group has a gene')
    expect(text).toContain('1 comparison, 0 marked genes.')
  })

  it('takes the surest genes first, of those alike the largest effect', () => {
    const genes = [
      gene('less sure', 9, { bayesFactor: 2 }),
      gene('small', 1),
      gene('large', 3),
      gene('other way', -5),
      gene('unmarked', 4, { isDe: false }),
    ]
    expect(topGenes(comparison('a', genes), 2)).toEqual(['large', 'small'])
  })
})
