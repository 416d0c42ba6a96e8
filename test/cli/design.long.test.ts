import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DATA } from '../anndata/fixtures.js'
import { namesIn, scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()
const demo = resolve('data/demo.h5ad')

describe('scvae design', { timeout: 120_000 }, () => {
  it('advises a key with the command that takes it', async () => {
    const { code, stdout } = await scvae(['design', demo], folder)
    expect(code).toBe(0)
    expect(stdout.split('\n')[0]).toBe(
      `Verdict: take batch as the batch key: scvae fit ${demo} --batch-key batch.`,
    )
    expect(stdout).toContain('batch  2 batches, the smallest of 1,476 cells; gives up no condition')
    expect(stdout).toContain('every cell_type is found in every batch')
  })

  it('takes the parts of columns that it is told of', async () => {
    await writeFixture(join(folder, 'cells.h5ad'))
    const words = ['design', 'cells.h5ad', '--condition-key', 'cell_type', '--json', '-o', 'out/own']
    const { code, stdout } = await scvae(words, folder)
    expect(code).toBe(0)
    const found = JSON.parse(stdout)
    expect(found).toMatchObject({ tool: 'scvae', n_cells: 120, batch_key: 'batch', constant: ['one'] })
    expect(found.columns).toContainEqual({
      name: 'cell_type',
      role: 'condition',
      values: 6,
      smallest: expect.any(Number),
    })
    const [pair] = found.pairs
    expect(pair).toMatchObject({ first: 'batch', second: 'cell_type', groups: 1 })
    expect(pair.cells.flat().reduce((sum: number, n: number) => sum + n, 0)).toBe(120)
    expect(readFileSync(join(folder, 'out/own_design.json'), 'utf8')).toBe(stdout)
    expect(namesIn(join(folder, 'out')).sort()).toEqual(['own_design.html', 'own_design.json'])
    const page = readFileSync(join(folder, 'out/own_design.html'), 'utf8')
    expect(page).toContain(`<p>${found.verdict.replaceAll("'", '&#39;')}.</p>`)
    expect(page).toContain(
      `<h2>batch × cell_type</h2><p class="note">Cramér&#39;s V ${pair.cramers_v.toFixed(2)}: `,
    )
    const firstRow = [pair.rows[0], ...pair.cells[0]]
    expect(page.replaceAll(' class="number"', '')).toContain(
      `<tr>${firstRow.map((text) => `<td>${text}</td>`).join('')}</tr>`,
    )
    expect(page).toContain('<h2>Cells and counts by batch</h2>')
  })

  it('refuses in one sentence what it cannot judge, and replaces nothing unasked', async () => {
    const cases: [string[], number, string][] = [
      [['--batch-key', 'bach'], 65, 'has no obs column "bach"'],
      [
        ['--condition-key', 'one'],
        65,
        'the obs column "one" has the same value for every cell. Name another column.',
      ],
      [
        ['--sample-key', 'batch', '--condition-key', 'batch'],
        2,
        '"batch" was given two parts in the design. Give it one.',
      ],
      [
        ['-o', 'out/own'],
        2,
        '"out/own_design.json" exists already. Use --overwrite to replace it, or another output name.',
      ],
      [['--subset', 'batch=9'], 65, 'no cell has the value "9"'],
    ]
    for (const [words, exit, sentence] of cases) {
      const { code, stdout, stderr } = await scvae(['design', 'cells.h5ad', ...words], folder)
      expect({ code, stdout, stderr }).toEqual({
        code: exit,
        stdout: '',
        stderr: expect.stringContaining(sentence),
      })
      expect(stderr.trim().split('\n').length).toBe(1)
    }
  })

  it.skipIf(!DATA)('says of real donors and lanes what they are', async () => {
    const verdict = async (file: string) => {
      const { stdout } = await scvae(['design', resolve(DATA!, 'real', file), '--json'], folder)
      const found = JSON.parse(stdout)
      return [found.batch_key, found.keys[0]?.name, found.keys[0]?.gives_up ?? null]
    }
    expect(await verdict('kang_ctrl_8donors_12261x1287.h5ad')).toEqual(['donor', 'donor', []])
    expect(await verdict('pbmc68k_reduced_counts_700x765.h5ad')).toEqual(['lane', 'lane', []])
    // half of the cells have no donor there
    expect(await verdict('kang_harmony_ctrl_stim_2000x9015_partial_labels.h5ad')).toEqual([null, 'donor', []])
  })
})

describe('fit', { timeout: 300_000 }, () => {
  const warned = (file: string, sentence: string) =>
    readFileSync(join(folder, file), 'utf8').includes(sentence)

  it('warns of a column by which cells lie apart, unless it is the batch key', async () => {
    const fit = ['fit', demo, '--no-umap', '--max-epochs', '40']
    expect((await scvae([...fit, '-o', 'plain'], folder)).code).toBe(0)
    const sentence = 'cells lie apart by "batch" within their neighbourhoods'
    expect(warned('plain.log', sentence)).toBe(true)
    const metrics = JSON.parse(readFileSync(join(folder, 'plain_metrics.json'), 'utf8'))
    expect(metrics.warnings).toContainEqual(expect.stringContaining(sentence))
    const details = metrics.warning_details.find(({ what }: { what: string }) => what === sentence)
    expect(details.value).toBeGreaterThanOrEqual(details.threshold)
    expect(details).toMatchObject({ threshold: 0.2, advice: expect.stringMatching(/^--batch-key batch /) })
    expect(readFileSync(join(folder, 'plain_report.html'), 'utf8')).toContain('lie apart by')
    expect((await scvae([...fit, '--batch-key', 'batch', '-o', 'corrected'], folder)).code).toBe(0)
    expect(warned('corrected.log', 'lie apart')).toBe(false)
    expect(existsSync(join(folder, 'corrected.h5ad'))).toBe(true)
  })
})
