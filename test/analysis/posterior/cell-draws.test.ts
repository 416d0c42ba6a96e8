import { describe, expect, it } from 'vitest'
import { CellDraws } from '../../../src/analysis/posterior/cell-draws.js'
import { withHostKernels } from '../../../src/device/host-kernels.js'
import { keysOfTexts } from '../../../src/numeric/keyed-random.js'

const N = 10
const CELLS = 40

describe('draws of cells', () => {
  const keys = keysOfTexts(Array.from({ length: CELLS }, (_, cell) => `cell ${cell}`))
  const latent = {
    mean: Float32Array.from({ length: CELLS * N }, (_, i) => Math.sin(i)),
    variance: Float32Array.from({ length: CELLS * N }, (_, i) => 0.1 + (i % 7)),
  }
  const cells = Int32Array.from({ length: 3001 }, (_, i) => (i * 7) % CELLS)
  const draws = cells.map((_, i) => (i % 50 === 3 ? -1 : Math.floor(i / CELLS)))
  const plain = new CellDraws({ latent }, keys, 3).latents(cells, draws)

  it.each([1, 3])('by kernels are the same but for rounding, on %i threads', (threads) =>
    withHostKernels(
      undefined,
      (host) => {
        const drawn = new CellDraws({ latent }, keys, 3, host).latents(cells, draws)
        expect(drawn.length).toBe(plain.length)
        const off = drawn.map((value, i) => Math.abs(value - plain[i]!))
        expect(Math.max(...off)).toBeLessThan(2e-5)
      },
      { threads },
    ),
  )

  it('are the posterior mean where no draw is asked for', () =>
    withHostKernels(undefined, (host) => {
      const drawn = new CellDraws({ latent }, keys, 3, host).latents(Int32Array.of(5), Int32Array.of(-1))
      expect(drawn).toEqual(latent.mean.slice(5 * N, 6 * N))
    }))
})
