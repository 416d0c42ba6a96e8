/**
 * The job of peers_scvi.py with scvae as a library: a file is read, genes are chosen, SCVI is trained, latents and model are
 * written.
 *
 *     node bench/peers/peers-scvae.mjs JOB.json SPAWNED KERNELS
 */
import { readFileSync } from 'node:fs'
import { appendAnnData } from '../../dist/src/anndata/write/append.js'
import { readFitData } from '../../dist/src/cli/fit/fit-data.js'
import { Log } from '../../dist/src/cli/log.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { SCVI } from '../../dist/src/models/scvi.js'
import { spreadRows } from '../../dist/src/numeric/matrix.js'
import { fitSettingsOf } from './peers-job.mjs'

const [jobFile, spawned, kernels] = process.argv.slice(2)
const job = JSON.parse(readFileSync(jobFile, 'utf8'))
const ends = {}
const now = () => (Date.now() - Number(spawned)) / 1000
const finish = (phase) => {
  ends[phase] = now()
}

const device = await createCpuDevice({ kernels, threads: job.threads })
finish('start')

const { adata, cells, genes } = await readFitData(fitSettingsOf(job), new Log('quiet'))
finish('read')

const model = await SCVI.create(adata, {
  cells,
  ...(genes && { genes }),
  ...(job.batchKey && { batchKey: job.batchKey }),
  // that of scvi-tools
  prior: 'normal',
  dropoutRate: 0.1,
  seed: job.seed,
  device,
})
const validations = []
const { epochs, trainCellsPerSecond } = await model.train({
  maxEpochs: job.maxEpochs ?? 'auto',
  klWarmup: job.klWarmup ?? 'auto',
  earlyStopping: false,
  onEpoch: ({ epoch, heldoutElbo }) => {
    if (heldoutElbo !== undefined) validations.push({ epoch, heldoutElbo, seconds: now() })
  },
})
finish('train')

const latent = await model.getLatentRepresentation()
finish('latent')
await appendAnnData(job.file, job.output, {
  obsm: { X_scvae: spreadRows(latent, cells, adata.nCells) },
})
await model.save(job.model)
finish('write')

await model.dispose()
await device.dispose()
process.stdout.write(`${JSON.stringify({ ends, epochs, trainCellsPerSecond, validations })}\n`)
