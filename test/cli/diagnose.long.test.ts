import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { run } from '../../src/cli/command-line.js'
import { SCVI } from '../../src/models/scvi.js'
import { namesIn, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae diagnose', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  const diagnose = (model: string, ...words: string[]) =>
    run(['diagnose', at(model), ...words, '-q', '--threads', '1'])

  beforeAll(async () => {
    await writeFixture(at('cells.h5ad'), { nCells: 120, nGenes: 30 })
    const adata = await readAnnData(at('cells.h5ad'))
    await using model = await SCVI.create(adata, { batchKey: 'batch', nHidden: 8, nLatent: 3 })
    await model.save(at('new.model'))
    await model.train({ maxEpochs: 3 })
    await model.save(at('own.model'))
    await model.save(at('alone.model'), { saveCells: false })
  }, 60_000)

  it('writes what it found, the same for any number of threads', async () => {
    await diagnose('own.model', at('cells.h5ad'), '-o', at('one'), '--cells', '10')
    const read = (name: string) => readFileSync(at(name), 'utf8')
    const record = JSON.parse(read('one_diagnose.json'))
    expect(record).toMatchObject({ n_cells: 120, cells: { train: 108, heldout: 12, new: 0 } })
    expect(record.findings.map(({ name }: { name: string }) => name)).toEqual([
      'collapse',
      'variational_gap',
      'amortization',
      'prior_holes',
      'overfitting',
      'predictions',
      'technical',
      'disentanglement',
    ])
    expect(record.disentanglement.information_gap).toMatchObject([
      { name: 'cell_type', n_classes: 6 },
      { name: 'batch', n_classes: 2, n_cells: 120 },
    ])
    expect(record.disentanglement.cross_talk.mean.value).toBeGreaterThan(0)
    expect(record.disentanglement.cross_talk.mean.value).toBeLessThan(1)
    expect(record.hole_cells.unlike.value).toBeGreaterThanOrEqual(0)
    expect(record.predictive).toMatchObject({ n_cells: 120 })
    expect(record.technical.map(({ name }: { name: string }) => name)).toEqual(['log of the size', 'batch'])
    expect(record.gaps.train).toMatchObject({ n_cells: 10 })
    expect(record.gaps.heldout.bounds.map(({ draws }: { draws: number }) => draws)).toEqual([
      1, 10, 100, 1000,
    ])
    expect(record.latent.kl).toHaveLength(3)
    const page = read('one_diagnose.html')
    for (const { title, sentence } of record.findings) {
      expect(page).toContain(`<h2>${title}</h2>`)
      expect(sentence.length).toBeGreaterThan(30)
    }
    await run([
      'diagnose',
      at('own.model'),
      at('cells.h5ad'),
      '-o',
      at('two'),
      '--cells',
      '10',
      '-q',
      '--threads',
      '2',
    ])
    expect(read('two_diagnose.json')).toEqual(read('one_diagnose.json'))
    expect(read('two_diagnose.html')).toEqual(page)
  })

  it('has a curve where it is asked for', async () => {
    await diagnose('own.model', at('cells.h5ad'), '-o', at('curve'), '--cells', '10', '--curve')
    const record = JSON.parse(readFileSync(at('curve_diagnose.json'), 'utf8'))
    expect(record.curve).toMatchObject({ epochs: 10, n_train: 108, n_heldout: 12, fit: { beta: 2 } })
    expect(record.curve.points.map(({ beta }: { beta: number }) => beta)).toEqual([0.2, 0.6, 2, 6, 20])
    expect(Object.keys(record.curve.fit.information_gap)).toEqual(['cell_type', 'batch'])
    expect(record.findings.at(-1)).toMatchObject({ name: 'rate_distortion' })
    const page = readFileSync(at('curve_diagnose.html'), 'utf8')
    expect(page).toContain('Rate and distortion of cells not trained on')
    expect(page).toContain('<h2>Fits over β</h2>')
  })

  it('refits with batches of no meaning', async () => {
    await diagnose('own.model', at('cells.h5ad'), '-o', at('null'), '--cells', '10', '--null-batches', '2')
    const { findings, null_batches } = JSON.parse(readFileSync(at('null_diagnose.json'), 'utf8'))
    expect(findings.at(-1)).toMatchObject({
      name: 'null_batches',
      value: null_batches.beyond_noise.neighbors_changed.value,
    })
    expect(null_batches).toMatchObject({ n_cells: 120, max_epochs: 10, crossed_with: 'batch' })
    expect(null_batches.refits).toHaveLength(2)
    expect(readFileSync(at('null_diagnose.html'), 'utf8')).toContain('Refits with batches of no meaning')
  })

  it('says so where it is not known which cells were trained on', async () => {
    await diagnose(
      'alone.model',
      at('cells.h5ad'),
      '-o',
      at('alone'),
      '--cells',
      '10',
      '--columns',
      'batch',
      '--curve',
    )
    const record = JSON.parse(readFileSync(at('alone_diagnose.json'), 'utf8'))
    expect(record.disentanglement.information_gap.map(({ name }: { name: string }) => name)).toEqual([
      'batch',
    ])
    expect(record).toMatchObject({ cells: null, heldout: null })
    expect(Object.keys(record.gaps)).toEqual(['all'])
    expect(record.findings.at(4)).toMatchObject({ grade: 'unknown', value: null })
    expect(record.findings.at(-1)).toMatchObject({ name: 'rate_distortion', grade: 'unknown' })
  })

  it.each<[string, string[], number, string]>([
    ['own.model', ['no-such.h5ad', '-o', 'x'], 65, 'no-such.h5ad'],
    ['no.model', ['cells.h5ad', '-o', 'x'], 65, 'is not a model folder'],
    ['new.model', ['cells.h5ad', '-o', 'x'], 65, 'has not been trained'],
    [
      'own.model',
      ['cells.h5ad', '-o', 'x', '--cells', '9'],
      2,
      '--cells must be a whole number of at least 10',
    ],
    ['own.model', ['cells.h5ad', '-o', 'one', '--cells', '10'], 2, 'one_diagnose.json" exists'],
    ['own.model', ['cells.h5ad', '-o', 'x', '--subset', 'no=1'], 65, 'no'],
    ['own.model', ['cells.h5ad', '-o', 'x', '--columns', 'no'], 65, 'no'],
    [
      'own.model',
      ['cells.h5ad', '-o', 'x', '--null-batches', '1'],
      2,
      '--null-batches must be a whole number of at least 2',
    ],
    ['own.model', ['cells.h5ad'], 2, 'output'],
  ])('refuses %s with %j, exit %i', async (model, words, exitCode, message) => {
    const before = namesIn(folder)
    const located = words.map((word, i) => (/h5ad$/.test(word) || words[i - 1] === '-o' ? at(word) : word))
    await expect(diagnose(model, ...located)).rejects.toMatchObject({
      exitCode,
      message: expect.stringContaining(message),
    })
    expect(namesIn(folder)).toEqual(before)
  })
})
