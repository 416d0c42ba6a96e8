import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { run } from '../../src/cli/command-line.js'
import { SCVI } from '../../src/models/scvi.js'
import { embedded } from '../report/embedded.js'
import { namesIn, scvae, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae report', { timeout: 120_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  const report = (model: string, ...words: string[]) =>
    run(['report', at(model), ...words, '-q', '--threads', '1'])
  const read = (name: string) => readFileSync(at(name), 'utf8')

  beforeAll(async () => {
    await writeFixture(at('cells.h5ad'), { nCells: 120, nGenes: 30 })
    writeFileSync(at('taken_training.png'), '')
    const adata = await readAnnData(at('cells.h5ad'))
    await using model = await SCVI.create(adata, { nHidden: 8, nLatent: 3 })
    await model.save(at('new.model'))
  }, 60_000)

  it('makes the page of a fit again, and its figures', async () => {
    const words = [
      '--max-epochs',
      '3',
      '--n-hidden',
      '8',
      '--n-latent',
      '3',
      '--batch-key',
      'batch',
      '--threads',
      '1',
    ]
    await scvae(['fit', 'cells.h5ad', '-o', 'fit', ...words, '--figures', 'svg,png', '-q'], folder)
    await report('fit.model', at('cells.h5ad'), '-o', at('again'), '--figures', 'png, svg')
    for (const figure of ['map_clusters', 'map_score', 'training']) {
      expect(read(`again_${figure}.svg`)).toBe(read(`fit_${figure}.svg`))
      const [png, again] = ['fit', 'again'].map((name) => readFileSync(at(`${name}_${figure}.png`)))
      expect(again).toEqual(png)
      const [, width] = /^<svg[^>]* width="(\d+)"/.exec(read(`fit_${figure}.svg`))!
      // the width of a PNG
      expect(png!.readUInt32BE(16)).toBe(2 * Number(width))
    }
    const [first, again] = ['fit', 'again'].map((name) => embedded(read(`${name}_report.html`))!)
    expect(again).toEqual(first)
    const visible = (name: string) => read(name).replace(/<script.*?<\/script>/gs, '')
    for (const section of ['Clusters', 'Unusual cells', 'Training', 'Latent dimensions']) {
      const of = (name: string) => new RegExp(`<h2>${section}</h2>.*?</section>`, 's').exec(visible(name))![0]
      expect(of('again_report.html')).toBe(of('fit_report.html'))
    }
  })

  it('leaves the model out when asked to', async () => {
    const batch = (await readAnnData(at('cells.h5ad'))).obs.getChild('batch')!.get(0)
    await report('fit.model', at('cells.h5ad'), '-o', at('bare'), '--no-model', '--subset', `batch=${batch}`)
    const { header } = embedded(read('bare_report.html'))!
    expect(header.model).toBeUndefined()
    expect(header.nCells).toBeLessThan(120)
    expect(read('bare_report.html').length).toBeLessThan(500_000)
  })

  it.each([
    ['new.model', ['cells.h5ad', '-o', 'x'], 65, 'has not been trained'],
    ['fit.model', ['cells.h5ad', '-o', 'again'], 2, 'again_report.html" exists'],
    [
      'fit.model',
      ['cells.h5ad', '-o', 'x', '--figures', 'svg,pdf'],
      2,
      '--figures writes svg and png, not "pdf"',
    ],
    ['fit.model', ['cells.h5ad', '-o', 'taken', '--figures', 'png'], 2, 'taken_training.png" exists'],
    ['fit.model', ['cells.h5ad', '-o', 'x', '--resolution', '0'], 2, '--resolution'],
    ['fit.model', ['cells.h5ad', '-o', 'x', '--subset', 'no=1'], 65, 'no'],
    ['fit.model', ['cells.h5ad'], 2, 'output'],
  ])('refuses %s with %j, exit %i', async (model, words, exitCode, message) => {
    const before = namesIn(folder)
    const located = words.map((word, i) => (/h5ad$/.test(word) || words[i - 1] === '-o' ? at(word) : word))
    await expect(report(model, ...located)).rejects.toMatchObject({
      exitCode,
      message: expect.stringContaining(message),
    })
    expect(namesIn(folder)).toEqual(before)
  })
})
