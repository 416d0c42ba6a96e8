import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI, type SCVIOptions } from '../../src/models/scvi.js'
import { rowOf } from '../row-of.js'
import { smallData } from '../train/small-data.js'

const data = smallData()

describe('options of a model', async () => {
  const device = await createCpuDevice({ threads: 1 })
  afterAll(() => device.dispose())

  it('make the same model one by one and together', async () => {
    const described = async (options: SCVIOptions) => {
      await using model = await SCVI.create(data, { device, seed: 5, ...options })
      const { values } = await model.getLatentRepresentation()
      return { description: model.description, values }
    }
    const flat = await described({ batchKey: 'batch', nLatent: 4, nHidden: 9, likelihood: 'zinb', beta: 2 })
    expect(flat.description.config).toMatchObject({ nLatent: 4, nHidden: 9, likelihood: 'zinb', beta: 2 })
    const model = { nLatent: 4, nHidden: 9, likelihood: 'zinb', beta: 2 } as const
    expect(await described({ batchKey: 'batch', model })).toEqual(flat)
    const { beta, ...some } = model
    expect(await described({ batchKey: 'batch', model: some, beta })).toEqual(flat)
  })

  it('take a size factor as the library', async () => {
    for (const options of [{}, { library: 'size-factor' }, { model: { library: 'size-factor' } }] as const) {
      await using model = await SCVI.create(data, { device, sizeFactorKey: 'factor', ...options })
      expect(model.description.config.library).toBe('size-factor')
    }
  })

  it('take genes in the order in which they are given', async () => {
    const backwards = Int32Array.from({ length: 50 }, (_, i) => 49 - i)
    await using model = await SCVI.create(data, { device, genes: backwards, nHidden: 8 })
    expect(model.description.genes).toEqual(data.varNames.toReversed())
    const { genes, counts } = data.counts.row(4)
    const row = { genes: genes.map((gene) => 49 - gene).reverse(), counts: counts.toReversed() }
    expect(rowOf(model.cells, 4)).toEqual(row)
  })

  it.each<[object, string]>([
    [{ batch: 'batch' }, 'SCVI.create has no option "batch".'],
    [{ nLatent: 3, model: { nLatent: 3 } }, 'nLatent was given twice, by itself and in model.'],
    [{ nLatent: 0 }, 'nLatent must be a whole number from 1 to 4096, not 0.'],
    [{ model: { latent: 3 } }, 'The model has no option "latent".'],
    [{ batchSize: 1 }, 'batchSize must be a whole number of at least 3, not 1.'],
    [{ seed: -1 }, 'seed must be a whole number from 0 to 4294967295, not -1.'],
    [{ cells: Int32Array.of(3, 120) }, 'There is no cell at position 120: the data has 120.'],
    [{ genes: Int32Array.of(-1) }, 'There is no gene at position -1: the data has 50.'],
    [{ genes: Int32Array.of(4, 5, 4) }, 'genes has a position more than once.'],
    [
      { model: { library: 'size-factor' } },
      'library "size-factor" needs sizeFactorKey, the obs column with the size factors.',
    ],
    [
      { sizeFactorKey: 'factor', library: 'latent' },
      'sizeFactorKey and library "latent" exclude each other.',
    ],
  ])('are refused: %o', async (options, message) => {
    await expect(SCVI.create(data, { device, ...options })).rejects.toMatchObject({ kind: 'usage', message })
  })

  it('of a method are refused too', async () => {
    await using model = await SCVI.create(data, { device, nHidden: 8 })
    const refused = (call: Promise<unknown>) => call.catch(({ kind, message }) => [kind, message])
    expect(await refused(model.getLatentRepresentation(data as object))).toEqual([
      'usage',
      'getLatentRepresentation has no option "path".',
    ])
    expect(await refused(model.getLatentPosterior({ seed: 1 } as object))).toEqual([
      'usage',
      'getLatentPosterior has no option "seed".',
    ])
    expect(await refused(model.generate(2.5))).toEqual([
      'usage',
      'generate makes a whole number of cells, not 2.5.',
    ])
    expect(await refused(model.generate(2, { seed: 0.5 }))).toEqual([
      'usage',
      'seed must be a whole number from 0 to 4294967295, not 0.5.',
    ])
    expect(await refused(model.getLatentPosterior({ cells: Int32Array.of(-4) }))).toEqual([
      'usage',
      'There is no cell at position -4: the data has 120.',
    ])
    expect(await refused(model.save('nowhere', { cells: false } as object))).toEqual([
      'usage',
      'save has no option "cells".',
    ])
    expect(await refused(model.train({ epochs: 4 } as object))).toEqual([
      'usage',
      'Training has no option "epochs".',
    ])
    expect(await refused(SCVI.load('nowhere', data, { batchSize: 4 } as object))).toEqual([
      'usage',
      'SCVI.load has no option "batchSize".',
    ])
  })
})
