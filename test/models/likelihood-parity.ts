import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Device } from '../../src/device/device.js'
import { convertScviModel } from '../../src/files/scvi-tools/import.js'
import { LinearSCVI } from '../../src/models/linear-scvi.js'
import { SCVI } from '../../src/models/scvi.js'
import { fixtureCells, fixtureFolder } from '../files/scvi-tools/fixtures.js'

interface Estimate {
  mean: number
  error: number
}

interface Likelihoods {
  elbo: Estimate
  reconstructionError: Estimate
  marginal?: Estimate
  predictedZeros: Estimate
  library?: number[]
  dispersions?: number[][]
}

/** What scvi-tools says of the fixtures' cells (test/interop/scvi_likelihoods.py). */
const theirs: Record<string, Likelihoods> = JSON.parse(
  readFileSync('test/fixtures/scvi/likelihoods.json', 'utf8'),
)

function estimate(values: readonly number[]): Estimate {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, error: Math.sqrt(squares / (values.length - 1) / values.length) }
}

/** How far two estimates may be apart: a few standard errors of their difference, which few repeats tell roughly. */
const within = (a: Estimate, b: Estimate) => 6 * Math.hypot(a.error, b.error) + 1e-3

/** Holds what a model says of the likelihood of cells to what scvi-tools says of the same model and cells. */
export async function isTheirs(name: string, folder: string, device: Device, repeats: number): Promise<void> {
  convertScviModel(fixtureFolder(name), join(folder, name))
  const load = name.startsWith('linear') ? LinearSCVI.load : SCVI.load
  await using model = await load(join(folder, name), fixtureCells(), { device })
  const expected = theirs[name]!
  const each = async (times: number, one: (seed: number) => Promise<number>) => {
    const found: number[] = []
    for (let seed = 0; seed < times; seed++) found.push(await one(seed))
    return estimate(found)
  }
  const near = (found: Estimate, wanted: Estimate, besides = 0) =>
    expect(Math.abs(found.mean - wanted.mean)).toBeLessThan(within(found, wanted) + besides)
  const elbo = await each(repeats, (seed) => model.getElbo({ seed, nSamples: 5 }))
  near(elbo, expected.elbo)
  near(
    await each(repeats, (seed) => model.getReconstructionError({ seed, nSamples: 5 })),
    expected.reconstructionError,
  )
  if (expected.marginal) {
    const bound = await each(4, (seed) => model.getMarginalLl({ seed, nMcSamples: 200 }))
    // with fewer draws than theirs the bound is a little lower
    near(bound, expected.marginal, 0.5)
    expect(bound.mean).toBeGreaterThan(elbo.mean)
  }
  const zeros = await each(repeats, async (seed) => {
    const [counts] = await model.posteriorPredictiveSample({ seed })
    return 1 - counts!.nonzeros / (counts!.nCells * counts!.nGenes)
  })
  near(zeros, expected.predictedZeros)
  if (expected.library) {
    const library = await model.getLatentLibrarySize()
    for (const [i, size] of library.entries()) expect(size / expected.library[i]!).toBeCloseTo(1, 4)
  }
  const { dispersions } = await model.getLikelihoodParameters({ nSamples: 0 })
  expect(dispersions === undefined).toBe(expected.dispersions === undefined)
  for (const [cell, row] of (expected.dispersions ?? []).entries())
    for (const [gene, value] of row.entries())
      expect(dispersions!.values[cell * dispersions!.columns + gene]! / value).toBeCloseTo(1, 4)
}
