import { tableFromArrays } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import { takeRows } from '../../src/numeric/matrix.js'

/** Eight donors, of whom those of the second condition lack most cells of one type. */
function donors() {
  const simulated = simulateCells({
    ...{ nCells: 900, nGenes: 50, nTypes: 3, nBatches: 1, meanLibrarySize: 900, seed: 6 },
  })
  const types = simulated.obs.cell_type
  const rare = types[0]!
  const cells = Int32Array.from(types.keys()).filter(
    (cell) => types[cell] !== rare || cell % 8 < 4 || cell % 40 < 8,
  )
  const data: ModelData = {
    ...{ path: 'donors.h5ad', nCells: 900, nGenes: 50 },
    counts: simulated.counts,
    obsNames: simulated.obsNames,
    varNames: simulated.varNames,
    obs: tableFromArrays({
      type: types,
      donor: types.map((_, cell) => `donor ${cell % 8}`),
      condition: types.map((_, cell) => (cell % 8 < 4 ? 'healthy' : 'sick')),
      half: types.map((_, cell) => (cell % 16 < 8 ? 'before' : 'after')),
      three: types.map((_, cell) => ['a', 'b', 'c'][cell % 3]!),
      tiny: types.map((_, cell) => (cell < 8 ? 'tiny' : `donor ${cell % 8}`)),
      same: types.map(() => 'same'),
    }),
  }
  return { data, cells, types, rare }
}

describe('differentialAbundance', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const { data, cells, types, rare } = donors()
  let model: SCVI
  beforeAll(async () => {
    model = await SCVI.create(data, { device, cells, nHidden: 16, nLatent: 3 })
    await model.train({ maxEpochs: 30 })
  }, 30_000)
  afterAll(async () => {
    await model.dispose()
    await device.dispose()
  })
  const asked = { sampleKey: 'donor', groupBy: 'condition', labelsKey: 'type' }

  it('finds the cells and the label that a condition lacks', async () => {
    const found = await model.differentialAbundance(asked)
    expect(found.samples.map(({ name, condition }) => [name, condition])).toEqual(
      Array.from({ length: 8 }, (_, i) => [`donor ${i}`, i < 4 ? 'healthy' : 'sick']),
    )
    expect([found.logDensities.rows, found.logDensities.columns]).toEqual([cells.length, 8])
    const { group1, group2, paired, effect, adjustedP, nSamples1 } = found.comparison!
    expect([group1, group2, paired, nSamples1]).toEqual(['sick', 'healthy', false, 4])
    const share = (wanted: boolean) => {
      const some = [...cells.keys()].filter((i) => (types[cells[i]!] === rare) === wanted)
      return some.filter((i) => adjustedP[i]! <= 0.05 && effect[i]! < 0).length / some.length
    }
    expect(share(true)).toBeGreaterThan(0.8)
    expect(share(false)).toBeLessThan(0.05)
    const { labels, counts, difference } = found.labels!
    const at = labels.indexOf(rare)
    expect(difference!.adjustedP[at]).toBeLessThan(0.05)
    expect(difference!.effect[at]).toBeLessThan(-1)
    const ofDonor0 = cells.filter((cell) => cell % 8 === 0 && types[cell] === rare).length
    expect(counts.values[at * 8]).toBe(ofDonor0)
    // logits of shares with half a cell added on both sides; the sick are donors 4 to 7
    for (const label of labels.keys()) {
      const logits = Array.from({ length: 8 }, (_, donor) => {
        const n = counts.values[label * 8 + donor]!
        const all = labels.reduce((sum, _, other) => sum + counts.values[other * 8 + donor]!, 0)
        return Math.log2((n + 0.5) / (all - n + 0.5))
      })
      const mean = (some: number[]) => some.reduce((a, b) => a + b, 0) / some.length
      expect(difference!.effect[label]).toBeCloseTo(mean(logits.slice(4)) - mean(logits.slice(0, 4)), 9)
    }
  })

  it('is the same for cells in another order, and of one seed for some posteriors', async () => {
    const some = await model.differentialAbundance({ ...asked, numCellsPosterior: 20 })
    const order = cells.toReversed()
    const again = await model.differentialAbundance({ ...asked, numCellsPosterior: 20, cells: order })
    const turned = Int32Array.from(order.keys()).toReversed()
    expect(takeRows(again.logDensities, turned).values).toEqual(some.logDensities.values)
    const other = await model.differentialAbundance({ ...asked, numCellsPosterior: 20, seed: 9 })
    expect(other.logDensities.values).not.toEqual(some.logDensities.values)
  })

  it('compares samples that are in both conditions with themselves', async () => {
    const { samples, comparison } = await model.differentialAbundance({ sampleKey: 'donor', groupBy: 'half' })
    expect(samples.slice(0, 2).map(({ name }) => name)).toEqual(['donor 0, before', 'donor 0, after'])
    expect(comparison).toMatchObject({ paired: true, nSamples1: 8, nSamples2: 8 })
    expect(comparison!.adjustedP.filter((p) => p <= 0.05)).toHaveLength(0)
  })

  it('takes conditions by name, and leaves small samples out', async () => {
    const { comparison, leftOut } = await model.differentialAbundance({
      ...{ sampleKey: 'tiny', groupBy: 'three', group1: 'c', group2: 'a' },
    })
    expect(comparison).toMatchObject({ group1: 'c', group2: 'a', paired: true })
    expect(leftOut).toEqual(['tiny, c', 'tiny, a'])
    const rest = await model.differentialAbundance({ sampleKey: 'donor', groupBy: 'three', group1: 'b' })
    expect(rest.comparison).toMatchObject({ group1: 'b', group2: 'Rest' })
    const alone = await model.differentialAbundance({ sampleKey: 'donor', labelsKey: 'type' })
    expect([alone.comparison, alone.labels!.difference]).toEqual([undefined, undefined])
  })

  it('refuses what it cannot do in a sentence', async () => {
    const refused = (options: object) =>
      expect(model.differentialAbundance({ sampleKey: 'donor', ...options } as never)).rejects
    await refused({ sampleKey: 'no' }).toThrow('has no obs column "no"')
    await refused({ sampleKey: 'same' }).toThrow('has 1 sample of at least 10 cells, and there is nothing')
    await refused({ groupBy: 'no' }).toThrow('has no obs column "no"')
    await refused({ groupBy: 'same' }).toThrow('has one condition, "same", and there is nothing to compare')
    await refused({ groupBy: 'condition', group1: 'sik' }).toThrow('No cell is in the condition "sik".')
    await refused({ groupBy: 'condition', group1: 'sick', group2: 'sick' }).toThrow('with itself')
    await refused({ groupBy: 'three' }).toThrow('has 3 conditions: say which one is compared')
    await refused({ sampleKey: 'same', groupBy: 'condition' }).toThrow(
      'The condition "sick" has 1 sample of at least 10 cells; a comparison needs two of each.',
    )
    await refused({ group1: 'sick' }).toThrow('told apart by groupBy')
    await refused({ numCellsPosterior: 5 }).toThrow('at least 10, not 5')
    await refused({ dof: 0 }).toThrow('dof must be a positive number, or null')
    await refused({ sampleKey: undefined }).toThrow('needs sampleKey')
  })
})
