import { afterAll, describe, expect, it } from 'vitest'
import { CountMatrix } from '../../src/anndata/counts/counts.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { CallQueue } from '../../src/models/call-queue.js'
import { SCVI } from '../../src/models/scvi.js'
import { smallData } from '../train/small-data.js'

const MODEL = { nHidden: 16, nLatent: 3, batchKey: 'batch' } as const
const TRAIN = { maxEpochs: 2, seed: 1 }

describe('a queue of calls', () => {
  it('runs them one after another, and goes on after one that failed', async () => {
    const queue = new CallQueue()
    const seen: string[] = []
    const call = (name: string, fails = false) =>
      queue.run(async () => {
        seen.push(`${name} begins`)
        await new Promise((done) => setImmediate(done))
        seen.push(`${name} ends`)
        if (fails) throw new Error(name)
        return name
      })
    const results = await Promise.allSettled([call('a'), call('b', true), call('c')])
    expect(
      results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.message)),
    ).toEqual(['a', 'b', 'c'])
    expect(results[1]!.status).toBe('rejected')
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })
})

describe('calls on one model', async () => {
  const data = smallData()
  const device = await createCpuDevice({ threads: 2 })
  afterAll(() => device.dispose())

  it('give at once what they give one by one, bit for bit', async () => {
    const model = await SCVI.create(data, { device, ...MODEL })
    const twin = await SCVI.create(data, { device, ...MODEL })
    const calls: ((of: SCVI) => Promise<unknown>)[] = [
      (of) => of.train(TRAIN).then(({ history }) => history.map(({ seconds: _, ...losses }) => losses)),
      (of) => of.surpriseScores(),
      (of) => of.generate(300),
      (of) => of.getLatentRepresentation({ giveMean: false, seed: 4 }),
      (of) => of.getLatentPosterior({ cells: Int32Array.of(5, 2) }),
      (of) => of.generate(20, { adata: smallData(60, 50, 3) }),
      (of) => of.train({ ...TRAIN, batchSize: 256 }).then(({ batchSize }) => batchSize),
      (of) => of.getLatentRepresentation(),
    ]
    const together = await Promise.all(calls.map((call) => call(model)))
    const alone: unknown[] = []
    for (const call of calls) alone.push(await call(twin))
    expect(together).toEqual(alone)
    await model.dispose()
    await twin.dispose()
  })

  it('fail each for itself', async () => {
    const model = await SCVI.create(data, { device, ...MODEL })
    const before = await model.getLatentRepresentation()
    const [training, latent, scores] = await Promise.allSettled([
      model.train({ maxEpochs: 0 }),
      model.getLatentRepresentation(),
      model.surpriseScores({ sed: 1 } as object),
    ])
    expect(training).toMatchObject({ status: 'rejected', reason: { kind: 'usage' } })
    expect(latent).toEqual({ status: 'fulfilled', value: before })
    expect(scores).toMatchObject({ reason: { message: 'surpriseScores has no option "sed".' } })
    await model.dispose()
  })

  it('read the cells again after they could not be read', async () => {
    let lost = false
    class Lost extends CountMatrix {
      override heldRow(cell: number) {
        if (lost && cell === 70) throw new Error('the disk is gone')
        return super.heldRow(cell)
      }
    }
    const counts = new Lost(data.nGenes, data.counts.blocks)
    const model = await SCVI.create({ ...data, counts }, { device, ...MODEL })
    lost = true
    await expect(model.getLatentRepresentation()).rejects.toThrow('the disk is gone')
    lost = false
    const whole = await SCVI.create(data, { device, ...MODEL })
    expect(await model.getLatentRepresentation()).toEqual(await whole.getLatentRepresentation())
    await model.dispose()
    await whole.dispose()
  })

  it('do not see what a caller did to results of before', async () => {
    const model = await SCVI.create(data, { device, ...MODEL })
    const latent = await model.getLatentRepresentation()
    const kept = latent.values.slice()
    latent.values.fill(0)
    const { means } = await model.getLatentPosterior()
    expect(means.values).toEqual(kept)
    means.values.fill(0)
    expect((await model.getLatentRepresentation()).values).toEqual(kept)
    await model.dispose()
  })

  it('end before the model is disposed of, which may be done twice', async () => {
    const model = await SCVI.create(data, { device, ...MODEL })
    const seen: string[] = []
    const note = (what: string) => () => void seen.push(what)
    const training = model.train(TRAIN).then(note('trained'))
    const first = model.dispose().then(note('disposed of'))
    await expect(model.getLatentRepresentation()).rejects.toMatchObject({
      kind: 'usage',
      message: 'The model has been disposed of.',
    })
    await Promise.all([training, first, model.dispose()])
    await model.dispose()
    expect(seen).toEqual(['trained', 'disposed of'])
  })

  it('may leave the disposing to "await using", threads and all', async () => {
    let kept: SCVI
    {
      await using model = await SCVI.create(data, MODEL)
      kept = model
      expect((await model.getLatentRepresentation()).rows).toBe(120)
    }
    await expect(kept.getLatentRepresentation()).rejects.toMatchObject({ kind: 'usage' })
  })
})
