import type { AnnData } from '../read.js'

/** What 10x calls genes where their type is not told. */
const GENE_EXPRESSION = 'Gene Expression'

/** The rows of a 10x matrix: a list each, one text a gene. */
export interface FeatureRows {
  id: string[]
  name: string[]
  feature_type: string[]
  genome: string[]
}

/** Features of a 10x matrix from var: `gene_ids`, `feature_types` and `genome`, where there are such columns. */
export function featureRows(adata: Pick<AnnData, 'var' | 'varNames'>): FeatureRows {
  const { varNames } = adata
  const column = (name: string, otherwise: (gene: number) => string) => {
    const values = adata.var.getChild(name)
    return varNames.map((_, gene) => String(values?.get(gene) ?? otherwise(gene)))
  }
  return {
    id: column('gene_ids', (gene) => varNames[gene]!),
    name: [...varNames],
    feature_type: column('feature_types', () => GENE_EXPRESSION),
    genome: column('genome', () => ''),
  }
}
