import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { convertScviModel } from '../../dist/src/files/scvi-tools/import.js'
import { writeCounts } from './scvi-side.mjs'

const PROGRAM = fileURLToPath(new URL('parity_scvi.py', import.meta.url))

/**
 * Trains scvi-tools' SCVI once a seed on cells, genes and splits of ours, or finds the runs of before in the folder.
 *
 * @param {string} python
 * @param {string} folder of this data set and these settings; kept
 * @param {import('../lib/fitted-data.mjs').FittedData} data
 * @param {{ batchKey: string | undefined, epochs: number, warmup: number, threads: number, seeds: number[],
 *   splitOf: (seed: number) => { train: Int32Array, heldout: Int32Array } }} plan
 * @returns for each seed the run's figures, the latent (cells × latent) and the model as a folder of scvae
 */
export function peerRuns(python, folder, data, plan) {
  mkdirSync(folder, { recursive: true })
  const { adata, cells, genes, batches, batchNames } = data
  const names = genes ? Array.from(genes, (gene) => adata.varNames[gene]) : adata.varNames
  writeCounts(folder, adata.counts.select(cells, genes))
  if (batches) writeFileSync(join(folder, 'batch.i32'), batches)
  const { batchKey = null, splitOf, ...rest } = plan
  writeFileSync(
    join(folder, 'plan.json'),
    JSON.stringify({ ...rest, cells: cells.length, genes: names, batchKey, batches: batchNames ?? null }),
  )
  for (const seed of plan.seeds) {
    const place = join(folder, String(seed))
    mkdirSync(place, { recursive: true })
    const { train, heldout } = splitOf(seed)
    writeFileSync(join(place, 'train.i32'), train)
    writeFileSync(join(place, 'heldout.i32'), heldout)
  }
  const run = spawnSync(python, [PROGRAM, folder], { stdio: ['ignore', 2, 2] })
  if (run.status !== 0) throw run.error ?? new Error(`${python} ${PROGRAM} ended with ${run.status}.`)
  return plan.seeds.map((seed) => {
    const place = join(folder, String(seed))
    const model = join(place, 'as.model')
    if (!existsSync(model)) convertScviModel(place, model)
    const bytes = readFileSync(join(place, 'latent.f32'))
    return {
      ...JSON.parse(readFileSync(join(place, 'run.json'), 'utf8')),
      latent: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
      model,
    }
  })
}
