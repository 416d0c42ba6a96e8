/** What a column of obs is about: how a cell was measured, what was done to it, or what it was found to be. */
export type Role = 'technical' | 'sample' | 'condition' | 'label' | 'unknown'

/**
 * Words by which people name columns, whole words of a name. The first role with a match is taken: `sample_condition` is a condition,
 * `cell_type_by_batch` a label.
 */
const WORDS: readonly (readonly [role: Role, words: readonly string[]])[] = [
  [
    'label',
    'celltype cell_type cell type types label labels annotation annotations annot cluster clusters leiden louvain cellline cell_line identity ident_cluster subclass class lineage phase demuxlet doublet is_doublet outlier outliers outlier_kind predicted prediction singler azimuth seurat_clusters'.split(
      ' ',
    ),
  ],
  [
    'condition',
    'condition conditions treatment treated stim stimulation stimulated disease diagnosis status state group genotype time timepoint time_point day dose drug perturbation perturbed response severity age sex gender ethnicity tissue organ region'.split(
      ' ',
    ),
  ],
  [
    'sample',
    'sample samples donor donors patient patients individual subject mouse animal participant replicate rep'.split(
      ' ',
    ),
  ],
  [
    'technical',
    'batch batches library libraries lane lanes plate plates chip run runs channel well pool gem flowcell site center centre study dataset project experiment protocol technology tech method platform assay chemistry kit sequencer file scvae_file ident'.split(
      ' ',
    ),
  ],
]

/** The role that a column's name tells of; `orig.ident` (Seurat) counts as technical. */
export function roleOf(name: string): Role {
  const plain = name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
  const words = plain.split('_')
  const has = (word: string) =>
    word.includes('_') ? `_${plain}_`.includes(`_${word}_`) : words.includes(word) || plain === word
  return WORDS.find(([, list]) => list.some(has))?.[0] ?? 'unknown'
}
