import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { namesIn, scvae, temporaryFolder } from './scvae.js'

const folder = temporaryFolder()
const demo = resolve('data/demo.h5ad')

describe('scvae evaluate', { timeout: 300_000 }, () => {
  it('compares embeddings by labels and by clusters, and refuses in one sentence', async () => {
    const fit = ['fit', demo, '--batch-key', 'batch', '--max-epochs', '15', '-o', 'own', '--quiet']
    expect((await scvae(fit, folder)).code).toBe(0)
    const words = ['evaluate', 'own.h5ad', '--batch-key', 'batch', '-o', 'out/own']
    const labelled = await scvae([...words, '--labels-key', 'cell_type', '--multiqc'], folder)
    expect(labelled).toMatchObject({ code: 0 })
    expect(namesIn(join(folder, 'out'))).toEqual([
      'own_evaluate.csv',
      'own_evaluate.html',
      'own_evaluate.json',
      'own_evaluate_mqc.json',
    ])
    const read = (ending: string) => readFileSync(join(folder, `out/own_evaluate.${ending}`), 'utf8')
    const record = JSON.parse(read('json'))
    expect(record).toMatchObject({
      n_batches: 2,
      labels: 'cell_type',
      labels_are_clusters: false,
      pre: 'pca',
    })
    const { X_scvae, pca } = record.embeddings
    expect(X_scvae.ilisi).toBeGreaterThan(pca.ilisi + 0.2)
    expect(pca.pcr_comparison).toBe(0)
    expect(X_scvae.total).toBeCloseTo(0.6 * X_scvae.bio_conservation + 0.4 * X_scvae.batch_correction, 12)
    const table = JSON.parse(readFileSync(join(folder, 'out/own_evaluate_mqc.json'), 'utf8'))
    expect(table.data['own: X_scvae'].batch_correction).toBe(X_scvae.batch_correction)
    expect(table.data['own: pca'].kbet).toBe(pca.kbet)
    expect(Object.keys(table.headers).slice(0, 2)).toEqual(['batch_correction', 'bio_conservation'])

    const [head, first] = read('csv').split('\n')
    expect(head).toMatch(/^embedding,isolated_labels,.*,total$/)
    expect(first).toMatch(/^X_scvae,0\./)
    expect(read('html')).toContain('<th scope="row">X_scvae</th>')
    expect(labelled.stdout).toContain('Graph connectivity')

    const again = await scvae(words, folder)
    expect(again).toMatchObject({ code: 2 })
    expect(again.stderr).toContain('own_evaluate.json" exists')
    const one = ['--overwrite', '--multiqc', '--embedding', 'X_scvae']
    const byClusters = await scvae([...words, ...one], folder)
    // clusters of the fit say nothing of what is conserved
    const { headers, data } = JSON.parse(readFileSync(join(folder, 'out/own_evaluate_mqc.json'), 'utf8'))
    expect([headers.bio_conservation, headers.clisi, Object.keys(data)]).toEqual([
      undefined,
      undefined,
      ['own: X_scvae'],
    ])
    expect(byClusters.stderr).toContain('clusters of the fit itself')
    expect(JSON.parse(read('json')).labels).toBe('scvae_leiden')

    const wrong: [string[], string][] = [
      [['--embedding', 'X_no'], 'has no obsm/X_no. --embedding takes one of'],
      [['--embedding', 'pca,pca'], '--embedding takes different keys of obsm'],
      [['--labels-key', 'no'], 'has no obs column "no"'],
    ]
    for (const [more, sentence] of wrong) {
      const { code, stderr } = await scvae([...words, '--overwrite', ...more], folder)
      expect(code, more.join(' ')).toBeGreaterThan(0)
      expect(stderr).toContain(sentence)
    }
  })
})
