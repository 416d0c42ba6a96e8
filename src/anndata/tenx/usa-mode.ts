import type { TenXFeatures } from './features.js'

/** Features of which several are counts of one gene. */
export interface JoinedFeatures {
  features: TenXFeatures
  /** The gene that each feature of the file adds to; −1 for one that is left out. */
  newFeature: Int32Array
}

/**
 * Joins the features of alevin-fry's USA mode, three blocks of the same genes: spliced counts (the gene's name, or with
 * `-S`), unspliced (`-U`) and ambiguous ones (`-A`). Spliced and ambiguous counts are added up, as alevin-fry's own
 * readers do for cells; what is unspliced is left out.
 *
 * @returns undefined where the names are not those of three such blocks
 */
export function joinSplicingStatus({ names, columns }: TenXFeatures): JoinedFeatures | undefined {
  const ids = columns.gene_ids ?? names
  const n = ids.length / 3
  if (n === 0 || !Number.isInteger(n)) return undefined
  const blocks = [0, 1, 2].map((block) => ids.slice(block * n, (block + 1) * n))
  const blockOf = (status: string) =>
    blocks.findIndex((block) => block.every((id) => id.endsWith(`-${status}`) || id.endsWith(`_${status}`)))
  const [unspliced, ambiguous] = [blockOf('U'), blockOf('A')]
  if (unspliced < 0 || ambiguous < 0) return undefined
  const spliced = 3 - unspliced - ambiguous
  const genes = blocks[unspliced]!.map((id) => id.slice(0, -2))
  const isOf = (block: number, gene: number) => blocks[block]![gene]!.slice(0, -2) === genes[gene]
  const same = genes.every(
    (gene, i) => isOf(ambiguous, i) && (blocks[spliced]![i] === gene || isOf(spliced, i)),
  )
  if (!same) return undefined
  const newFeature = Int32Array.from(ids, (_, i) => (Math.floor(i / n) === unspliced ? -1 : i % n))
  return { features: { names: genes, columns: { gene_ids: [...genes] } }, newFeature }
}

/**
 * Features with the symbols of a table of `id, symbol` in place of names that are ids; ids without a line stay as they are.
 *
 * @param lines tab-separated
 */
export function withSymbols({ names, columns }: TenXFeatures, lines: readonly string[]): TenXFeatures {
  const symbols = new Map(lines.map((line) => line.split('\t') as [string, string | undefined]))
  return {
    names: names.map((name) => symbols.get(name) || name),
    columns: { gene_ids: [...names], ...columns },
  }
}
