// Cells that a model makes, each with the size and covariates of one that it was trained on: of which one, obs says. No data are needed.
import { SCVI, writeAnnData } from 'scvae'
import { programArguments } from './arguments.mjs'

const [directory, number, output] = programArguments('MODEL', 'CELLS', 'OUT.h5ad')

const model = await SCVI.load(directory)
try {
  const { counts, parent } = await model.generate(Number(number), { seed: 1 })
  const names = model.cellNames ?? []
  await writeAnnData(output, {
    counts,
    obs: { parent: { kind: 'string', values: Array.from(parent, (cell) => names[cell] ?? '') } },
    obsNames: Array.from(parent, (_, i) => `generated_${i + 1}`),
    varNames: model.description.genes,
    uns: { model: directory, seed: 1 },
  })
  console.log(`${counts.nCells} cells × ${counts.nGenes} genes, ${counts.nonzeros} counts`)
} finally {
  await model.dispose()
}
