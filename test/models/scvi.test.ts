import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ModelData } from '../../src/cells/cell-data.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI, type SCVIOptions } from '../../src/models/scvi.js'
import { smallData } from '../train/small-data.js'

const data = smallData()
const TRAIN = { maxEpochs: 3, seed: 1 }
const MODEL = { nHidden: 16, nLatent: 3 }
const FILES = ['cells.safetensors', 'config.json', 'training.json', 'weights.safetensors']

describe('SCVI', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const folder = mkdtempSync(join(tmpdir(), 'scvae-model-'))
  const at = (name: string) => join(folder, name)
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await device.dispose()
  })

  async function saved(name: string, options: SCVIOptions = {}) {
    const model = await SCVI.create(data, { device, ...options, model: { ...MODEL, ...options.model } })
    await model.train(TRAIN)
    await model.save(at(name))
    const { values } = await model.getLatentRepresentation()
    await model.dispose()
    return values
  }

  it.each<[string, SCVIOptions]>([
    ['one batch', {}],
    ['batches, zinb, two layers', { batchKey: 'batch', model: { likelihood: 'zinb', nLayers: 2 } }],
    ['latent library', { batchKey: 'batch', model: { library: 'latent', dispersion: 'gene-batch' } }],
    [
      'covariates of all kinds, some genes',
      {
        batchKey: 'batch',
        categoricalCovariateKeys: ['day'],
        continuousCovariateKeys: ['score'],
        model: { encodeCovariates: true },
        genes: Int32Array.from({ length: 30 }, (_, i) => i + 5),
      },
    ],
    ['size factors, poisson', { sizeFactorKey: 'factor', model: { likelihood: 'poisson' } }],
  ])('saved and loaded gives the same latents, bit for bit: %s', async (name, options) => {
    const latent = await saved(name, options)
    expect(latent.length).toBe(data.nCells * 3)
    expect(latent.every(Number.isFinite)).toBe(true)
    expect(readdirSync(at(name)).sort()).toEqual(FILES)
    const loaded = await SCVI.load(at(name), data, { device })
    expect(await loaded.getLatentRepresentation()).toEqual({ values: latent, rows: data.nCells, columns: 3 })
    // a model of a model is the same file
    await loaded.save(at(`${name} again`))
    for (const file of FILES) {
      expect(readFileSync(join(at(`${name} again`), file)).equals(readFileSync(join(at(name), file)))).toBe(
        true,
      )
    }
    await loaded.dispose()
  })

  it('gives the cells asked for the latents that they have among all', async () => {
    const latent = await saved('some cells', { batchKey: 'batch' })
    const cells = Int32Array.of(50, 3, 77)
    const loaded = await SCVI.load(at('some cells'), data, { device, cells })
    const { values: some } = await loaded.getLatentRepresentation()
    for (const [i, cell] of cells.entries()) {
      expect(some.slice(3 * i, 3 * i + 3)).toEqual(latent.slice(3 * cell, 3 * cell + 3))
    }
    await loaded.dispose()
  })

  it('forgets the latents of before when it is trained', async () => {
    const model = await SCVI.create(data, { device, model: MODEL })
    const { values: before } = await model.getLatentRepresentation()
    await model.train(TRAIN)
    const { means, variances } = await model.getLatentPosterior()
    expect([means, variances]).toMatchObject(new Array(2).fill({ rows: 120, columns: 3 }))
    expect(means.values).not.toEqual(before)
    expect(variances.values.every((v) => v > 1e-4)).toBe(true)
    await model.dispose()
  })

  it('makes the same cells for the same seed', async () => {
    const model = await SCVI.create(data, { device, model: MODEL, batchKey: 'batch' })
    const rows = async (seed: number) => {
      const { counts, parent } = await model.generate(40, { seed })
      expect([counts.nCells, counts.nGenes, parent.length]).toEqual([40, 50, 40])
      return Array.from({ length: 40 }, (_, cell) => counts.row(cell))
    }
    const first = await rows(1)
    expect(await rows(1)).toEqual(first)
    expect(await rows(2)).not.toEqual(first)
    await model.dispose()
  })

  it('finds its genes by name in a wider data set, and refuses one without them', async () => {
    const latent = await saved('narrow', { genes: Int32Array.from({ length: 30 }, (_, i) => i + 5) })
    expect(latent.length).toBe(360)
    const genes = Int32Array.from({ length: 45 }, (_, i) => i + 3)
    const other: ModelData = {
      ...data,
      nGenes: 45,
      counts: data.counts.select(undefined, genes),
      varNames: Array.from(genes, (gene) => data.varNames[gene]!),
    }
    const loaded = await SCVI.load(at('narrow'), other, { device })
    expect((await loaded.getLatentRepresentation()).values).toEqual(latent)
    await loaded.dispose()

    const foreign = { ...data, varNames: data.varNames.map((_, i) => `x${i}`) }
    await expect(SCVI.load(at('narrow'), foreign, { device })).rejects.toMatchObject({
      kind: 'bad-input',
      message: expect.stringContaining('"small.h5ad" has none of the model\'s 30 genes'),
    })
  })

  it('refuses a category that it does not know', async () => {
    const batches = Array.from(data.obs.getChild('batch')!) as string[]
    const cells = Int32Array.from(batches.flatMap((batch, cell) => (batch === batches[0] ? [cell] : [])))
    const unknown = batches.find((batch) => batch !== batches[0])
    await saved('one of two', { batchKey: 'batch', cells })
    await expect(SCVI.load(at('one of two'), data, { device })).rejects.toMatchObject({
      kind: 'bad-input',
      message: `"small.h5ad": the model does not know the category "${unknown}" of "batch".`,
      hint: `It knows ${batches[0]}. What it says of such a cell depends on the category: fit the model on cells of it too, or leave them out.`,
    })
  })

  it('replaces a model only when asked to, and no other folder ever', async () => {
    const model = await SCVI.create(data, { device, model: MODEL })
    await model.save(at('once'))
    await expect(model.save(at('once'))).rejects.toMatchObject({
      kind: 'bad-input',
      message: `The model folder ${at('once')} exists.`,
    })
    await model.save(at('once'), { overwrite: true })
    mkdirSync(at('precious'))
    writeFileSync(join(at('precious'), 'notes.txt'), 'mine')
    await expect(model.save(at('precious'), { overwrite: true })).rejects.toMatchObject({
      kind: 'bad-input',
      message: `${at('precious')} exists and is not a model folder, so it is not replaced.`,
    })
    expect(readFileSync(join(at('precious'), 'notes.txt'), 'utf8')).toBe('mine')
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
    await model.dispose()
  })

  it('refuses folders that are no model, in a sentence', async () => {
    const refusal = async (change: (folder: string) => void) => {
      const place = at('damaged')
      const model = await SCVI.create(data, { device, model: MODEL })
      await model.save(place, { overwrite: existsSync(place) })
      await model.dispose()
      change(place)
      const error = await SCVI.load(place, data, { device }).catch((error) => error)
      expect(error.kind).toBe('bad-input')
      rmSync(place, { recursive: true })
      return error.message.replaceAll(place, 'FOLDER')
    }
    const config = (change: (config: Record<string, unknown>) => unknown) => (place: string) => {
      const path = join(place, 'config.json')
      writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')))))
    }
    const cut = (file: string, bytes: number) => (place: string) => truncateSync(join(place, file), bytes)
    expect(await refusal((place) => rmSync(join(place, 'config.json')))).toBe(
      'FOLDER is not a model folder: it has no readable config.json.',
    )
    expect(await refusal(cut('config.json', 40))).toBe(
      'FOLDER is not a model folder: it has no readable config.json.',
    )
    expect(await refusal(config(() => null))).toBe('FOLDER/config.json was not written by scvae.')
    expect(await refusal(config(() => ({ tool: 'other' })))).toBe(
      'FOLDER/config.json was not written by scvae.',
    )
    expect(await refusal(config((c) => ({ ...c, format: 3, version: '9.1.0' })))).toBe(
      'FOLDER was written by a newer scvae (9.1.0).',
    )
    expect(await refusal(config(({ genes: _, ...rest }) => rest))).toBe(
      'FOLDER/config.json is damaged: entries are missing.',
    )
    expect(await refusal(config((c) => ({ ...c, config: null })))).toBe(
      'FOLDER/config.json is damaged: entries are missing.',
    )
    expect(await refusal((place) => rmSync(join(place, 'weights.safetensors')))).toBe(
      'The model folder FOLDER has no readable weights.safetensors.',
    )
    expect(await refusal(cut('weights.safetensors', 300))).toBe(
      'FOLDER/weights.safetensors is not a readable safetensors file: its header is cut.',
    )
    expect(await refusal(cut('weights.safetensors', 3000))).toMatch(
      /^FOLDER\/weights\.safetensors is not a readable safetensors file: the tensor ".*" is cut\.$/,
    )
    expect(await refusal(config((c) => ({ ...c, config: { ...(c.config as object), nLatent: 4 } })))).toMatch(
      /^The tensor ".*" of the model's weights is \d+ x \d+, not \d+ x \d+\.$/,
    )
  })

  it('reads a model that was saved before priors had a name as one of the standard normal', async () => {
    const place = at('older')
    const model = await SCVI.create(data, { device, model: { ...MODEL, prior: 'normal' } })
    await model.save(place)
    const latent = await model.getLatentRepresentation()
    await model.dispose()
    const path = join(place, 'config.json')
    const saved = JSON.parse(readFileSync(path, 'utf8'))
    const { prior: _, priorComponents: __, freeBits: ___, ...config } = saved.config
    writeFileSync(path, JSON.stringify({ ...saved, config }))
    await using loaded = await SCVI.load(place, data, { device })
    expect(loaded.description.config).toEqual(saved.config)
    expect(await loaded.getLatentRepresentation()).toEqual(latent)
  })

  it('makes room for larger minibatches than it was made for, to the same result', async () => {
    const trained = async (batchSize: number) => {
      const model = await SCVI.create(data, { device, model: MODEL, batchSize })
      await model.train({ ...TRAIN, maxEpochs: 1, batchSize: 32 })
      const { batchSize: used, learningRate } = await model.train({ ...TRAIN, batchSize: 64 })
      expect([used, learningRate, model.description.batchSize]).toEqual([64, 1e-3, 64])
      expect(model.network.capacity).toBe(66)
      const latent = await model.getLatentRepresentation()
      await model.dispose()
      return latent
    }
    expect(await trained(32)).toEqual(await trained(64))
  })
})
