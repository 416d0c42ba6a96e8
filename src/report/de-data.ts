/** What the page of a comparison of groups says of a gene. */
export interface DeGene {
  gene: string
  /** Change mode: the probability of no change; else that of the group having more. */
  probaNotDe?: number
  probaM1?: number
  bayesFactor: number
  isDe?: boolean
  /** Log2 fold change. */
  effect: number
  rawNormalizedMean1: number
  rawNormalizedMean2: number
  nonZerosProportion1: number
  nonZerosProportion2: number
  sampleEffect?: number
  oneSample?: string | null
  effectBySample?: Float64Array
}

/** Two groups that were compared. */
export interface DeComparison {
  group1: string
  group2: string
  nCells1: number
  nCells2: number
  mode: 'change' | 'vanilla'
  delta: number
  fdrTarget: number
  samples?: { paired: boolean; nSamples1: number; nSamples2: number; names: readonly string[] }
  /** The most probable first. */
  genes: readonly DeGene[]
}

/** What the page of a comparison of groups is made of. */
export interface DeReportData {
  /** What was asked about what: the page's title. */
  title: string
  comparisons: readonly DeComparison[]
  /** Names and values that stand at the top. */
  settings: readonly (readonly [string, string])[]
  warnings: readonly string[]
}

/** Genes that a group has most surely more of, `n` at most; of those alike the larger effects first. */
export function topGenes({ genes, mode }: DeComparison, n: number): string[] {
  return genes
    .filter(({ effect, isDe }) => effect > 0 && (mode === 'vanilla' || isDe === true))
    .sort((a, b) => b.bayesFactor - a.bayesFactor || b.effect - a.effect)
    .slice(0, n)
    .map(({ gene }) => gene)
}

/** The top genes of all comparisons, each once, in their order. */
export function topGenesOf(comparisons: readonly DeComparison[], most: number): string[] {
  const each = Math.max(1, Math.min(5, Math.floor(most / comparisons.length)))
  const n = comparisons.length === 1 ? 20 : each
  return [...new Set(comparisons.flatMap((one) => topGenes(one, n)))].slice(0, most)
}
