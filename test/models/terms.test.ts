import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { batchDiscrepancy, classifier } from '../../examples/loss-terms.mjs'
import { type CpuDevice, createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { type ExtraTerm, type Model, type ModelTrainOptions, SCVI, terms as t } from '../../src/index.js'
import { bits } from '../train/small-cells.js'
import { smallData } from '../train/small-data.js'

const DATA = smallData()
const OPTIONS = {
  batchKey: 'batch',
  categoricalCovariateKeys: ['day'],
  continuousCovariateKeys: ['score'],
  nHidden: 16,
  nLatent: 3,
  seed: 7,
} as const
const TRAIN = { maxEpochs: 4, validateEvery: 1, klWarmup: 1, batchSize: 40, seed: 2 } as const
const TERMS: readonly ExtraTerm[] = [
  { name: 'mmd', weight: 40, of: batchDiscrepancy(2) },
  { name: 'day', weight: 2, of: classifier(0, 3) },
]

/** The distance of a cell to itself is 0, where a root has no slope. */
const ROOT: ExtraTerm = {
  name: 'root',
  weight: 1,
  of: ({ latent, pairs, pointwise, mean }) => {
    const squares = pairs([latent], [latent], ([a], [b]) => t.square(t.subtract(a, b)))
    return mean(pointwise(t.sqrt(squares)), 'all')
  },
}

const weightsOf = async ({ network }: Model) => bits(await network.state())
const refusal = (call: Promise<unknown>) => call.catch(({ kind, message, hint }) => ({ kind, message, hint }))

describe("terms of a user's own in the loss", () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-terms-'))
  const at = (...names: string[]) => join(folder, ...names)
  let device: CpuDevice
  beforeAll(async () => {
    device = await createCpuDevice({ threads: 1 })
  })
  afterAll(async () => {
    await device?.dispose()
    rmSync(folder, { recursive: true, force: true })
  })
  const create = () => SCVI.create(DATA, { device, ...OPTIONS })
  const trained = async (options: ModelTrainOptions) => {
    const model = await create()
    const summary = await model.train({ ...TRAIN, ...options })
    return { model, summary }
  }

  it('are in the history by name, in the summary, and in the folder with their weights', async () => {
    const { model, summary } = await trained({ terms: TERMS })
    await using _ = model
    for (const { terms } of model.history) expect(Object.keys(terms!)).toEqual(['mmd', 'day'])
    expect(summary.terms).toEqual(model.history[summary.bestEpoch - 1]!.terms)
    await model.save(at('model'))
    const { terms, history } = JSON.parse(readFileSync(at('model', 'training.json'), 'utf8'))
    expect(terms).toEqual([
      { name: 'mmd', weight: 40 },
      { name: 'day', weight: 2 },
    ])
    expect(history).toEqual(model.history)
    // new weights belong to the training, not to the model
    await using loaded = await SCVI.load(at('model'), DATA, { device })
    const { 'term.slopes': slopes, 'term.intercepts': intercepts, ...own } = await weightsOf(model)
    expect([slopes, intercepts]).not.toContain(undefined)
    expect(await weightsOf(loaded)).toEqual(own)
    await loaded.save(at('again'))
    for (const file of ['training.json', 'weights.safetensors']) {
      expect(readFileSync(at('again', file)).equals(readFileSync(at('model', file))), file).toBe(true)
    }
  })

  it('of weight 0 are looked at, and change nothing', async () => {
    const watched = [...TERMS, ROOT].map((term) => ({ ...term, weight: 0 }))
    const [without, looked, added] = [
      await trained({}),
      await trained({ terms: watched }),
      await trained({ terms: TERMS }),
    ]
    expect(without.summary.terms).toBeUndefined()
    for (const name of ['mmd', 'day', 'root']) expect(looked.summary.terms![name], name).toBeGreaterThan(0)
    const own = await weightsOf(without.model)
    expect(await weightsOf(looked.model)).toMatchObject(own)
    expect((await weightsOf(added.model))['z_encoder.mean.weight']).not.toBe(own['z_encoder.mean.weight'])
    for (const { model } of [without, looked, added]) await model.dispose()
  })

  it('are those of the last training alone', async () => {
    const { model } = await trained({ terms: TERMS })
    await using _ = model
    await model.train({ ...TRAIN, terms: [{ name: 'size', weight: 0.1, of: ({ kl }) => t.absolute(kl) }] })
    expect(Object.keys(model.history[0]!.terms!)).toEqual(['size'])
    expect(model.network.parameters.names()).not.toContain('term.slopes')
    await model.train({ ...TRAIN, maxEpochs: 1 })
    expect(model.history[0]!.terms).toBeUndefined()
    expect(model.network.model.terms).toBeUndefined()
    await model.save(at('last'))
    expect('terms' in JSON.parse(readFileSync(at('last', 'training.json'), 'utf8'))).toBe(false)
  })

  it('start from the weights that the model has, and with new ones of their own', async () => {
    const [once, again] = [await trained({ terms: TERMS }), await trained({ terms: TERMS })]
    const { model } = again
    const slow = { ...TRAIN, learningRate: 1e-9, maxEpochs: 1, terms: TERMS }
    const slopes = async (of: SCVI) => (await of.network.state()).get('term.slopes')!.values
    const ended = await slopes(model)
    await model.train(slow)
    expect(model.history[0]!.trainElbo).toBeLessThan(once.model.history[0]!.trainElbo)
    await using fresh = await create()
    await fresh.train(slow)
    const [begun, first] = [await slopes(model), await slopes(fresh)]
    for (const [i, x] of begun.entries()) expect(x).toBeCloseTo(first[i]!, 6)
    expect(ended.some((x, i) => Math.abs(x - begun[i]!) > 1e-3)).toBe(true)
    for (const { model: one } of [once, again]) await one.dispose()
  })

  it('that are no numbers end the training, which says so', async () => {
    await using model = await create()
    const before = await weightsOf(model)
    expect(await refusal(model.train({ ...TRAIN, terms: [ROOT] }))).toMatchObject({
      kind: 'failed',
      message: 'The training loss is not a number any more in epoch 1. The starting weights were put back.',
      hint: expect.stringContaining('Look for divisions by 0 and for logs and roots of 0 in the term "root"'),
    })
    expect(await weightsOf(model)).toMatchObject(before)
  })

  it('go on from a checkpoint to the same bits', async () => {
    const whole = await trained({ terms: TERMS })
    const checkpoint = { directory: at('checkpoint') }
    // aborted at a number of minibatches, whatever the clock says
    let asked = 0
    const signal = {
      get aborted() {
        return ++asked > 7
      },
    } as AbortSignal
    await using model = await create()
    const run = { ...TRAIN, terms: TERMS }
    await expect(model.train({ ...run, checkpoint, signal })).rejects.toMatchObject({ kind: 'interrupted' })
    await using other = await create()
    await other.train({ ...run, resume: checkpoint.directory })
    expect(await weightsOf(other)).toEqual(await weightsOf(whole.model))
    // and in the model that was interrupted
    await model.train({ ...run, resume: checkpoint.directory })
    expect(await weightsOf(model)).toEqual(await weightsOf(whole.model))
    const [a, b] = [model.history, whole.model.history]
    for (const [i, { terms }] of a.entries()) {
      for (const [name, value] of Object.entries(terms!))
        expect(value / b[i]!.terms![name]!).toBeCloseTo(1, 5)
    }
    await whole.model.dispose()
  })

  it('that are others do not go on from it', async () => {
    await using model = await create()
    const before = await weightsOf(model)
    const [mmd, day] = TERMS as [ExtraTerm, ExtraTerm]
    const others: Record<string, readonly ExtraTerm[]> = {
      none: [],
      fewer: [mmd],
      'another name': [mmd, { ...day, name: 'days' }],
      'another weight': [mmd, { ...day, weight: 3 }],
      'another order': [day, mmd],
      'another function': [{ ...mmd, of: ({ kl }) => kl }, day],
      'other numbers in a function': [{ ...mmd, of: batchDiscrepancy(2, [1, 2, 5, 10, 21]) }, day],
      'other constants': [{ ...mmd, of: batchDiscrepancy(3) }, day],
      'another covariate': [
        mmd,
        { ...day, of: (nodes) => classifier(0, 3)({ ...nodes, categorical: () => nodes.batch }) },
      ],
    }
    for (const [name, terms] of Object.entries(others)) {
      expect(await refusal(model.train({ ...TRAIN, terms, resume: at('checkpoint') })), name).toMatchObject({
        kind: 'bad-input',
        message: expect.stringContaining('comes from other data or other settings than this run'),
      })
    }
    expect(await weightsOf(model)).toMatchObject(before)
  })
})
