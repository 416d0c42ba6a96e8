import type { CountMatrix } from '../anndata/counts/counts.js'
import { totalsOver } from './totals.js'

/** How symbols of mitochondrial genes begin, of man and mouse. */
export const MITOCHONDRIAL_SYMBOL = /^mt-/i

/** The 13 protein-coding genes of the human mitochondrial genome, as Ensembl has them. */
const HUMAN_IDS: ReadonlySet<string> = new Set(
  [
    198_888, 198_763, 198_804, 198_712, 228_253, 198_899, 198_938, 198_840, 212_907, 198_886, 198_786,
    198_695, 198_727,
  ].map((number) => `ENSG00000${number}`),
)

/** With fewer genes their share says little. */
const FEWEST = 3

/** Positions of the genes of the mitochondrial genome: symbols that begin with MT- or mt-, and human Ensembl ids. */
export function mitochondrialGenes(names: readonly string[]): Int32Array {
  return Int32Array.from(names.keys()).filter((gene) => {
    const name = names[gene]!
    return MITOCHONDRIAL_SYMBOL.test(name) || HUMAN_IDS.has(name.replace(/\.\d+$/, ''))
  })
}

/**
 * The share of each cell's counts that are of mitochondrial genes.
 *
 * @returns undefined where fewer than three such genes are known
 */
export function mitochondrialShare(
  { counts, varNames }: { counts: CountMatrix; varNames: readonly string[] },
  cells: Int32Array,
): Float64Array | undefined {
  const genes = mitochondrialGenes(varNames)
  if (genes.length < FEWEST) return undefined
  const part = totalsOver(counts, genes)
  const whole = counts.cellTotals()
  return Float64Array.from(cells, (cell) => part[cell]! / Math.max(1, whole[cell]!))
}
