import { afterAll, describe, expect, it } from 'vitest'
import { surpriseNull, surpriseZ } from '../../src/analysis/outliers/surprise.js'
import { SIMULATED_CELLS } from '../../src/analysis/outliers/surprise-null.js'
import { generateCells } from '../../src/analysis/posterior/generate.js'
import { posteriorOf } from '../../src/analysis/posterior/inference.js'
import { LikelihoodMoments } from '../../src/check/oracle/likelihood-moments.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { MISSING } from '../../src/device/device.js'
import { kolmogorovSmirnovUniform, kolmogorovSurvival } from '../../src/numeric/kolmogorov.js'
import { trainOptions } from '../../src/train/options.js'
import { Trainer } from '../../src/train/trainer.js'
import { cellsWithGaps, type Lacks } from '../gaps.js'
import { rowOf } from '../row-of.js'
import { smallCells, smallNetwork } from '../train/small-cells.js'
import { expectedCounts } from './expected-counts.js'

describe('surprise where counts are missing', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const { host } = device
  afterAll(() => device.dispose())
  const whole = smallCells(500, 80, 3)
  /** A panel that one batch has not, and gaps of single counts in half of the cells. */
  const lacks: Lacks = (cell, gene) =>
    (whole.categorical[0]![cell] === 1 && gene % 3 === 0) || (cell % 2 === 0 && (7 * cell + gene) % 5 === 0)
  const source = cellsWithGaps(whole, lacks)
  const missingGenes = ({ genes, counts }: { genes: Int32Array; counts: Float32Array }) =>
    Array.from(genes).filter((_, k) => counts[k] === MISSING)

  it.each([
    ['nb', {}],
    ['zinb', { likelihood: 'zinb' }],
  ] as const)(
    'has uniform p-values: %s',
    async (_, model) => {
      const network = smallNetwork(device, source, model)
      await new Trainer(network, source, trainOptions({ maxEpochs: 40, batchSize: 64 })).run()
      const posterior = await posteriorOf(network, source)
      const null_ = await surpriseNull(network, host, source, posterior, 1)
      const cells = await generateCells(network, host, source, posterior, 5000, 2, { keepMissing: true })
      const { z } = await surpriseZ(network, host, cells, await posteriorOf(network, cells))
      const p = z.map((value, i) => null_.p(value, cells.size[i]!))
      const { statistic } = kolmogorovSmirnovUniform(p)
      const m = SIMULATED_CELLS
      expect(kolmogorovSurvival(statistic * Math.sqrt((5000 * m) / (5000 + m)))).toBeGreaterThan(0.01)
      const share = p.filter((value) => value < 0.01).length / p.length
      expect(Math.abs(share - 0.01)).toBeLessThan(4 * Math.sqrt((0.01 * 0.99) / p.length))
      network.release()
    },
    60_000,
  )

  it('holds the likelihood of what is known against its own mean and variance', async () => {
    const network = smallNetwork(device, source)
    const posterior = await posteriorOf(network, source)
    const { z } = await surpriseZ(network, host, source, posterior)
    const theta = await network.dispersions()
    const moments = { mean: 0, variance: 0 }
    for await (const { cells, mean, logLikelihood } of expectedCounts(network, source, posterior.mean)) {
      for (const i of [0, 1, 2, 3]) {
        const cell = cells[i]!
        let [expected, variance] = [0, 0]
        for (let g = 0; g < 80; g++) {
          if (lacks(cell, g)) continue
          new LikelihoodMoments(theta(g, 0)).at(mean[i * 80 + g]!, 0, moments)
          expected += moments.mean
          variance += moments.variance
        }
        expect(z[cell]).toBeCloseTo((logLikelihood[i]! - expected) / Math.sqrt(variance), 4)
      }
    }
    network.release()
  })

  it('leaves cells alone that lack nothing', async () => {
    const network = smallNetwork(device, whole)
    const plain = await surpriseZ(network, host, whole, await posteriorOf(network, whole))
    const part = cellsWithGaps(whole, (cell, gene) => cell % 4 === 0 && lacks(cell, gene))
    const posterior = await posteriorOf(network, part)
    const gappy = await surpriseZ(network, host, part, posterior)
    for (let cell = 0; cell < 500; cell++) {
      // fewer counts have a larger likelihood
      if (cell % 4 === 0) expect(gappy.logLikelihood[cell]).toBeGreaterThan(plain.logLikelihood[cell]! + 1)
      // a minibatch with gaps sums in another order
      else expect(Math.abs(gappy.z[cell]! - plain.z[cell]!)).toBeLessThan(1e-4)
    }
    network.release()
  })

  it('makes cells that lack what their parents lack, or nothing', async () => {
    const network = smallNetwork(device, source)
    const posterior = await posteriorOf(network, source)
    const alike = await generateCells(network, host, source, posterior, 200, 5, { keepMissing: true })
    const complete = await generateCells(network, host, source, posterior, 200, 5)
    expect([alike.counts.missing, complete.counts.missing]).toEqual([true, false])
    expect(complete.parent).toEqual(alike.parent)
    for (let i = 0; i < 200; i++) {
      const row = rowOf(alike, i)
      const missing = missingGenes(row)
      expect(missing).toEqual(missingGenes(rowOf(source, alike.parent[i]!)))
      const known = row.counts.filter((count) => count !== MISSING)
      expect(known.every((count) => count > 0)).toBe(true)
      expect(alike.size[i]).toBe(
        Math.max(
          1,
          known.reduce((a, b) => a + b, 0),
        ),
      )
      for (let k = 1; k < row.genes.length; k++) expect(row.genes[k]!).toBeGreaterThan(row.genes[k - 1]!)
      expect(missingGenes(rowOf(complete, i))).toEqual([])
    }
    network.release()
  })
})
