import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('scvi_latents.py', import.meta.url))

/**
 * Trains scvi-tools' SCVI (negative binomial, else its defaults) on the same cells and genes.
 *
 * @param {string} python one that has scvi-tools
 * @param {{ nCells: number, nGenes: number, row: (cell: number) => { genes: Int32Array, counts: Float32Array } }} counts
 * @param {Int32Array | undefined} batches
 * @param {number} seed
 * @param {number | 'auto'} maxEpochs
 */
export function scviLatent(python, counts, batches, seed, maxEpochs) {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-quality-'))
  try {
    writeCounts(folder, counts)
    const write = (name, array) => writeFileSync(join(folder, name), array)
    if (batches) write('batch.i32', batches)
    write(
      'shape.json',
      JSON.stringify({ cells: counts.nCells, genes: counts.nGenes, batch: batches !== undefined }),
    )
    const run = spawnSync(python, [PROGRAM, folder, String(seed), String(maxEpochs)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (run.status !== 0) throw run.error ?? new Error(`${python} ${PROGRAM} ended with ${run.status}.`)
    const bytes = readFileSync(join(folder, 'latent.f32'))
    const values = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
    const latent = { values, rows: counts.nCells, columns: values.length / counts.nCells }
    return { latent, ...JSON.parse(run.stdout.trim().split('\n').at(-1)) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The counts as CSR: starts.i32, genes.i32, counts.f32. */
export function writeCounts(folder, counts) {
  const starts = new Int32Array(counts.nCells + 1)
  for (let cell = 0; cell < counts.nCells; cell++)
    starts[cell + 1] = starts[cell] + counts.row(cell).genes.length
  const genes = new Int32Array(starts[counts.nCells])
  const values = new Float32Array(starts[counts.nCells])
  for (let cell = 0; cell < counts.nCells; cell++) {
    const row = counts.row(cell)
    genes.set(row.genes, starts[cell])
    values.set(row.counts, starts[cell])
  }
  for (const [name, array] of Object.entries({
    'starts.i32': starts,
    'genes.i32': genes,
    'counts.f32': values,
  })) {
    writeFileSync(join(folder, name), array)
  }
}
