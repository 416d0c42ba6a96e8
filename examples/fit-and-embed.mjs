// Trains a model on a file's counts, saves it, and writes the latents of the cells.
import { writeFileSync } from 'node:fs'
import { checkCounts, readCounts, SCVI } from 'scvae'
import { programArguments } from './arguments.mjs'
import { latentCsv } from './latent-csv.mjs'

const [file, prefix, epochsGiven] = programArguments('FILE', 'PREFIX', '[EPOCHS]')

const adata = await readCounts(file)
await checkCounts(adata) // log values and fractions are refused
const model = await SCVI.create(adata, { nLatent: 10 })
try {
  const { epochs, heldoutElbo } = await model.train({
    maxEpochs: Number(epochsGiven) || 'auto',
    onEpoch: ({ epoch, trainElbo }, last) => console.log(`epoch ${epoch}/${last}: ${trainElbo.toFixed(1)}`),
  })
  console.log(`${epochs} epochs, held-out loss ${heldoutElbo?.toFixed(1)} nats a cell`)
  await model.save(`${prefix}.model`, { overwrite: true })
  const latent = await model.getLatentRepresentation()
  writeFileSync(`${prefix}_latent.csv`, latentCsv(adata.obsNames, latent))
} finally {
  await model.dispose()
}
