/** What MultiQC puts our tables under: one heading, with a section for each command's. */
export const MULTIQC_MODULE = {
  parent_id: 'scvae',
  parent_name: 'scvae',
  parent_description: 'Variational autoencoders fitted to single-cell counts.',
} as const
