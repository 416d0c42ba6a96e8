import type { Packed } from '../../src/report/page/pack.js'
import type { PackedModel, PageHeader } from '../../src/report/page/page-data.js'

/** A gene of a cell, what was counted, and what the model expects. */
export interface SurprisingGene {
  gene: number
  name: string
  observed: number
  expected: number
}

/** Gives the genes of a cell whose counts are farthest from the expected ones; undefined for a cell of which the page has none. */
export function surprisingOf(
  { arrays }: Pick<Packed<PageHeader>, 'arrays'>,
  { genes, surprising }: PackedModel,
): (cell: number) => readonly SurprisingGene[] | undefined {
  if (!surprising) return () => undefined
  const { perCell } = surprising
  const [cells, positions, observed, expected] = [
    surprising.cells,
    surprising.genes,
    surprising.observed,
    surprising.expected,
  ].map((name) => arrays[name]!) as [Uint32Array, Int32Array, Float32Array, Float32Array]
  return (cell) => {
    const first = perCell * cells.indexOf(cell)
    if (first < 0) return undefined
    return Array.from(positions.subarray(first, first + perCell), (gene, i) => ({
      ...{ gene, name: genes[gene] ?? '', observed: observed[first + i]!, expected: expected[first + i]! },
    })).filter(({ gene }) => gene >= 0)
  }
}
