import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { readElements } from '../../src/anndata/read-file.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { writeElements } from '../../src/anndata/write/elements.js'
import { LinearSCVI } from '../../src/models/linear-scvi.js'
import { namesIn, scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const QUICK = ['--no-umap', '--quiet', '--validate-every', '1', '--device', 'cpu']
const EPOCHS = ['--max-epochs', '3']

/** Fits the input for three epochs, or as many as are asked for, and gives what it left. */
async function run(prefix: string, ...words: string[]) {
  const epochs = words.includes('--max-epochs') ? [] : EPOCHS
  const { code, stdout, stderr } = await scvae(
    ['fit', 'input.h5ad', '-o', prefix, '--json', '--overwrite', ...QUICK, ...epochs, ...words],
    folder,
  )
  expect(stderr).not.toContain('scvae:')
  expect(code).toBe(0)
  return { metrics: JSON.parse(stdout), page: readFileSync(at(`${prefix}_report.html`), 'utf8') }
}

beforeAll(async () => {
  await writeFixture(at('input.h5ad'), { nCells: 200, nGenes: 80 })
})

describe('scvae fit --decoder linear', () => {
  it('writes the gene loadings of the model, NaN for genes that were not fitted', async () => {
    const words = ['--decoder', 'linear', '--n-latent', '3', '--n-top-genes', '30']
    const { metrics } = await run('linear', ...words)
    expect(metrics.model).toMatchObject({ decoder: 'linear', n_latent: 3 })
    const model = await LinearSCVI.load(at('linear.model'))
    const { values, rows, columns } = await model.getLoadings()
    const { genes } = model.description
    await model.dispose()
    expect([rows, columns]).toEqual([30, 3])

    const adata = await readAnnData(at('linear.h5ad'))
    expect(adata.varm).toEqual({ scvae_loadings: [80, 3] })
    const stored = (await readElements(at('linear.h5ad'))).varm.get('scvae_loadings')
    const written = stored?.kind === 'array' ? Array.from(stored.values, Number) : []
    const fitted = adata.varNames.flatMap((name, gene) => (genes.includes(name) ? [gene] : []))
    expect(fitted).toHaveLength(30)
    expect(fitted.flatMap((gene) => written.slice(3 * gene, 3 * gene + 3))).toEqual(Array.from(values))
    expect(written.filter(Number.isNaN)).toHaveLength(150)

    const [header, ...lines] = readFileSync(at('linear_loadings.csv'), 'utf8').trimEnd().split('\n')
    expect(header).toBe('gene,Z_0,Z_1,Z_2')
    expect(lines.map((line) => line.split(',')[0])).toEqual(genes)
    expect(
      lines.flatMap((line) =>
        line
          .split(',')
          .slice(1)
          .map((x) => Math.fround(Number(x))),
      ),
    ).toEqual(Array.from(values))
  }, 60_000)

  it('fills them anew in its own output, of whatever size they were', async () => {
    const words = ['fit', 'linear.h5ad', '--decoder', 'linear', '--n-top-genes', '30', ...QUICK, ...EPOCHS]
    expect(await scvae([...words, '--n-latent', '3', '-o', 'again'], folder)).toMatchObject({ code: 0 })
    expect((await readAnnData(at('again.h5ad'))).varm).toEqual({ scvae_loadings: [80, 3] })
    const { counts, obsNames, varNames } = await readAnnData(at('linear.h5ad'))
    const narrower = { values: new Float32Array(160), rows: 80, columns: 2 }
    const contents = { counts, obs: {}, obsNames, varNames, varm: { scvae_loadings: narrower } }
    await writeAnnData(at('only-varm.h5ad'), contents)
    const wider = ['fit', 'only-varm.h5ad', '--decoder', 'linear', '-o', 'wider', ...QUICK, ...EPOCHS]
    expect(await scvae(wider, folder)).toMatchObject({ code: 0 })
    expect((await readAnnData(at('wider.h5ad'))).varm).toEqual({ scvae_loadings: [80, 10] })
  }, 60_000)

  it('keeps loadings of the genes of raw out of varm, and says so', async () => {
    const { path: _path, warnings: _warnings, ...elements } = await readElements(at('input.h5ad'))
    const raw = { x: elements.x!, var: elements.var, varm: new Map() }
    await writeElements(at('raw.h5ad'), { ...elements, raw })
    const words = ['fit', 'raw.h5ad', '--use-raw', '-o', 'of-raw', '--decoder', 'linear', ...QUICK, ...EPOCHS]
    const { code, stderr, stdout } = await scvae(words, folder)
    expect(code).toBe(0)
    expect(stderr).toContain(
      'warning: The gene loadings are in the CSV file alone: the counts are those of raw/X',
    )
    expect(stdout).not.toContain('varm/')
    expect((await readAnnData(at('of-raw.h5ad'))).varm).toEqual({})
    expect(readFileSync(at('of-raw_loadings.csv'), 'utf8').trimEnd().split('\n')).toHaveLength(81)
  }, 60_000)

  it('leaves no loadings of a deep decoder', async () => {
    await run('deep')
    expect((await readAnnData(at('deep.h5ad'))).varm).toEqual({})
    expect(existsSync(at('deep_loadings.csv'))).toBe(false)
  }, 60_000)
})

describe('scvae fit', () => {
  it.each([
    [
      'a mixture prior',
      ['--prior', 'mixture', '--prior-components', '7'],
      { prior: 'mixture', prior_components: 7 },
    ],
    ['a VampPrior', ['--prior', 'vamp', '--prior-components', '4'], { prior: 'vamp', prior_components: 4 }],
    ['free bits', ['--free-bits', '0.25'], { free_bits: 0.25 }],
    ['a logistic-normal latent', ['--latent-distribution', 'ln'], { latent_distribution: 'ln' }],
  ])(
    'takes %s',
    async (_, words, model) => {
      const { metrics } = await run('other', ...words)
      expect(metrics.model).toMatchObject(model)
      const saved = JSON.parse(readFileSync(at('other.model/config.json'), 'utf8'))
      const camel = Object.entries(model).map(([key, value]) => [
        key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
        value,
      ])
      expect(saved.config).toMatchObject(Object.fromEntries(camel))
    },
    60_000,
  )

  it('trains with the KL schedule that is asked for', async () => {
    const weights = async (...words: string[]) => {
      const { metrics } = await run('scheduled', '--max-epochs', '6', ...words)
      const { history } = JSON.parse(readFileSync(at('scheduled.model/training.json'), 'utf8'))
      return {
        training: metrics.training,
        weights: history.map(({ klWeight }: { klWeight: number }) => klWeight),
      }
    }
    const cyclical = await weights('--kl-schedule', 'cyclical', '--kl-cycles', '2', '--kl-warmup', '4')
    expect(cyclical.weights).toEqual([0, 2, 0, 2, 2, 2])
    expect(cyclical.training).toMatchObject({ kl_schedule: 'cyclical', kl_cycles: 2, kl_warmup: 4 })
    expect((await weights('--kl-schedule', 'constant')).weights).toEqual([2, 2, 2, 2, 2, 2])
  }, 60_000)

  it('says before training that a run is too short for its KL cycles', async () => {
    const words = ['fit', 'input.h5ad', '-o', 'short', '--kl-schedule', 'cyclical', ...QUICK, ...EPOCHS]
    const { code, stderr } = await scvae(words, folder)
    expect(stderr).toBe(
      'scvae: 4 KL cycles need a warm-up of at least 8 epochs, and it has 1. Ask for fewer cycles (--kl-cycles) or a longer warm-up (--kl-warmup).\n',
    )
    expect(code).toBe(2)
    expect(namesIn(folder).filter((name) => name.includes('short'))).toEqual([])
  })

  it('reports the settings that say something, and no others', async () => {
    const names = ({ page }: { page: string }) =>
      Array.from(page.matchAll(/<dt>([a-z_]+)<\/dt>/g), ([, name]) => name)
    const plain = names(await run('reported', '--prior', 'normal'))
    expect(plain).toEqual(
      expect.arrayContaining(['decoder', 'prior', 'free_bits', 'kl_schedule', 'kl_warmup']),
    )
    for (const idle of ['decoder_bias', 'prior_components', 'kl_cycles']) expect(plain).not.toContain(idle)
    const words = ['--decoder', 'linear', '--prior', 'mixture', '--kl-schedule', 'constant']
    const other = names(await run('reported', ...words))
    expect(other).toEqual(expect.arrayContaining(['decoder_bias', 'prior_components', 'kl_schedule']))
    for (const idle of ['kl_warmup', 'kl_cycles']) expect(other).not.toContain(idle)
  }, 60_000)
})
