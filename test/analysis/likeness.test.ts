import { tableFromArrays } from 'apache-arrow'
import { afterAll, describe, expect, it } from 'vitest'
import { ambientCells, ambientShares } from '../../src/analysis/outliers/ambient-mixtures.js'
import { scoreCells } from '../../src/analysis/outliers/cell-scores.js'
import { doubletCells, doubletPairs } from '../../src/analysis/outliers/doublets.js'
import { likeness, mixedCells, mixedDistances } from '../../src/analysis/outliers/likeness.js'
import type { OutlierScores } from '../../src/analysis/outliers/outlier-score.js'
import { SIMULATED_CELLS } from '../../src/analysis/outliers/surprise-null.js'
import { posteriorOf } from '../../src/analysis/posterior/inference.js'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CellSource } from '../../src/device/device.js'
import { SCVI } from '../../src/models/scvi.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import { smallCells, smallNetwork } from '../train/small-cells.js'
import { auroc } from './auroc.js'

describe('distances from mixed cells', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const single = await createCpuDevice({ threads: 1 })
  afterAll(() => Promise.all([device.dispose(), single.dispose()]))

  async function distancesOn(of: typeof device, source: CellSource, seed: number) {
    const network = smallNetwork(of, source)
    const { mean } = await posteriorOf(network, source)
    const latent: Matrix = { values: mean, rows: source.nCells, columns: 4 }
    let done = 0
    const count = (cells: number) => {
      done += cells
    }
    const counted = { network, host: of.host, done: count }
    const points = [latent, { ...latent, values: mean.map((x) => x + 0.5) }]
    return { network, points, found: await mixedDistances(counted, source, latent, points, seed), done }
  }

  it('are those to the fifth nearest of as many mixed cells of each kind as there are cells', async () => {
    const source = smallCells(150, 60, 3)
    const { network, points, found, done } = await distancesOn(device, source, 6)
    expect(done).toBe(300)
    const doublets = await doubletCells(source, doubletPairs(source, points[0]!, 150, 6))
    const ambient = await ambientCells(device.host, source, ambientShares(150, 150, 6), 6)
    for (const [kind, cells] of Object.entries({ doublets, ambient })) {
      const { mean } = await posteriorOf(network, cells)
      for (const [which, { values }] of points.entries()) {
        const distances = found![which]![kind as 'doublets' | 'ambient']
        expect(distances).toHaveLength(150)
        for (const cell of [0, 77, 149]) {
          const all = Array.from({ length: 150 }, (_, i) =>
            Math.hypot(...[0, 1, 2, 3].map((f) => values[4 * cell + f]! - mean[4 * i + f]!)),
          ).sort((a, b) => a - b)
          expect(distances[cell], `${kind} ${which} ${cell}`).toBeCloseTo(all[4]!, 4)
        }
      }
    }
  })

  it('are the same bits for any number of threads, and others for another seed', async () => {
    const source = smallCells(150, 60, 3)
    const { found } = await distancesOn(device, source, 4)
    expect((await distancesOn(single, source, 4)).found).toEqual(found)
    const others = (await distancesOn(device, source, 5)).found!
    for (const kind of ['doublets', 'ambient'] as const)
      expect(others[0]![kind], kind).not.toEqual(found![0]![kind])
  })

  it('need a hundred cells, and no more than two thousand mixed ones', async () => {
    expect([1, 99, 100, 2000, 100_000].map(mixedCells)).toEqual([0, 0, 100, 2000, 2000])
    const { found, done } = await distancesOn(device, smallCells(99, 60, 3), 4)
    expect(found).toBeUndefined()
    expect(done).toBe(0)
    expect(
      likeness({ cells: new Float64Array(99), simulated: new Float64Array(5) }, found?.[0], undefined),
    ).toBe(undefined)
  })

  it('say how much nearer mixed cells are than neighbours', () => {
    const logs = (...values: number[]) => Float64Array.from(values, Math.log)
    const alike = likeness(
      { cells: logs(6, 8), simulated: logs(3) },
      { doublets: Float32Array.of(2, 16), ambient: Float32Array.of(6, 1) },
      { doublets: Float32Array.of(3), ambient: Float32Array.of(12) },
    )!
    const ratios = (values: Float64Array) => Array.from(values, (x) => Number(Math.exp(x).toFixed(9)))
    expect(ratios(alike.doublets.cells)).toEqual([3, 0.5])
    expect(ratios(alike.doublets.simulated)).toEqual([1])
    expect(ratios(alike.ambient.cells)).toEqual([1, 8])
    expect(ratios(alike.ambient.simulated)).toEqual([0.25])
  })
})

describe('scores of doublets', async () => {
  const device = await createCpuDevice({ threads: 2 })
  afterAll(() => device.dispose())

  it('are higher with likeness to mixed cells than without', async () => {
    const shape = { nCells: 1000, nGenes: 100, nTypes: 5, nBatches: 1, meanLibrarySize: 3000 }
    const { counts, obs, varNames } = simulateCells({ ...shape, doubletFraction: 0.1, seed: 5 })
    const adata = { path: 'made', nCells: 1000, nGenes: 100, counts, varNames, obs: tableFromArrays({}) }
    await using model = await SCVI.create(adata, { device })
    await model.train({ maxEpochs: 100 })
    const latent = await model.getLatentPosterior()
    const done: [number, number][] = []
    const surprise = await model.surpriseScores({ onCells: (...of) => done.push(of) })
    // all of the work is counted, that on mixed cells as well
    expect(done.at(-1)![0]).toBe(done.at(-1)![1])
    const { mixed: ofCells, ...cells } = surprise.beside.cells
    const { mixed: ofMade, ...simulated } = surprise.beside.simulated
    expect([ofCells!.doublets.length, ofMade!.ambient.length]).toEqual([1000, SIMULATED_CELLS])
    const without = { ...surprise, beside: { ...surprise.beside, cells, simulated } }
    const [found, before] = await Promise.all(
      [surprise, without].map(async (of) => (await scoreCells(latent, of, { device })).outliers),
    )
    const ranked = ({ score }: OutlierScores) => auroc(score, obs.is_doublet)
    expect(ranked(found!) - ranked(before!)).toBeGreaterThan(0.03)
    const wrong = found!.flag.filter((flag, cell) => flag > obs.is_doublet[cell]!)
    expect(wrong.length).toBeLessThanOrEqual(1)
  })
})
