import { CellDraws } from '../../analysis/posterior/cell-draws.js'
import { KeyedRandom, keysOfTexts } from '../../numeric/keyed-random.js'
import { NOISE } from '../../numeric/philox.js'
import { Draws } from '../oracle/draws.js'
import type { HostCheck } from './host-check.js'

const SEED = 29

/** Draws of latents: cells by their names, in any order, some at their posterior mean. */
export const drawChecks = (): HostCheck[] => [1, 4, 11].map(latentsCheck)

function latentsCheck(nLatent: number): HostCheck {
  const [nCells, rows] = [70, 203]
  const keys = keysOfTexts(Array.from({ length: nCells }, (_, cell) => `cell ${cell}`))
  const mean = new Draws(995).normals(nCells * nLatent)
  const variance = new Draws(996).normals(nCells * nLatent).map((x) => x ** 2)
  const cells = Int32Array.from({ length: rows }, (_, row) => (row * 31) % nCells)
  const draws = Int32Array.from({ length: rows }, (_, row) => (row % 9) - 1)
  return {
    name: `cell normals: ${rows} draws of ${nLatent} dimensions`,
    async run({ host }) {
      const drawn = new CellDraws({ latent: { mean, variance } }, keys, SEED, host)
      try {
        return { latents: drawn.latents(cells, draws) }
      } finally {
        drawn.release()
      }
    },
    expected() {
      const random = new KeyedRandom(SEED, NOISE.cellDraw)
      const values = Array.from(cells, (cell, row) => {
        const noise = new Float32Array(nLatent)
        if (draws[row]! >= 0) random.normals(keys, cell, draws[row]!, noise, 0, nLatent)
        return Array.from(noise, (x, k) => {
          const at = cell * nLatent + k
          return mean[at]! + Math.sqrt(variance[at]!) * x
        })
      }).flat()
      return { latents: { values, tolerance: 1e-5, scale: 1 } }
    },
  }
}
