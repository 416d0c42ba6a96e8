import { type PlainValue, Records } from '../../anndata/write/plain-values.js'
import type { GeneDifference, GroupComparison } from '../../models/differential-options.js'

/**
 * Comparisons as scanpy's `rank_genes_groups` keeps them, so that its plots and tables read them: for each group genes from what it most
 * surely has more of to what it has less of. `pvals` are the probabilities of no change (vanilla: of a change in the other direction),
 * `pvals_adj` the share of false ones that is expected among the genes up to there.
 *
 * @param nameOf what a gene of the model is called in the file; undefined where it has none
 */
export function rankGenesGroups(
  comparisons: readonly GroupComparison[],
  groupby: string,
  nameOf: (gene: string) => string | undefined,
): Readonly<Record<string, PlainValue>> {
  const [first] = comparisons
  const reference = first!.group2 === 'Rest' ? 'rest' : first!.group2
  const groups = comparisons.map((one) => ({ name: one.group1, genes: rankedGenes(one, nameOf) }))
  const field = <T extends string[] | Float32Array | Float64Array>(of: (genes: readonly RankedGene[]) => T) =>
    new Records(Object.fromEntries(groups.map(({ name, genes }) => [name, of(genes)])))
  return {
    params: { groupby, reference, method: `scvae ${first!.mode}`, use_raw: false, corr_method: 'bayes' },
    names: field((genes) => genes.map(({ name }) => name)),
    scores: field((genes) => Float32Array.from(genes, ({ score }) => score)),
    pvals: field((genes) => Float64Array.from(genes, ({ proba }) => proba)),
    pvals_adj: field((genes) => Float64Array.from(genes, ({ expected }) => expected)),
    logfoldchanges: field((genes) => Float32Array.from(genes, ({ effect }) => effect)),
  }
}

interface RankedGene {
  name: string
  /** Probability of the change, below 0 where the group has less. */
  score: number
  proba: number
  expected: number
  effect: number
}

function rankedGenes({ genes }: GroupComparison, nameOf: (gene: string) => string | undefined): RankedGene[] {
  let wrong = 0
  const sure = genes
    .map((gene) => ({ ...gene, proba: probabilityOfNone(gene) }))
    .sort((a, b) => a.proba - b.proba)
    .map((gene, i) => {
      wrong += gene.proba
      return { ...gene, expected: wrong / (i + 1) }
    })
  return sure
    .flatMap(({ gene, effect, proba, expected }) => {
      const name = nameOf(gene)
      const score = (1 - proba) * (effect < 0 ? -1 : 1)
      return name === undefined ? [] : [{ name, score, proba, expected, effect }]
    })
    .sort((a, b) => b.score - a.score || b.effect - a.effect)
}

/** In vanilla mode, of the less probable direction. */
const probabilityOfNone = ({ probaNotDe, probaM1 = 0, probaM2 = 0 }: GeneDifference): number =>
  probaNotDe ?? Math.min(probaM1, probaM2)
