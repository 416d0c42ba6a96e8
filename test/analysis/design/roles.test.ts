import { expect, it } from 'vitest'
import { roleOf } from '../../../src/analysis/design/roles.js'

it.each([
  ['batch', 'technical'],
  ['Batch_ID', 'technical'],
  ['orig.ident', 'technical'],
  ['scvae_file', 'technical'],
  ['sequencing.run', 'technical'],
  ['donor_id', 'sample'],
  ['PatientID', 'sample'],
  ['sample', 'sample'],
  ['stim', 'condition'],
  ['disease_status', 'condition'],
  ['sample_condition', 'condition'],
  ['cell_type', 'label'],
  ['cellType', 'label'],
  ['celltype.l2', 'label'],
  ['seurat_clusters', 'label'],
  ['leiden_0.5', 'label'],
  ['bulk_labels', 'label'],
  ['n_counts', 'unknown'],
  ['brunch', 'unknown'],
])('the name %s tells of a %s column', (name, role) => {
  expect(roleOf(name)).toBe(role)
})
