import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { FitPlan } from '../../src/models/refit.js'
import { type Trial, tune } from '../../src/models/tune.js'
import { defaultCandidates, gridCandidates, isDefault, TUNED } from '../../src/models/tune-grid.js'
import { namedData } from './trained-small.js'

describe('the default candidates', () => {
  const candidates = defaultCandidates(true)

  it('are 16 different ones, the default first', () => {
    expect(new Set(candidates.map((one) => JSON.stringify(one))).size).toBe(16)
    expect(candidates.map(isDefault)).toEqual(candidates.map((_, i) => i === 0))
  })

  it('have each pair of values of two settings in four of them', () => {
    for (const [i, one] of TUNED.entries())
      for (const other of TUNED.slice(i + 1)) {
        const pairs = candidates.map((candidate) => `${candidate[one]} ${candidate[other]}`)
        const counts = [...new Set(pairs)].map((pair) => pairs.filter((same) => same === pair).length)
        expect(counts).toEqual([4, 4, 4, 4])
      }
  })

  it('leave covariates out of the encoder where there are none, and are 16 still', () => {
    const without = defaultCandidates(false)
    expect(without.some(({ encodeCovariates }) => encodeCovariates)).toBe(false)
    expect(new Set(without.map((one) => JSON.stringify(one))).size).toBe(16)
  })
})

describe('a grid', () => {
  it('is all combinations, with defaults for what it lacks', () => {
    const found = gridCandidates({ nLatent: [5, 10], likelihood: ['nb', 'zinb'] })
    expect(found.map(({ nLatent, likelihood, nHidden }) => [nLatent, likelihood, nHidden])).toEqual([
      [5, 'nb', 128],
      [5, 'zinb', 128],
      [10, 'nb', 128],
      [10, 'zinb', 128],
    ])
  })

  it('is refused with a value twice, and when it is too large', () => {
    expect(() => gridCandidates({ nLatent: [5, 5] })).toThrow('more than once')
    const many = Array.from({ length: 20 }, (_, i) => i + 1)
    expect(() => gridCandidates({ nLatent: many, nHidden: many })).toThrow('more than 256')
  })
})

describe('tuning', { timeout: 60_000 }, async () => {
  const device = await createCpuDevice({ threads: 1 })
  const data = namedData()
  const plan: FitPlan = {
    ...{ data, device, batchSize: 32 },
    keys: { batchKey: 'batch' },
    config: {},
    train: { maxEpochs: 30 },
  }
  const candidates = gridCandidates({ nLatent: [2, 3], nHidden: [4, 8] })
  afterAll(() => device.dispose())

  it('gives the best third three times the epochs, and is the same again', async () => {
    const began: string[] = []
    const found = await tune(plan, candidates, { onRung: (n, epochs) => began.push(`${n} for ${epochs}`) })
    expect(began).toEqual(['4 for 10', '2 for 30'])
    const [first, last] = found.rungs
    expect(last!.trials.map(({ candidate }) => candidate).sort()).toEqual(
      first!.trials
        .slice(0, 2)
        .map(({ candidate }) => candidate)
        .sort(),
    )
    expect(found.ranking.slice(0, 2)).toEqual(last!.trials.map(({ candidate }) => candidate))
    expect([...found.ranking].sort()).toEqual([0, 1, 2, 3])
    // .6 of the place by bound, .4 of that by mixing
    for (const { bound, mixing, score } of first!.trials) {
      const above = (of: (one: Trial) => number, value: number) =>
        first!.trials.filter((one) => of(one) < value).length / 3
      const places = [
        above((one) => one.bound!.value, bound!.value),
        above((one) => one.mixing!, mixing!),
      ] as const
      expect(score).toBeCloseTo(0.6 * places[0] + 0.4 * places[1], 12)
    }
    expect(found.gain).toBeUndefined()
    expect(await tune(plan, candidates)).toEqual(found)
  })

  it('goes by the bound alone without batches, beside the default', async () => {
    const alone = { ...plan, keys: {}, train: { maxEpochs: 3 } }
    const small = gridCandidates({ nHidden: [128, 2] })
    const { rungs, gain, ranking } = await tune(alone, small)
    expect(rungs).toHaveLength(1)
    const bounds = rungs[0]!.trials.map(({ bound }) => bound!.value)
    expect(bounds[0]).toBe(Math.max(...bounds))
    expect(rungs[0]!.trials.every(({ mixing }) => mixing === undefined)).toBe(true)
    if (ranking[0] === 0) expect(gain).toBeUndefined()
    else expect(gain!.value).toBeCloseTo(bounds[0]! - bounds[1]!, 9)
  })

  it('is refused without candidates', async () => {
    await expect(tune(plan, [])).rejects.toThrow('a candidate')
  })
})
