import { afterAll, describe, expect, it } from 'vitest'
import { besideNeighbors } from '../../src/analysis/outliers/beside-neighbors.js'
import { generateCells, sourceOf, thetaOf } from '../../src/analysis/posterior/generate.js'
import { posteriorOf } from '../../src/analysis/posterior/inference.js'
import { countsInMemory } from '../../src/cells/counts-in-memory.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { type CellSource, MISSING } from '../../src/device/device.js'
import { rowOf } from '../row-of.js'
import { smallCells, smallNetwork } from '../train/small-cells.js'

const K = 6

describe('misfit that cells share', async () => {
  const device = await createCpuDevice({ threads: 2 })
  afterAll(() => device.dispose())

  /** Cells that a model makes at the latents of real ones, with those latents. */
  async function made(model: object) {
    const source = smallCells(400, 60, 3)
    const network = smallNetwork(device, source, model)
    const posterior = await posteriorOf(network, source)
    const still = { ...posterior, variance: new Float32Array(posterior.variance.length) }
    const cells = await generateCells(network, device.host, source, still, 400, 1)
    const latent = new Float32Array(400 * network.config.nLatent)
    for (const [i, parent] of cells.parent.entries())
      for (let f = 0; f < network.config.nLatent; f++)
        latent[i * network.config.nLatent + f] = posterior.mean[parent * network.config.nLatent + f]!
    const { parent: _, ...rest } = cells
    // with inflated zeros the counts that are drawn add up to less than the size that they are drawn for
    const { size } = sourceOf(source, cells.parent)
    return { network, cells: { ...rest, size } as CellSource, latent }
  }

  /** The six cells after each. */
  const after = (source: CellSource) => ({
    source,
    indices: Int32Array.from(
      { length: source.nCells * K },
      (_, at) => (Math.floor(at / K) + 1 + (at % K)) % source.nCells,
    ),
    k: K,
  })

  const sharedOf = async (
    network: ReturnType<typeof smallNetwork>,
    cells: CellSource,
    latent: Float32Array,
  ) =>
    (
      await besideNeighbors(
        { network, host: device.host },
        cells,
        latent,
        new Float64Array(cells.nCells),
        after(cells),
      )
    ).shared!

  it.each([
    ['nb', {}],
    ['zinb', { likelihood: 'zinb' }],
    ['poisson', { likelihood: 'poisson' }],
    ['dispersion by batch', { dispersion: 'gene-batch' }],
  ])('has mean 0 and variance 1 where counts are drawn from the model: %s', async (_, model) => {
    const { network, cells, latent } = await made(model)
    const z = await sharedOf(network, cells, latent)
    const mean = z.reduce((a, b) => a + b, 0) / z.length
    const variance = z.reduce((sum, value) => sum + (value - mean) ** 2, 0) / z.length
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(z.length))
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / z.length) + 0.15)
    network.release()
  })

  it('is large where cells have the same genes beyond what is expected', async () => {
    const { network, cells, latent } = await made({})
    const rows = Array.from({ length: cells.nCells }, (_, cell) => {
      const dense = new Float32Array(cells.nGenes)
      const { genes, counts } = rowOf(cells, cell)
      for (const [i, gene] of genes.entries()) dense[gene] = counts[i]!
      if (cell >= 100 && cell < 140) for (let gene = 0; gene < 8; gene++) dense[gene]! += 20
      const nonzero = Int32Array.from(dense.keys()).filter((gene) => dense[gene]! > 0)
      return { genes: nonzero, counts: Float32Array.from(nonzero, (gene) => dense[gene]!) }
    })
    const { rows: _, ...rest } = cells
    const odd = { ...rest, counts: countsInMemory(cells.nCells, cells.nGenes, (cell) => rows[cell]!) }
    const z = await sharedOf(network, odd, latent)
    expect(Math.min(...z.subarray(100, 134))).toBeGreaterThan(Math.max(...z.subarray(0, 94)))
    network.release()
  })

  it('follows its formula, without genes that are missing in the cell or in one of those next to it', async () => {
    const { network, cells, latent } = await made({})
    const lacks = new Map([
      [2, 7],
      [4, 11],
    ])
    const rows = Array.from({ length: cells.nCells }, (_, cell) => {
      const { genes, counts } = rowOf(cells, cell)
      const gene = lacks.get(cell)
      if (gene === undefined) return { genes, counts }
      const others = Array.from(genes.keys()).filter((i) => genes[i] !== gene)
      return {
        genes: Int32Array.from([...others.map((i) => genes[i]!), gene]),
        counts: Float32Array.from([...others.map((i) => counts[i]!), MISSING]),
      }
    })
    const { rows: _, ...rest } = cells
    const counts = countsInMemory(cells.nCells, cells.nGenes, (cell) => rows[cell]!, true)
    const lacking: CellSource = { ...rest, counts }
    const z = await sharedOf(network, lacking, latent)
    const [theta] = await thetaOf(network, cells.nGenes)
    const cell = 2
    const expected = await meansAt(network, lacking, latent, cell)
    const next = Array.from({ length: K }, (_, i) => cell + 1 + i)
    const dense = (of: number) => {
      const values = new Float64Array(cells.nGenes)
      const row = rows[of]!
      for (const [i, gene] of row.genes.entries()) values[gene] = row.counts[i]!
      return values
    }
    const times = next.reduce((sum, of) => sum + cells.size[of]! / cells.size[cell]!, 0)
    let [product, variance] = [0, 0]
    for (let g = 0; g < cells.nGenes; g++) {
      if (g === 7 || g === 11) continue
      const m = expected[g]!
      const v = m + m ** 2 / theta![g]!
      const clip = (value: number) => Math.max(-5, Math.min(5, value))
      const r = clip((dense(cell)[g]! - m) / Math.sqrt(v + 0.1))
      const sum = next.reduce((total, of) => total + dense(of)[g]!, 0)
      const big = times * m
      const R = clip((sum - big) / Math.sqrt(big + big ** 2 / (K * theta![g]!) + 0.1))
      product += r * R
      variance += (R ** 2 * v) / (v + 0.1)
    }
    expect(z[cell]).toBeCloseTo(product / Math.sqrt(variance), 4)
    network.release()
  })

  async function meansAt(
    network: ReturnType<typeof smallNetwork>,
    source: CellSource,
    latent: Float32Array,
    cell: number,
  ): Promise<Float32Array> {
    const { decodedCells } = await import('../../src/analysis/posterior/decoded-cells.js')
    const d = network.config.nLatent
    const one = sourceOf(source, Int32Array.of(cell))
    for await (const { mean } of decodedCells(
      network,
      device.host,
      one,
      latent.slice(cell * d, (cell + 1) * d),
    ))
      return device.host.arena.floats.slice(mean.offset, mean.offset + source.nGenes)
    throw new Error('nothing was decoded')
  }
})
