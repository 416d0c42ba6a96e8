import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readModel } from '../../src/files/model-files.js'
import { namesIn, SHORT_FIT, scvae, temporaryFolder, writeFixture } from './scvae.js'

const MODEL = resolve('test/fixtures/scvi/nb-two-layers-batch')

describe('models of scvi-tools', () => {
  const folder = temporaryFolder()
  const weights = (model: string) => Object.fromEntries(readModel(join(folder, model)).state)

  beforeAll(() => writeFixture(join(folder, 'cells.h5ad'), { nCells: 60, nGenes: 30 }))

  it('convert reads one, export-scvi and convert give it back', async () => {
    const converted = await scvae(['convert', MODEL, 'theirs.model', '--json'], folder)
    expect(converted.stderr).toBe('read a model of scvi-tools 1.4.2: 20 genes, nb\nwrote theirs.model\n')
    expect(JSON.parse(converted.stdout)).toMatchObject({
      path: 'theirs.model',
      from: 'scvi-tools 1.4.2',
      n_genes: 20,
      layer: null,
      model: { nLayers: 2, likelihood: 'nb' },
    })

    // the model knows genes and batches that these cells do not have
    const stranger = await scvae(['export-scvi', 'theirs.model', 'out', '--adata', 'cells.h5ad'], folder)
    expect(stranger.code).toBe(65)
    expect(stranger.stderr).toContain("lacks 20 of the model's 20 genes (gene0, gene1, gene2…).")
    expect(namesIn(folder)).not.toContain('out')
  })

  it('a fitted model goes there and back, but for a prior that scvi-tools does not have', async () => {
    expect((await scvae([...SHORT_FIT, '--no-umap', '--quiet'], folder)).stderr).toBe('')
    const exported = await scvae(['export-scvi', 'own.model', 'scvi', '--adata', 'cells.h5ad'], folder)
    expect(exported.code).toBe(0)
    expect(exported.stderr).toContain(
      'wrote scvi: scvi.model.SCVI.load("scvi", adata=adata) opens it\nwarning: its mixture prior is left out, as scvi-tools has none: ' +
        'latents and expression are the same there, the ELBO is not\nit has 20 genes',
    )
    expect(namesIn(join(folder, 'scvi'))).toEqual(['model.pt'])
    expect((await scvae(['convert', 'scvi', 'back.model'], folder)).code).toBe(0)
    const [own, back] = [weights('own.model'), weights('back.model')]
    const dropped = Object.keys(own).filter((name) => !(name in back))
    expect(dropped.sort()).toEqual(['prior.log_variances', 'prior.logits', 'prior.means'])
    for (const [name, tensor] of Object.entries(back)) expect(tensor, name).toEqual(own[name])

    const again = await scvae(['export-scvi', 'own.model', 'scvi', '--adata', 'cells.h5ad'], folder)
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('exists already') })
    const plain = await scvae(['export-scvi', 'back.model', 'plain', '--adata', 'cells.h5ad'], folder)
    expect(plain.stderr).not.toContain('prior')
  }, 60_000)

  it('refuses a file that would run a command, and runs nothing', async () => {
    const { pickle, global, text, torchFile } = await import('../files/scvi-tools/pickles.js')
    const command = `touch ${join(folder, 'ran')}`
    writeFileSync(
      join(folder, 'evil.pt'),
      torchFile(pickle(global('os', 'system'), '(', text(command), 'tR.')),
    )
    const { code, stderr } = await scvae(['convert', 'evil.pt', 'evil.model'], folder)
    expect(code).toBe(65)
    expect(stderr).toBe(
      'scvae: "evil.pt" names the Python object os.system, which no model needs: the file is refused. ' +
        'Nothing of it was run. Do not load it in Python unless you know who made it.\n',
    )
    expect(namesIn(folder)).not.toContain('ran')
    expect(namesIn(folder)).not.toContain('evil.model')
  })

  it('takes no option that is for counts', async () => {
    const { code, stderr } = await scvae(['convert', MODEL, 'x.model', '--layer', 'counts'], folder)
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--layer is for files with counts'),
    })
  })
})
