import { beforeAll, describe, expect, it } from 'vitest'
import { type SimulatedCells, simulateCells } from '../../src/analysis/simulate/simulate.js'
import { auroc } from './auroc.js'

/** Sums of every group's rows divided by their total: one profile a group, nGroups × nGenes. */
function groupProfiles(simulated: SimulatedCells, groups: string[], keep: (cell: number) => boolean) {
  const profiles = new Map<string, Float64Array>()
  for (let i = 0; i < simulated.counts.nCells; i++) {
    if (!keep(i)) continue
    const profile = profiles.get(groups[i]!) ?? new Float64Array(simulated.counts.nGenes)
    const { genes, counts } = simulated.counts.row(i)
    for (let k = 0; k < genes.length; k++) profile[genes[k]!]! += counts[k]!
    profiles.set(groups[i]!, profile)
  }
  for (const profile of profiles.values()) {
    const total = profile.reduce((a, b) => a + b)
    for (let g = 0; g < profile.length; g++) profile[g] = (profile[g]! + 0.5) / total
  }
  return profiles
}

/** Σ x·log profile: the multinomial log-likelihood of a cell, up to a constant of the cell. */
function logFit(simulated: SimulatedCells, cell: number, profile: Float64Array): number {
  const { genes, counts } = simulated.counts.row(cell)
  let sum = 0
  for (let k = 0; k < genes.length; k++) sum += counts[k]! * Math.log(profile[genes[k]!]!)
  return sum
}

/** The Kullback–Leibler divergence of a cell's count shares from a profile. */
function misfit(simulated: SimulatedCells, cell: number, profile: Float64Array): number {
  const { counts } = simulated.counts.row(cell)
  const total = counts.reduce((a, b) => a + b)
  let own = 0
  for (const x of counts) own += x * Math.log(x / total)
  return (own - logFit(simulated, cell, profile)) / total
}

function count(values: ArrayLike<number>): number {
  return Array.from(values).filter((value) => value !== 0).length
}

describe('simulateCells', () => {
  let demo: SimulatedCells
  beforeAll(() => {
    demo = simulateCells({
      nCells: 1500,
      nGenes: 600,
      outlierFraction: 0.02,
      doubletFraction: 0.03,
      density: 0.2,
      seed: 11,
    })
  })

  it('gives the same cells for the same options and others for another seed', () => {
    const options = { nCells: 50, nGenes: 80, outlierFraction: 0.1, doubletFraction: 0.1, seed: 4 }
    expect(simulateCells(options)).toEqual(simulateCells(options))
    expect(simulateCells({ ...options, seed: 5 }).counts.blocks).not.toEqual(
      simulateCells(options).counts.blocks,
    )
  })

  it('keeps its numbers from version to version', () => {
    const { counts, obs, latent } = simulateCells({ nCells: 3, nGenes: 12, density: 0.5, seed: 1 })
    expect({
      rows: [0, 1, 2].map((i) => [[...counts.row(i).genes], [...counts.row(i).counts]]),
      types: obs.cell_type,
      batches: obs.batch,
      library: Array.from(obs.library_size, (size) => size.toFixed(6)),
      z: Array.from(latent.values.subarray(0, 3), (value) => value.toFixed(5)),
    }).toMatchInlineSnapshot(`
      {
        "batches": [
          "batch_1",
          "batch_2",
          "batch_2",
        ],
        "library": [
          "14.368173",
          "9.056540",
          "11.850897",
        ],
        "rows": [
          [
            [
              0,
              1,
              2,
              3,
              9,
              10,
              11,
            ],
            [
              3,
              1,
              1,
              1,
              6,
              6,
              1,
            ],
          ],
          [
            [
              0,
              2,
              4,
              9,
              11,
            ],
            [
              1,
              1,
              5,
              2,
              1,
            ],
          ],
          [
            [
              0,
              1,
              2,
              3,
              4,
              5,
            ],
            [
              2,
              1,
              2,
              1,
              1,
              1,
            ],
          ],
        ],
        "types": [
          "type_2",
          "type_1",
          "type_3",
        ],
        "z": [
          "1.24506",
          "-1.67805",
          "0.91522",
        ],
      }
    `)
  })

  it('shapes its results and sorts every row', () => {
    expect(demo.counts.nCells).toBe(1500)
    expect(demo.counts.nGenes).toBe(600)
    expect(demo.latent).toMatchObject({ rows: 1500, columns: 8 })
    expect(demo.latent.values).toHaveLength(1500 * 8)
    expect(new Set(demo.obsNames).size).toBe(1500)
    expect(demo.varNames[0]).toBe('gene_001')
    expect(new Set(demo.obs.cell_type).size).toBe(6)
    expect(new Set(demo.obs.batch)).toEqual(new Set(['batch_1', 'batch_2']))
    let wrong = 0
    for (let i = 0; i < 1500; i++) {
      const { genes, counts } = demo.counts.row(i)
      for (let k = 0; k < genes.length; k++) {
        if (k > 0 && genes[k]! <= genes[k - 1]!) wrong++
        if (!Number.isInteger(counts[k]) || counts[k]! <= 0) wrong++
      }
    }
    expect(wrong).toBe(0)
  })

  it('plants as many outliers and doublets as asked, no cell twice, with truth that agrees', () => {
    expect(count(demo.obs.is_outlier)).toBe(30)
    expect(count(demo.obs.is_doublet)).toBe(45)
    for (let i = 0; i < 1500; i++) {
      expect(demo.obs.is_outlier[i]! + demo.obs.is_doublet[i]!).toBeLessThan(2)
      expect(demo.obs.outlier_kind[i] !== 'none').toBe(demo.obs.is_outlier[i] === 1)
      expect(demo.obs.second_cell_type[i] !== null).toBe(demo.obs.is_doublet[i] === 1)
      expect(demo.obs.second_cell_type[i]).not.toBe(demo.obs.cell_type[i])
    }
    expect(demo.obs.outlier_kind.filter((kind) => kind === 'scrambled')).toHaveLength(15)
  })

  it.each([0.05, 0.1, 0.3])('meets a density of %d', (density) => {
    const { counts } = simulateCells({ nCells: 1000, nGenes: 400, density, seed: 2 })
    expect(Math.abs(counts.nonzeros / (1000 * 400) / density - 1)).toBeLessThan(0.1)
  })

  it('meets a mean library size, and library sizes are the expected totals', () => {
    const { counts, obs } = simulateCells({ nCells: 3000, nGenes: 300, meanLibrarySize: 2000, seed: 3 })
    const totals = counts.cellTotals()
    const mean = totals.reduce((a, b) => a + b) / 3000
    expect(Math.abs(mean / 2000 - 1)).toBeLessThan(0.05)
    let ratio = 0
    for (let i = 0; i < 3000; i++) ratio += totals[i]! / obs.library_size[i]! / 3000
    expect(Math.abs(ratio - 1)).toBeLessThan(0.02)
  })

  it('draws negative binomial counts: variance about mean + mean²/θ', () => {
    // one gene takes the whole library, so every count is a draw with the library size as its mean
    const { counts, obs, dispersion } = simulateCells({
      nCells: 40_000,
      nGenes: 1,
      nTypes: 1,
      nBatches: 1,
      meanLibrarySize: 6,
      seed: 8,
    })
    const totals = counts.cellTotals()
    const theta = dispersion[0]!
    let standardMean = 0
    let standardVariance = 0
    for (let i = 0; i < totals.length; i++) {
      const mean = obs.library_size[i]!
      const deviation = (totals[i]! - mean) / Math.sqrt(mean + mean ** 2 / theta)
      standardMean += deviation / totals.length
      standardVariance += deviation ** 2 / totals.length
    }
    expect(Math.abs(standardMean)).toBeLessThan(0.02)
    expect(Math.abs(standardVariance - 1)).toBeLessThan(0.05)
  })

  it('separates cell types', () => {
    const usual = (i: number) => demo.obs.is_outlier[i] === 0 && demo.obs.is_doublet[i] === 0
    const training = groupProfiles(demo, demo.obs.cell_type, (i) => usual(i) && i % 2 === 0)
    let right = 0
    let tested = 0
    for (let i = 1; i < 1500; i += 2) {
      if (!usual(i)) continue
      const fits = [...training].map(([type, profile]) => ({ type, value: logFit(demo, i, profile) }))
      const best = fits.reduce((a, b) => (b.value > a.value ? b : a))
      tested++
      if (best.type === demo.obs.cell_type[i]) right++
    }
    expect(right / tested).toBeGreaterThan(0.97)
  })

  it('plants a batch effect in every gene', () => {
    const batches = [...groupProfiles(demo, demo.obs.batch, () => true).values()]
    const logRatios = Array.from(batches[0]!, (share, g) => Math.log(share / batches[1]![g]!))
    const spread = Math.sqrt(logRatios.reduce((sum, value) => sum + value ** 2, 0) / logRatios.length)
    // the difference of two factors of spread 0.3, and some sampling noise
    expect(spread).toBeGreaterThan(0.35)
    expect(spread).toBeLessThan(0.8)
  })

  it('plants outliers that a misfit to the best cell type finds', () => {
    const groups = demo.obs.cell_type.map((type, i) => `${type} ${demo.obs.batch[i]}`)
    const profiles = [...groupProfiles(demo, groups, () => true).values()]
    const totals = demo.counts.cellTotals()
    const scores = new Float64Array(1500)
    // the sampling part of the misfit falls as one over the library size, slower for zeros: a root serves
    for (let i = 0; i < 1500; i++) {
      const best = Math.min(...profiles.map((profile) => misfit(demo, i, profile)))
      scores[i] = best * Math.sqrt(totals[i]!)
    }
    expect(auroc(scores, demo.obs.is_outlier)).toBeGreaterThan(0.95)
  })

  it('refuses options that make no sense', () => {
    const size = { nCells: 10, nGenes: 10 }
    expect(() => simulateCells({ ...size, nCells: 0 })).toThrow(/nCells must be a positive whole number/)
    expect(() => simulateCells({ ...size, density: 1 })).toThrow(/density/)
    expect(() => simulateCells({ ...size, outlierFraction: -0.1 })).toThrow(/outlierFraction/)
    expect(() => simulateCells({ ...size, density: 0.1, meanLibrarySize: 50 })).toThrow(/not both/)
    expect(() => simulateCells({ ...size, nTypes: 1, doubletFraction: 0.1 })).toThrow(/two types/)
    expect(() => simulateCells({ ...size, seed: -1 })).toThrow(/seed/)
    expect(() => simulateCells({ ...size, nCell: 3 } as never)).toThrow(/no option "nCell"/)
  })
})
