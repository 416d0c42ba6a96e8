import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { presentData } from '../lib/real-data.mjs'

export const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))

/** Over this many genes counts are sparser. */
const MANY_GENES = 10_000

/**
 * Data sets by their names: one of the real ones, or `CELLSxGENES[:DENSITY]`, which is simulated into the folder (all its genes are
 * fitted; density 0.1, with over 10,000 genes 0.05).
 *
 * @param {readonly string[]} names
 * @param {string} folder
 */
export function dataSets(names, folder) {
  return names.flatMap((name) => {
    const shape = /^(\d+)x(\d+)(?::([\d.]+))?$/.exec(name)
    if (!shape) return presentData([name])
    const [, cells, genes, density = Number(genes) > MANY_GENES ? '0.05' : '0.1'] = shape
    const path = join(folder, `${cells}x${genes}.h5ad`)
    if (!existsSync(path)) simulate(path, { cells, genes, density })
    return [{ name: `simulated ${cells} × ${genes}`, path, batch: 'batch', allGenes: true }]
  })
}

function simulate(path, sizes) {
  process.stderr.write(`simulating ${path} …\n`)
  const words = Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, value])
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'simulate', path, ...words], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`scvae simulate ended with ${status}: ${stderr}`)
}
