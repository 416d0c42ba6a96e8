import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tableFromArrays } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import type { TrainSummary } from '../../src/train/trainer.js'
import { smallData } from '../train/small-data.js'

const small = smallData()
const data: ModelData = {
  ...small,
  obsNames: Array.from({ length: small.nCells }, (_, cell) => `cell ${cell}`),
  var: tableFromArrays({ gene_ids: small.varNames.map((name) => `ID_${name}`) }),
  countsSource: 'layers/counts',
}
const OPTIONS = {
  batchKey: 'batch',
  categoricalCovariateKeys: ['day'],
  continuousCovariateKeys: ['score'],
  nHidden: 16,
  nLatent: 3,
  seed: 7,
  genes: Int32Array.from({ length: 40 }, (_, i) => 49 - i),
  cells: Int32Array.from({ length: 100 }, (_, i) => i + 20),
} as const

describe("a model's folder", async () => {
  const device = await createCpuDevice({ threads: 2 })
  const folder = mkdtempSync(join(tmpdir(), 'scvae-model-'))
  const at = (...names: string[]) => join(folder, ...names)
  const json = (...names: string[]) => JSON.parse(readFileSync(at(...names), 'utf8'))
  let model: SCVI
  let summary: TrainSummary
  beforeAll(async () => {
    model = await SCVI.create(data, { ...OPTIONS, device })
    expect([model.isTrained, model.history]).toEqual([false, []])
    summary = await model.train({ maxEpochs: 4, learningRate: 0.002, patience: 9 })
    await model.save(at('model'))
  })
  afterAll(async () => {
    await model.dispose()
    await device.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  it('says of which format it is', () => {
    expect(readdirSync(at('model')).sort()).toEqual([
      'cells.safetensors',
      'config.json',
      'training.json',
      'weights.safetensors',
    ])
    expect(json('model', 'config.json')).toMatchObject({
      tool: 'scvae',
      format: 2,
      isTrained: true,
    })
  })

  it('has names and ids of the genes, settings and history', async () => {
    const config = json('model', 'config.json')
    const names = Array.from(OPTIONS.genes, (gene) => data.varNames[gene])
    expect(config.genes).toEqual(names)
    expect(config.geneIds).toEqual(names.map((name) => `ID_${name}`))
    expect(config.input).toEqual({ path: 'small.h5ad', countsSource: 'layers/counts', sha256: null })
    const training = json('model', 'training.json')
    expect(training.settings).toMatchObject({
      maxEpochs: 4,
      batchSize: 128,
      learningRate: 0.002,
      patience: 9,
      klWarmup: 'auto',
      trainSize: 0.9,
      seed: 7,
    })
    expect(training.bestEpoch).toBe(summary.bestEpoch)
    expect(training.history).toEqual(summary.history)
    expect(model.history).toEqual(summary.history)
    await using loaded = await SCVI.load(at('model'), data, { device })
    expect([loaded.isTrained, loaded.history]).toEqual([true, summary.history])
  })

  it('has the hash of the file that the counts came from', async () => {
    const path = at('cells.h5ad')
    copyFileSync('test/fixtures/models/format-1/cells.h5ad', path)
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
    const adata = await readAnnData(path)
    await using fresh = await SCVI.create(adata, { device, nHidden: 4 })
    await fresh.save(at('hashed'))
    expect(json('hashed', 'config.json').input).toEqual({ path, countsSource: 'X', sha256 })
    // what it was made of is no matter of what it is loaded with or of what became of the file
    writeFileSync(path, 'another')
    await using loaded = await SCVI.load(at('hashed'), adata, { device })
    await loaded.save(at('hashed again'))
    expect(json('hashed again', 'config.json').input).toEqual({ path, countsSource: 'X', sha256 })
  })

  it('answers without the data what it can', async () => {
    await using loaded = await SCVI.load(at('model'), undefined, { device })
    const own = await model.getLatentPosterior()
    expect(await loaded.getLatentPosterior()).toEqual(own)
    expect(loaded.cellNames).toEqual(Array.from(OPTIONS.cells, (cell) => `cell ${cell}`))
    expect(loaded.cellNames).toEqual(model.cellNames)
    expect(await loaded.generate(50, { seed: 2 })).toEqual(await model.generate(50, { seed: 2 }))
    const cells = Int32Array.of(90, 4)
    const some = await loaded.getLatentPosterior({ cells })
    for (const name of ['means', 'variances'] as const) {
      for (const [i, cell] of cells.entries()) {
        const [row, same] = [some[name].values.slice(3 * i), own[name].values.slice(3 * cell)]
        expect(row.slice(0, 3)).toEqual(same.slice(0, 3))
      }
    }
    expect((await loaded.generate(5, { cells })).parent.every((parent) => parent < 2)).toBe(true)
    expect(await loaded.getLatentRepresentation({ adata: data })).toEqual(
      await model.getLatentRepresentation({ cells: Int32Array.from({ length: 120 }, (_, i) => i) }),
    )
  })

  it('says what it cannot answer without the data', async () => {
    await using loaded = await SCVI.load(at('model'), undefined, { device })
    const hint = 'Give it data as adata, or load the model with it.'
    await expect(loaded.surpriseScores()).rejects.toMatchObject({
      kind: 'usage',
      message: 'SCVI.surpriseScores needs counts: the model was loaded without data.',
      hint,
    })
    await expect(loaded.train()).rejects.toMatchObject({
      message: 'SCVI.train needs counts: the model was loaded without data.',
    })
    await expect(loaded.getLatentPosterior({ cells: Int32Array.of(100) })).rejects.toMatchObject({
      message: 'There is no cell at position 100: the data has 100.',
    })
    await model.save(at('bare'), { saveCells: false })
    expect(readdirSync(at('bare'))).not.toContain('cells.safetensors')
    await using bare = await SCVI.load(at('bare'), undefined, { device })
    expect(bare.cellNames).toBeUndefined()
    await expect(bare.generate(2)).rejects.toMatchObject({
      kind: 'usage',
      message: 'SCVI.generate needs cells: the model has no data, and its folder tells of none.',
      hint,
    })
    expect(await bare.getLatentRepresentation({ adata: data, cells: OPTIONS.cells })).toEqual(
      await model.getLatentRepresentation(),
    )
    await expect(SCVI.load(at('bare'), undefined, { cells: Int32Array.of(1) })).rejects.toMatchObject({
      kind: 'usage',
      message: 'SCVI.load takes cells of data, and was given none.',
    })
  })

  it('goes on telling of the cells of the training, whatever cells the model is loaded with', async () => {
    await using loaded = await SCVI.load(at('model'), smallData(30, 50, 4), { device })
    await loaded.save(at('copy'))
    const file = (name: string) => readFileSync(at(name, 'cells.safetensors'))
    expect(file('copy').equals(file('model'))).toBe(true)
    // but after another training of those
    await loaded.train({ maxEpochs: 1 })
    await loaded.save(at('retrained'))
    await using retrained = await SCVI.load(at('retrained'), undefined, { device })
    expect(await retrained.getLatentPosterior()).toEqual(await loaded.getLatentPosterior())
    expect(retrained.cellNames).toBeUndefined()
    expect(retrained.history).toHaveLength(1)
  })

  it('tells of no cells and no training before there was one', async () => {
    await using fresh = await SCVI.create(data, { ...OPTIONS, device })
    await fresh.save(at('fresh'))
    expect(readdirSync(at('fresh')).sort()).toEqual(['config.json', 'weights.safetensors'])
    await using loaded = await SCVI.load(at('fresh'), data, { device })
    expect([loaded.isTrained, loaded.history]).toEqual([false, []])
  })

  it('keeps the epochs of a training that was ended', async () => {
    await using ended = await SCVI.create(data, { ...OPTIONS, device })
    const abort = new AbortController()
    const training = ended.train({
      maxEpochs: 100_000,
      earlyStopping: false,
      onEpoch: ({ epoch }) => epoch === 2 && abort.abort(),
      signal: abort.signal,
    })
    await expect(training).rejects.toMatchObject({ kind: 'interrupted' })
    expect(ended.isTrained).toBe(true)
    expect(ended.history.slice(0, 2).map(({ epoch }) => epoch)).toEqual([1, 2])
    await ended.save(at('ended'))
    expect(json('ended', 'training.json').bestEpoch).toBe(ended.history.at(-1)!.epoch)
  })

  it('is refused where a file in it is damaged or foreign', async () => {
    const refusal = async (name: string, content: string) => {
      await model.save(at('damaged'), { overwrite: true })
      writeFileSync(at('damaged', name), content)
      const error = await SCVI.load(at('damaged'), data, { device }).catch((error) => error)
      expect(error.kind).toBe('bad-input')
      return error.message.replaceAll(at('damaged'), 'FOLDER')
    }
    await model.save(at('damaged'))
    expect(await refusal('training.json', '{')).toBe('FOLDER/training.json is damaged: it is no JSON.')
    expect(await refusal('training.json', '{"history": 3}')).toBe(
      'FOLDER/training.json is damaged: entries are missing.',
    )
    expect(await refusal('cells.safetensors', '')).toBe(
      'FOLDER/cells.safetensors is not a readable safetensors file: it is shorter than its header.',
    )
    const config = json('model', 'config.json')
    const refusedConfig = (change: object) => refusal('config.json', JSON.stringify({ ...config, ...change }))
    expect(await refusedConfig({ geneIds: ['one'] })).toBe(
      'FOLDER/config.json is damaged: entries are missing.',
    )
    expect(await refusedConfig({ continuous: [] })).toBe(
      'FOLDER/cells.safetensors does not belong to its model: "continuous" is missing or differs.',
    )
  })
})
