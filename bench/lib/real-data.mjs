import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const DEFAULT = fileURLToPath(new URL('../../../shared/data', import.meta.url))

/** The measured data sets: what is fitted and what it is scored against. */
export const REAL_DATA = [
  { name: 'pbmc68k', file: 'pbmc68k_reduced_counts_700x765.h5ad', label: 'bulk_labels', batch: 'lane' },
  { name: 'pbmc4k', file: 'pbmc4k_10x_4271x2000.h5ad', label: 'cell_type' },
  { name: 'kang_ctrl', file: 'kang_ctrl_8donors_12261x1287.h5ad', label: 'cell_type', batch: 'donor' },
  {
    name: 'sc_mixology',
    file: 'sc_mixology_5batches_celllines.h5ad',
    label: 'cell_line',
    batch: 'batch',
    // the other cells are doublets
    subset: [{ column: 'demuxlet_cls', value: 'SNG' }],
  },
  { name: 'bladder', file: 'mouse_bladder_2100x20670.h5ad', label: 'cell_type' },
  {
    name: 'kang_harmony',
    file: 'kang_harmony_ctrl_stim_2000x9015_partial_labels.h5ad',
    label: 'cell_type',
    batch: 'condition',
    unlabelled: 'Unknown',
  },
  {
    name: 'cite_pbmc',
    file: 'cite_pbmc_3762x2000_49proteins.h5ad',
    label: 'cell_type',
    // an array of obsm, measured apart from the counts
    proteins: 'protein_clr',
  },
].map((item) => ({ ...item, path: join(process.env.SCVAE_DATA ?? DEFAULT, 'real', item.file) }))

/** Those that are there; the rest is named on stderr. */
export function presentData(names) {
  const unknown = names.find((name) => !REAL_DATA.some((item) => item.name === name))
  if (unknown !== undefined) {
    throw new Error(
      `There is no data set "${unknown}", only ${REAL_DATA.map((item) => item.name).join(', ')}.`,
    )
  }
  return REAL_DATA.filter(({ name, path }) => {
    if (names.length > 0 && !names.includes(name)) return false
    if (existsSync(path)) return true
    process.stderr.write(`${name} is skipped: there is no ${path} (SCVAE_DATA names the folder above).\n`)
    return false
  })
}
