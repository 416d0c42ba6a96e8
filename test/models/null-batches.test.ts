import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { ModelDescription } from '../../src/files/model-description.js'
import { type NullBatches, nullBatches } from '../../src/models/null-batches.js'
import { SCVI } from '../../src/models/scvi.js'
import { namedData } from './trained-small.js'

describe('batches of no meaning', { timeout: 60_000 }, async () => {
  const device = await createCpuDevice({ threads: 1 })
  const data = namedData()
  const began: string[] = []
  let description: ModelDescription
  let found: NullBatches
  const trial = () =>
    nullBatches(description, data, {
      ...{ device, nRefits: 2, train: { maxEpochs: 20 } },
      onRefit: (what, done, total) => began.push(`${what} ${done} of ${total}`),
    })
  beforeAll(async () => {
    await using model = await SCVI.create(data, {
      ...{ device, batchKey: 'batch', nHidden: 8, nLatent: 3, batchSize: 32 },
    })
    description = model.description
    found = await trial()
  })
  afterAll(() => device.dispose())

  it('are refits beside three without, each figure beside what a seed does', () => {
    expect(began.slice(0, 5)).toEqual([
      'plain 0 of 5',
      'plain 1 of 5',
      'plain 2 of 5',
      'null 3 of 5',
      'null 4 of 5',
    ])
    const { noise, refits, excess } = found
    expect(found).toMatchObject({ nCells: 120, nGenes: 50, epochs: 10, crossedWith: 'batch' })
    expect(refits.map(({ seed }) => seed)).toEqual([4, 5])
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length
    expect(excess.changed.value).toBeCloseTo(mean(refits.map((r) => r.changed)) - noise.changed.value, 12)
    expect(excess.ariLost.value).toBeCloseTo(noise.ari.value - mean(refits.map((r) => r.ari)), 12)
    expect(noise.changed.value).toBeGreaterThan(0)
    expect(noise.changed.value).toBeLessThan(1)
    expect(excess.changed.error).toBeGreaterThan(noise.changed.error)
    expect(found.falseGenes.value).toBe(mean(refits.map((r) => r.falseGenes)))
  })

  it('are the same again, and others of another seed', async () => {
    expect(await trial()).toEqual(found)
    const other = await nullBatches(description, data, {
      ...{ device, nRefits: 2, seed: 9, train: { maxEpochs: 20 } },
    })
    expect(other.refits[0]!.changed).not.toBe(found.refits[0]!.changed)
  })

  it('are refused for a single refit', async () => {
    await expect(nullBatches(description, data, { nRefits: 1 })).rejects.toThrow('at least 2')
  })
})
