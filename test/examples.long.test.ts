import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../src/anndata/read.js'

const DEMO = resolve('data/demo.h5ad')

describe('the examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-examples-'))
  const at = (name: string) => join(folder, name)
  const run = async (program: string, ...words: string[]) =>
    (await promisify(execFile)(process.execPath, [resolve('examples', program), ...words], { cwd: folder }))
      .stdout
  const table = (name: string) =>
    readFileSync(at(name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','))

  let fitted: string
  beforeAll(async () => {
    fitted = await run('fit-and-embed.mjs', DEMO, 'demo', '2')
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('fit and embed', () => {
    expect(fitted).toMatch(
      /^epoch 1\/2: [\d.]+\nepoch 2\/2: [\d.]+\n2 epochs, held-out loss [\d.]+ nats a cell\n$/,
    )
    const [header, ...rows] = table('demo_latent.csv')
    expect(header).toEqual(['cell', ...Array.from({ length: 10 }, (_, i) => `z${i + 1}`)])
    expect(rows).toHaveLength(3000)
    expect(rows[2]![0]).toBe('cell_0003')
    expect(
      rows.every(([, ...values]) => values.length === 10 && values.every((z) => Math.abs(Number(z)) < 50)),
    ).toBe(true)
  })

  it('embed a file with a saved model', async () => {
    expect(await run('embed-with-model.mjs', 'demo.model', DEMO, 'again.csv')).toBe(
      'a model of 1000 genes, trained for 2 epochs\n',
    )
    expect(table('again.csv')).toEqual(table('demo_latent.csv'))
  }, 60_000)

  it('correct batches', async () => {
    const said = await run('correct-batches.mjs', DEMO, '8')
    const lines = said.trimEnd().split('\n')
    expect(lines.map((line) => line.split(':')[0])).toEqual(['no covariates', 'batch', 'batch and doublets'])
    const [without, ...others] = lines.map((line) => Number(/: ([\d.]+) %/.exec(line)![1]))
    for (const share of others) expect(share).toBeLessThan(without! / 2)
  }, 120_000)

  it('score outliers and lay cells out', async () => {
    const said = await run('outliers-and-umap.mjs', DEMO, 'scores.csv', '40')
    const [header, ...rows] = table('scores.csv')
    expect(header).toEqual(['cell', 'score', 'fdr', 'outlier', 'umap1', 'umap2'])
    expect(rows).toHaveLength(3000)
    expect(rows.every(([, ...values]) => values.every((value) => Number.isFinite(Number(value))))).toBe(true)
    const flagged = rows.filter((row) => row[3] === '1')
    expect(flagged.length).toBeGreaterThan(0)
    expect(said).toMatch(
      new RegExp(`^${flagged.length} of 3000 cells are unlike the others, first cell_\\d{4}: `),
    )
    // the planted outliers lead
    const { obs, obsNames } = await readAnnData(DEMO)
    const planted = Array.from(obs.getChild('is_outlier')!, String)
    const first = rows.toSorted((a, b) => Number(b[1]) - Number(a[1])).slice(0, 10)
    expect(first.filter(([cell]) => planted[obsNames.indexOf(cell!)] === 'True').length).toBeGreaterThan(5)
  }, 120_000)

  it('generate cells', async () => {
    expect(await run('generate-cells.mjs', 'demo.model', '50', 'made.h5ad')).toMatch(
      /^50 cells × 1000 genes, \d+ counts\n$/,
    )
    const made = await readAnnData(at('made.h5ad'))
    expect([made.nCells, made.nGenes, made.varNames[4]]).toEqual([50, 1000, 'gene_0005'])
    expect(made.obs.getChild('parent')!.get(0)).toMatch(/^cell_\d{4}$/)
  }, 60_000)

  it('add terms to the loss', async () => {
    const lines = (await run('terms.mjs', DEMO, '8')).trimEnd().split('\n')
    expect(lines.map((line) => line.split(':')[0])).toEqual([
      'discrepancy of batches',
      'first axis from library size',
      'classifier of types',
      'size of loadings',
    ])
    for (const line of lines) {
      const [without, having] = /: ([\d.e+]+) without the term, ([\d.e+]+) with it$/
        .exec(line)!
        .slice(1)
        .map(Number)
      expect(having, line).toBeLessThan(0.9 * without!)
    }
  }, 120_000)

  it('have the terms that docs/terms.md shows', () => {
    const functions = (text: string) => text.match(/^export function .*?^\}$/gms)
    const shown = functions(readFileSync('docs/terms.md', 'utf8'))
    expect(shown).toHaveLength(4)
    expect(shown).toEqual(functions(readFileSync('examples/loss-terms.mjs', 'utf8')))
  })

  it('name their arguments', async () => {
    await expect(run('generate-cells.mjs', 'demo.model')).rejects.toMatchObject({
      code: 2,
      stderr: `usage: node ${resolve('examples/generate-cells.mjs')} MODEL CELLS OUT.h5ad\n`,
    })
  })
})
