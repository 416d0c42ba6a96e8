// The cells of a file in the space of a model that exists. The file's genes may stand in any order, with others among them.
import { writeFileSync } from 'node:fs'
import { readCounts, SCVI } from 'scvae'
import { programArguments } from './arguments.mjs'
import { latentCsv } from './latent-csv.mjs'

const [directory, file, output] = programArguments('MODEL', 'FILE', 'OUT.csv')

const adata = await readCounts(file)
const model = await SCVI.load(directory, adata)
try {
  console.log(
    `a model of ${model.description.genes.length} genes, trained for ${model.history.length} epochs`,
  )
  writeFileSync(output, latentCsv(adata.obsNames, await model.getLatentRepresentation()))
} finally {
  await model.dispose()
}
