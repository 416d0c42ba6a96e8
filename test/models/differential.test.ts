import { tableFromArrays } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pairsOf } from '../../src/analysis/expression/pairs.js'
import { takeCounts } from '../../src/anndata/counts/take-counts.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { GroupComparison } from '../../src/models/differential-options.js'
import { SCVI } from '../../src/models/scvi.js'
import { keysOfNumbers } from '../../src/numeric/keyed-random.js'
import { smallData } from '../train/small-data.js'

const ALL_GENES = Int32Array.from({ length: 50 }, (_, gene) => gene)

/** Data with names of cells and a group of each, some without. */
function groupedData(): ModelData {
  const small = smallData()
  const group = Array.from({ length: small.nCells }, (_, cell) => (cell === 7 ? null : 'abc'[cell % 3]!))
  return {
    ...small,
    obsNames: Array.from({ length: small.nCells }, (_, cell) => `cell-${cell}`),
    obs: tableFromArrays({
      group,
      one: group.map(() => 'all'),
      batch: [...small.obs.getChild('batch')!],
    }),
  }
}

/** The same cells in another order. */
function turned(data: ModelData): ModelData {
  const order = Int32Array.from({ length: data.nCells }, (_, i) => (i * 77 + 13) % data.nCells)
  const columns = data.obs.schema.fields.map(({ name }) => {
    const values = [...data.obs.getChild(name)!]
    return [name, Array.from(order, (cell) => values[cell])]
  })
  return {
    ...data,
    obsNames: Array.from(order, (cell) => data.obsNames![cell]!),
    counts: takeCounts(data.counts, order, ALL_GENES),
    obs: tableFromArrays(Object.fromEntries(columns)),
  }
}

describe('differential expression', async () => {
  const data = groupedData()
  const device = await createCpuDevice({ threads: 2 })
  let model: SCVI
  beforeAll(async () => {
    model = await SCVI.create(data, { device, batchKey: 'batch', nHidden: 16, nLatent: 3 })
    await model.train({ maxEpochs: 3, seed: 1 })
  })
  afterAll(async () => {
    await model.dispose()
    await device.dispose()
  })

  it('goes through groups in natural order, whatever that of the cells', async () => {
    const labels = Array.from({ length: data.nCells }, (_, i) => ['10', '2', 'b', null, '1'][i % 5]!)
    const found = await model.differentialExpression({ labels, nSamples: 20 })
    expect(found.map(({ group1 }) => group1)).toEqual(['1', '2', '10', 'b'])
  })

  it('compares each group with the others, or two of them', async () => {
    const all = await model.differentialExpression({ groupBy: 'group', nSamples: 60 })
    expect(all.map(({ group1, group2, nCells1, nCells2 }) => [group1, group2, nCells1, nCells2])).toEqual([
      ['a', 'Rest', 40, 79],
      ['b', 'Rest', 39, 80],
      ['c', 'Rest', 40, 79],
    ])
    const [two] = await model.differentialExpression({
      groupBy: 'group',
      group1: 'c',
      group2: 'a',
      nSamples: 60,
    })
    expect([two!.group1, two!.group2, two!.nCells1, two!.nCells2]).toEqual(['c', 'a', 40, 40])
    expect(two!.genes.map(({ gene }) => gene).sort()).toEqual([...data.varNames].sort())
  })

  it('says of a group what it says when it is asked about alone', async () => {
    // of 119 cells, so that draws come in several rounds, and more than a pass of the network
    const options = { groupBy: 'group', nSamples: 700 }
    const all = await model.differentialExpression(options)
    for (const group1 of ['a', 'c']) {
      const [alone] = await model.differentialExpression({ ...options, group1 })
      expect(alone).toEqual(all.find((one) => one.group1 === group1))
    }
    // of two groups of four, each has half of what it meets in common with the other
    const labels = Array.from({ length: data.nCells }, (_, i) => 'abcd'[i % 4]!)
    const some = await model.differentialExpression({ labels, nSamples: 300, group1: ['b', 'd', 'c'] })
    const [alone] = await model.differentialExpression({ labels, nSamples: 300, group1: 'd' })
    expect(alone).toEqual(some[1])
  })

  it('gives what scvi-tools gives, from the same draws', async () => {
    const nSamples = 40
    const options = { groupBy: 'group', group1: 'a', group2: 'c', nSamples, pseudocount: 1e-4, delta: 0.1 }
    const [found] = await model.differentialExpression(options)
    // 40 cells in each group: each gives its first draw
    const cellsOf = (group: string) =>
      Int32Array.from(data.obs.getChild('group')!.toArray().keys()).filter(
        (cell) => data.obs.getChild('group')!.get(cell) === group,
      )
    const gene = data.varNames[12]!
    const scales = async (group: string) => {
      const { values } = await model.getNormalizedExpression({
        cells: cellsOf(group),
        nSamples: 1,
        genes: [gene],
      })
      return values
    }
    const [first, second] = [await scales('a'), await scales('c')]
    const mean = (values: ArrayLike<number>) =>
      Array.from(values).reduce((sum, x) => sum + x, 0) / values.length
    const said = found!.genes.find((one) => one.gene === gene)!
    expect(said.scale1 / mean(first)).toBeCloseTo(1, 6)
    expect(said.scale2 / mean(second)).toBeCloseTo(1, 6)
    // the mean of differences of logarithms does not ask who met whom
    const logs = (values: Float32Array, c: number) => mean(values.map((value) => Math.log2(value + c)))
    expect(said.lfcMean).toBeCloseTo(logs(first, 1e-7) - logs(second, 1e-7), 4)
    const counts = (group: string) =>
      Array.from(cellsOf(group), (cell) => {
        const { genes, counts } = data.counts.row(cell)
        const total = counts.reduce((sum, count) => sum + count, 0)
        const at = genes.indexOf(12)
        return { count: at < 0 ? 0 : counts[at]!, total }
      })
    expect(said.rawMean1).toBeCloseTo(mean(counts('a').map(({ count }) => count)), 9)
    expect(said.nonZerosProportion2).toBeCloseTo(mean(counts('c').map(({ count }) => Number(count > 0))), 9)
    expect(said.rawNormalizedMean1).toBeCloseTo(
      mean(counts('a').map(({ count, total }) => (1e4 * count) / total)),
      7,
    )
    expect(said.bayesFactor).toBeCloseTo(
      Math.log(said.probaDe! + 1e-8) - Math.log(said.probaNotDe! + 1e-8),
      9,
    )
  })

  it('marks nothing that rests on one sample', async () => {
    const options = { groupBy: 'group', group1: 'a', group2: 'c', nSamples: 60, fdrTarget: 0.9 }
    const [cells] = await model.differentialExpression(options)
    expect(cells!.genes.some(({ isDe }) => isDe)).toBe(true)
    const [one] = await model.differentialExpression({ ...options, sampleKey: 'one' })
    expect(one!.samples).toMatchObject({ paired: false, nSamples1: 1, nSamples2: 1, nCells1: [40] })
    expect(one!.genes.every(({ isDe, sampleP }) => !isDe && Number.isNaN(sampleP))).toBe(true)
    const [two] = await model.differentialExpression({ ...options, sampleKey: 'batch' })
    expect(two!.samples).toMatchObject({ paired: true, nSamples1: 2, names: ['batch_1', 'batch_2'] })
    for (const { isDe, samplePAdjusted } of two!.genes)
      if (isDe) expect(samplePAdjusted).toBeLessThanOrEqual(0.9)
  })

  const ORDERS = [
    {},
    { batchCorrection: true },
    { mode: 'vanilla' as const },
    { sampleKey: 'batch' },
    { weights: 'importance' as const, sampleKey: 'batch', group1: 'a' },
  ]
  it.each(ORDERS)('does not depend on the order of the cells, threads or minibatches: %o', async (more) => {
    const options = { groupBy: 'group', nSamples: 50, ...more }
    const found = await model.differentialExpression(options)
    expect(await model.differentialExpression({ ...options, adata: turned(data) })).toEqual(found)
    expect(await model.differentialExpression({ ...options, seed: 9 })).not.toEqual(found)
  })

  it('weighed by importance draws from the cells of a group, and says how far the weights carry', async () => {
    const options = { groupBy: 'group', group1: 'a', group2: 'c', nSamples: 200 }
    const [even] = await model.differentialExpression(options)
    const done: number[] = []
    const [found] = await model.differentialExpression({
      ...options,
      weights: 'importance',
      onProgress: (now, total) => done.push(now / total),
    })
    const { nCells1, nCells2, effectiveDraws1, effectiveDraws2 } = found!.weighted!
    expect([nCells1, nCells2, found!.nCells1]).toEqual([40, 40, 40])
    for (const draws of [effectiveDraws1, effectiveDraws2]) {
      expect(draws).toBeGreaterThan(1)
      expect(draws).toBeLessThan(200)
    }
    expect(even!.weighted).toBeUndefined()
    expect(done.at(-1)).toBe(1)
    expect(done).toEqual(done.toSorted((a, b) => a - b))
    const scale = ({ genes }: GroupComparison) => genes.map(({ gene, scale1 }) => `${gene} ${scale1}`).sort()
    expect(scale(found!)).not.toEqual(scale(even!))
    const total = found!.genes.reduce((sum, { scale1 }) => sum + scale1, 0)
    expect(total).toBeCloseTo(1, 4)
  })

  it('corrected for batches has pairs of all batches', async () => {
    const options = { groupBy: 'group', group1: 'a', nSamples: 60 }
    const { categories } = model.description.categorical[0]!
    const [corrected] = await model.differentialExpression({ ...options, batchCorrection: true })
    const cells = Int32Array.from({ length: data.nCells }, (_, cell) => cell).filter((cell) => cell % 3 === 0)
    const scales = await model.getNormalizedExpression({
      cells,
      nSamples: 50,
      transformBatch: [...categories],
    })
    // ln of the ratio of two averages over draws of the same cells in the same batches
    const off = corrected!.genes.map(({ gene, scale1 }) => {
      const at = data.varNames.indexOf(gene)
      const all = Array.from(cells, (_, row) => scales.values[row * data.nGenes + at]!)
      return Math.abs(Math.log(scale1 / (all.reduce((sum, x) => sum + x, 0) / all.length)))
    })
    expect(Math.max(...off)).toBeLessThan(0.2)
  })

  it('marks genes up to the expected share of false ones', async () => {
    const options = { groupBy: 'group', group1: 'a', delta: 0.01, nSamples: 50 }
    const [{ genes }] = (await model.differentialExpression(options)) as [GroupComparison]
    const wrong = (n: number) => genes.slice(0, n).reduce((sum, { probaNotDe }) => sum + probaNotDe!, 0) / n
    const [found] = await model.differentialExpression({ ...options, fdrTarget: wrong(10) + 1e-9 })
    const marked = found!.genes.filter(({ isDe }) => isDe)
    expect(found!.genes.slice(0, marked.length)).toEqual(marked)
    expect(marked.length).toBeGreaterThanOrEqual(10)
    expect(wrong(marked.length)).toBeLessThanOrEqual(wrong(10) + 1e-9)
    expect(wrong(marked.length + 1)).toBeGreaterThan(wrong(10) + 1e-9)
  })

  it.each([
    [{ groupBy: 'no-such' }, 'bad-input', /has no obs column "no-such"/],
    [{ groupBy: 'one' }, 'bad-input', /"one" has one group, "all"/],
    [{ groupBy: 'group', group1: 'z' }, 'bad-input', /No cell is of the group "z"/],
    [{ groupBy: 'group', group2: 'z' }, 'bad-input', /No cell is of the group "z"/],
    [
      { groupBy: 'group', group1: 'c', cells: Int32Array.of(0, 1, 3) },
      'bad-input',
      /No cell is of the group "c"/,
    ],
    [{ groupBy: 'group', group1: 'a', group2: 'a' }, 'usage', /"a" cannot be compared with itself/],
    [{}, 'usage', /either by groupBy or by labels/],
    [{ labels: ['a'] }, 'usage', /There are 1 labels for 120 cells/],
    [{ groupBy: 'group', delta: 0 }, 'usage', /delta must be a positive number, not 0/],
    [{ groupBy: 'group', fdrTarget: 1 }, 'usage', /fdrTarget must be above 0 and below 1/],
    [{ groupBy: 'group', nSamples: 1 }, 'usage', /nSamples must be a whole number of at least 2/],
    [
      { groupBy: 'group', weights: 'even' as 'uniform' },
      'usage',
      /weights must be "uniform" or "importance"/,
    ],
    [{ groupBy: 'group', pseudocount: 0 }, 'usage', /pseudocount must be a positive number/],
  ])('refuses %o', async (options, kind, message) => {
    await expect(model.differentialExpression(options)).rejects.toMatchObject({
      kind,
      message: expect.stringMatching(message),
    })
  })
})

describe('pairs of draws', () => {
  const keys = keysOfNumbers(Int32Array.from({ length: 20 }, (_, i) => i))
  const groups = [Int32Array.of(3, 1, 2), Int32Array.from({ length: 12 }, (_, i) => 19 - i)] as const
  const nothing = { mean: new Float32Array(), variance: new Float32Array() }
  const question = { posterior: { latent: nothing }, keys, seed: 1, groups, againstRest: false }

  it('take all cells of a group equally, each draw once', () => {
    const [pairs] = pairsOf({ ...question, batches: [undefined], nPairs: 24 })
    const { cells, draws } = pairs!.first
    const second = pairs!.second!
    for (const cell of groups[0]) {
      const of = draws.filter((_, i) => cells[i] === cell).sort()
      expect([...of]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    }
    expect(new Set(second.cells).size).toBe(12)
    // who meets whom changes from round to round
    const met = Array.from(cells, (cell, i) => `${cell} ${second.cells[i]}`)
    expect(new Set(met).size).toBeGreaterThan(12)
  })

  it('are spread over batches', () => {
    const pairs = pairsOf({ ...question, batches: [0, 1, 2], nPairs: 25 })
    expect(pairs.map(({ batch, first }) => [batch, first.cells.length])).toEqual([
      [0, 8],
      [1, 8],
      [2, 9],
    ])
  })

  it('are of the same draws for every group that is held against the rest', () => {
    const sides = [Int32Array.of(4, 0, 9), Int32Array.of(1, 2, 3), Int32Array.of(5, 6, 7, 8, 10)]
    const drawsOf = (group: number, nPairs: number) => {
      const rest = Int32Array.from(sides.flatMap((cells, other) => (other === group ? [] : [...cells])))
      const asked = { ...question, groups: [sides[group]!, rest] as const, againstRest: true }
      const [pairs] = pairsOf({ ...asked, batches: [undefined], nPairs })
      const { cells, draws } = pairs!.second!
      return Array.from(cells, (cell, i) => `${cell} ${draws[i]}`)
    }
    // two rounds of the eleven cells, each without the group's own
    const [a, b] = [drawsOf(0, 16), drawsOf(1, 16)]
    expect(new Set(a).size).toBe(16)
    const common = (draws: string[]) => draws.filter((draw) => /^([5678]|10) /.test(draw))
    expect(common(a)).toHaveLength(10)
    expect(common(b)).toEqual(common(a))
    expect(a.some((draw) => /^[049] /.test(draw))).toBe(false)
  })
})
