/**
 * Makes the demo dataset: `node dist/data/make-demo.js data/demo.h5ad`.
 *
 * Every number below is part of the dataset: the same program always writes the same cells.
 */

import { simulateCells } from '../src/analysis/simulate/simulate.js'
import type { Column } from '../src/anndata/frame/column.js'
import { writeAnnData } from '../src/anndata/write/anndata.js'

const [path = 'data/demo.h5ad'] = process.argv.slice(2)

const simulated = simulateCells({
  nCells: 3000,
  nGenes: 1000,
  nTypes: 6,
  nBatches: 2,
  nLatent: 8,
  outlierFraction: 0.02,
  doubletFraction: 0.03,
  density: 0.2,
  seed: 1,
})

function category(values: readonly (string | null)[]): Column {
  const categories = [...new Set(values.filter((value) => value !== null))].sort()
  return {
    kind: 'category',
    codes: values.map((value) => (value === null ? -1 : categories.indexOf(value))),
    categories,
  }
}

function truth(flags: Uint8Array): Column {
  return { kind: 'category', codes: flags, categories: ['False', 'True'] }
}

const { obs, counts, obsNames, varNames } = simulated
await writeAnnData(
  path,
  {
    counts,
    obs: {
      cell_type: category(obs.cell_type),
      batch: category(obs.batch),
      is_outlier: truth(obs.is_outlier),
      outlier_kind: category(obs.outlier_kind),
      is_doublet: truth(obs.is_doublet),
      second_cell_type: category(obs.second_cell_type),
      library_size: { kind: 'float', values: obs.library_size },
    },
    obsNames,
    var: { dispersion: { kind: 'float', values: simulated.dispersion } },
    varNames,
    obsm: {
      X_simulated: simulated.latent,
    },
  },
  { overwrite: true },
)
