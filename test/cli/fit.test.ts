import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { beforeAll, describe, expect, it } from 'vitest'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { OUTLIER_REASONS } from '../../src/analysis/outliers/reasons/outlier-reasons.js'
import type { Element } from '../../src/anndata/elements.js'
import { obsColumn } from '../../src/anndata/frame/obs-column.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readElements } from '../../src/anndata/read-file.js'
import { METRICS_SCHEMA } from '../../src/cli/schema/metrics-schema.js'
import { SCVI } from '../../src/models/scvi.js'
import { warningSentence } from '../../src/report/warning.js'
import { matrix } from '../matrix.js'
import { embedded } from '../report/embedded.js'
import { type Finished, namesIn, numbers, obsm, scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()
const EPOCHS = ['--max-epochs', '3', '--validate-every', '1']
const RESOLUTIONS = ['--resolution', '1', '--resolution', '0.4']
const EMPTY_CELL = 17

beforeAll(async () => {
  await writeFixture(join(folder, 'input.h5ad'), { nCells: 300, nGenes: 200, empty: [EMPTY_CELL] })
})

/** The entries of a row of a sparse element. */
function sparse(element: Element | undefined): (row: number) => [column: number, value: number][] {
  if (element?.kind !== 'sparse') throw new Error('no sparse matrix')
  const { pointers, indices, values } = element
  return (row) =>
    Array.from({ length: pointers[row + 1]! - pointers[row]! }, (_, i) => [
      indices[pointers[row]! + i]!,
      values[pointers[row]! + i]!,
    ])
}

describe('scvae fit', () => {
  let input: Buffer
  let result: Finished
  const at = (name: string) => join(folder, name)

  beforeAll(async () => {
    input = readFileSync(at('input.h5ad'))
    result = await scvae(
      [
        'fit',
        'input.h5ad',
        '-o',
        'out',
        '--batch-key',
        'batch',
        '--csv',
        '--multiqc',
        ...RESOLUTIONS,
        ...EPOCHS,
      ],
      folder,
    )
  }, 120_000)

  it('leaves its outputs and nothing else', () => {
    expect(result.stderr).not.toContain('scvae:')
    expect(result.code).toBe(0)
    expect(namesIn(folder)).toEqual([
      'input.h5ad',
      'out.h5ad',
      'out.log',
      'out.model',
      'out_latent.arrow',
      'out_latent.csv',
      'out_metrics.json',
      'out_mqc_versions.yml',
      'out_report.html',
      'out_run.yaml',
      'out_scores.csv',
      'out_scvae_mqc.json',
    ])
    expect(readFileSync(at('input.h5ad')).equals(input)).toBe(true)
  })

  it('prints the outputs on stdout and its log on stderr', () => {
    expect(result.stdout.split('\n')[0]).toMatch(
      /^out\.h5ad +the input with obsm\/X_scvae, obsm\/X_umap, var\/scvae_used and obs\/scvae_\*$/,
    )
    const lines = result.stderr.trimEnd().split('\n')
    expect(lines[0]).toMatch(/^warning: 1 cell without a count is left out and has NaN .*: cell_018$/)
    expect(lines[1]).toMatch(
      /^fitting 299 cells × 200 genes; [\d,]+ nonzeros \(\d+ %\) from X; .* kernels; about \d+ MB/,
    )
    const epochs = lines.filter((line) => line.startsWith('epoch'))
    expect(epochs).toHaveLength(3)
    expect(epochs[2]).toMatch(
      /^epoch 3\/3 {2}loss [\d.]+ {2}kl [\d.]+ x 2\.000 {2}held-out [\d.]+ {2}[\d.]+ s$/,
    )
    const log = readFileSync(at('out.log'), 'utf8')
    for (const line of lines) expect(log).toContain(line)
    expect(log).toContain('scvae fit input.h5ad -o out')
  })

  it('adds the latent, the layout and the scores to a copy of the input', async () => {
    const adata = await readAnnData(at('out.h5ad'))
    expect(adata.obsm).toEqual({ X_scvae: [300, 10], X_umap: [300, 2] })
    const original = await readAnnData(at('input.h5ad'))
    expect(adata.counts.cellTotals()).toEqual(original.counts.cellTotals())
    const names = adata.obs.schema.fields.map((field) => field.name)
    expect(names.slice(0, 4)).toEqual(['batch', 'cell_type', 'one', 'depth'])
    expect(names).toEqual(expect.arrayContaining(['scvae_outlier', 'scvae_outlier_fdr', 'scvae_surprise_z']))
    const p = await numbers(at('out.h5ad'), 'scvae_outlier_p')
    const used = await numbers(at('out.h5ad'), 'scvae_used')
    for (const [cell, value] of p.entries()) {
      if (cell === EMPTY_CELL) expect([used[cell], value]).toEqual([0, Number.NaN])
      else expect(used[cell] === 1 && value > 0 && value <= 1).toBe(true)
    }
    const flags = await numbers(at('out.h5ad'), 'scvae_outlier')
    const reasons = obsColumn(adata, 'scvae_outlier_reason')
    const named = Array.from(reasons.codes, (code) => reasons.categories[code])
    for (const [cell, reason] of named.entries())
      expect((OUTLIER_REASONS as readonly unknown[]).includes(reason)).toBe(flags[cell] === 1)
    const sizes = await numbers(at('out.h5ad'), 'scvae_library_size')
    expect(sizes).toEqual(Array.from(original.counts.cellTotals()))
  })

  it('gives a cell that was left out NaN in the embedding, and all others numbers', async () => {
    const latent = await obsm(at('out.h5ad'), 'X_scvae')
    for (let i = 0; i < 300; i++) {
      for (let f = 0; f < 10; f++) expect(Number.isFinite(latent[i * 10 + f]!)).toBe(i !== EMPTY_CELL)
    }
  })

  it('writes the same latent to h5ad, Arrow and CSV', async () => {
    const latent = await obsm(at('out.h5ad'), 'X_scvae')
    const arrow = tableFromIPC(readFileSync(at('out_latent.arrow')))
    expect(arrow.numRows).toBe(300)
    expect(arrow.getChild('cell')!.get(2)).toBe('cell_003')
    for (const cell of [0, 2, 299]) {
      expect(arrow.getChild('z4')!.get(cell)).toBe(latent[cell * 10 + 3])
    }
    const csv = readFileSync(at('out_latent.csv'), 'utf8').trimEnd().split('\n')
    expect(csv).toHaveLength(301)
    expect(csv[0]).toBe('cell,z1,z2,z3,z4,z5,z6,z7,z8,z9,z10')
    expect(Math.fround(Number(csv[3]!.split(',')[4]))).toBe(latent[2 * 10 + 3])
    expect(csv[EMPTY_CELL + 1]).toBe(`cell_018${','.repeat(10)}`)
    const scores = readFileSync(at('out_scores.csv'), 'utf8').split('\n')
    expect(scores[0]).toMatch(/^cell,scvae_used,scvae_outlier,/)
    expect(scores).toHaveLength(302)
  })

  it('writes metrics that begin with the tool', () => {
    const text = readFileSync(at('out_metrics.json'), 'utf8')
    expect(text.split('\n')[1]).toBe('  "tool": "scvae",')
    const metrics = JSON.parse(text)
    expect(metrics).toMatchObject({
      n_cells: 300,
      n_cells_fitted: 299,
      n_genes: 200,
      epochs: 3,
      batch_size: 128,
      learning_rate: 0.001,
      seed: 0,
      batch_key: 'batch',
      counts_source: 'X',
      umap_backend: 'scvae',
      model: { n_latent: 10, likelihood: 'nb' },
      training: { learning_rate: 0.001 },
    })
    expect(metrics.heldout_elbo).toBeGreaterThan(0)
    expect(metrics.train_cells_per_second).toBeGreaterThan(0)
    expect(metrics.peak_memory_bytes).toBeGreaterThan(5e7)
    expect(Object.keys(metrics.timings)).toEqual([
      ...['read', 'train', 'latent', 'surprise', 'outliers', 'umap', 'clusters', 'reasons', 'integration'],
    ])
    expect(metrics.warnings).toHaveLength(1)
  })

  it('writes clusters by their size to obs, tables, metrics and report', async () => {
    const { clusters } = JSON.parse(readFileSync(at('out_metrics.json'), 'utf8'))
    expect(clusters).toMatchObject([
      { column: 'scvae_leiden', resolution: 1 },
      { column: 'scvae_leiden_0.4', resolution: 0.4 },
    ])
    expect(clusters[0].n_clusters).toBeGreaterThan(clusters[1].n_clusters)
    expect(clusters[0].modularity).toBeGreaterThan(0.3)
    const adata = await readAnnData(at('out.h5ad'))
    const arrow = tableFromIPC(readFileSync(at('out_latent.arrow')))
    const csv = readFileSync(at('out_scores.csv'), 'utf8').trimEnd().split('\n')
    const page = readFileSync(at('out_report.html'), 'utf8')
    for (const { column, n_clusters, resolution } of clusters) {
      const { codes, categories } = obsColumn(adata, column)
      expect(categories).toEqual(Array.from({ length: n_clusters }, (_, i) => String(i)))
      const sizes = new Int32Array(n_clusters)
      const names = Array.from(codes, (code) => (code < 0 ? null : String(code)))
      for (const code of codes) if (code >= 0) sizes[code]!++
      expect(names.flatMap((name, cell) => (name === null ? [cell] : []))).toEqual([EMPTY_CELL])
      expect(Array.from(sizes)).toEqual(Array.from(sizes).sort((a, b) => b - a))
      expect([...arrow.getChild(column)!]).toEqual(names)
      const place = csv[0]!.split(',').indexOf(column)
      expect(csv.slice(1).map((line) => line.split(',')[place])).toEqual(names.map((name) => name ?? ''))
      expect(page).toContain(`${column}: ${n_clusters} clusters at resolution ${resolution}, modularity`)
      expect(page).toContain(`<span>${sizes[0]} (`)
      expect(embedded(page)!.header.colorings.map(({ name }) => name)).toContain(column)
    }
  })

  it('writes the graph of neighbours as scanpy does', async () => {
    const { obsp, uns } = await readElements(at('out.h5ad'))
    const distances = sparse(obsp.get('scvae_distances'))
    const ties = sparse(obsp.get('scvae_connectivities'))
    const all = Array.from(await obsm(at('out.h5ad'), 'X_scvae'))
    const cells = Array.from({ length: 300 }, (_, i) => i).filter((i) => i !== EMPTY_CELL)
    const values = Float32Array.from(cells.flatMap((i) => all.slice(i * 10, i * 10 + 10)))
    const near = neighbors(matrix(values, 10))
    for (const [i, cell] of cells.entries()) {
      const found = Array.from({ length: 14 }, (_, c): [number, number] => [
        cells[near.indices[i * 15 + 1 + c]!]!,
        near.distances[i * 15 + 1 + c]!,
      ])
      expect(distances(cell)).toEqual(found.sort((a, b) => a[0] - b[0]))
      for (const [other, weight] of ties(cell)) expect(ties(other)).toContainEqual([cell, weight])
      for (const [other] of found) expect(ties(cell).map(([one]) => one)).toContain(other)
    }
    expect([distances(EMPTY_CELL), ties(EMPTY_CELL)]).toEqual([[], []])
    const graph = uns.entries.get('scvae_neighbors')
    const plain = (element: Element | undefined): unknown => {
      if (element?.kind === 'dict') {
        return Object.fromEntries([...element.entries].map(([key, entry]) => [key, plain(entry)]))
      }
      return element?.kind === 'scalar' ? element.value : element
    }
    expect(plain(graph)).toEqual({
      connectivities_key: 'scvae_connectivities',
      distances_key: 'scvae_distances',
      params: {
        ...{ n_neighbors: 15, method: 'umap', metric: 'euclidean' },
        ...{ random_state: 0, use_rep: 'X_scvae' },
      },
    })
  })

  it('writes a report that needs no network and names the warning', () => {
    const page = readFileSync(at('out_report.html'), 'utf8')
    expect(page).toMatch(/^<!doctype html>/i)
    expect(page).not.toMatch(/(src|href)="https?:/)
    expect(page).toContain('1 cell without a count is left out')
  })

  it('saves a model that gives the same latent again', async () => {
    const adata = await readAnnData(at('out.h5ad'))
    const cells = Int32Array.from({ length: 299 }, (_, i) => (i < EMPTY_CELL ? i : i + 1))
    const model = await SCVI.load(at('out.model'), adata, { cells })
    const { values: again } = await model.getLatentRepresentation()
    await model.dispose()
    const latent = Array.from(await obsm(at('out.h5ad'), 'X_scvae'))
    latent.splice(EMPTY_CELL * 10, 10)
    expect(Array.from(again)).toEqual(latent)
  })

  it('leaves its figures for MultiQC', () => {
    const metrics = JSON.parse(readFileSync(at('out_metrics.json'), 'utf8'))
    const table = JSON.parse(readFileSync(at('out_scvae_mqc.json'), 'utf8'))
    expect(table).toMatchObject({ id: 'scvae_fits', parent_id: 'scvae', plot_type: 'table' })
    expect(table.data.out).toMatchObject({
      heldout_elbo: metrics.heldout_elbo,
      n_clusters: metrics.clusters[0].n_clusters,
      n_outliers: metrics.n_outliers,
      n_warnings: metrics.warnings.length,
      seconds: metrics.seconds,
    })
    expect(metrics.warnings.length).toBeGreaterThan(0)
    expect(Object.keys(table.headers)).toEqual(Object.keys(table.data.out))
    expect(readFileSync(at('out_mqc_versions.yml'), 'utf8')).toBe(`scvae:\n  scvae: "${metrics.version}"\n`)
  })

  it('names its figures as the schema does', () => {
    const metrics = JSON.parse(readFileSync(at('out_metrics.json'), 'utf8'))
    expect(Object.keys(metrics)).toEqual(METRICS_SCHEMA.required)
    const { properties } = METRICS_SCHEMA.properties.warning_details.items as { properties: object }
    for (const warning of metrics.warning_details)
      expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(warning)))
  })

  it('has its warnings as sentences and in their parts', () => {
    const { warnings, warning_details } = JSON.parse(readFileSync(at('out_metrics.json'), 'utf8'))
    expect(warnings).toEqual(warning_details.map(warningSentence))
    expect(warning_details).toContainEqual({
      what: '1 cell without a count is left out and has NaN in the outputs',
      why: expect.stringMatching(/^\S+$/),
      ...{ measure: 'cells without a count', value: 1, threshold: 1 },
    })
  })

  it('tells what the dimensions of the latent are used for', async () => {
    const { latent } = JSON.parse(readFileSync(at('out_metrics.json'), 'utf8'))
    const model = await SCVI.load(at('out.model'))
    const { values, rows, columns } = await model.getLatentRepresentation()
    await model.dispose()
    const variances = Array.from({ length: columns }, (_, k) => {
      const axis = Array.from({ length: rows }, (_, i) => values[i * columns + k]!)
      const mean = axis.reduce((sum, x) => sum + x, 0) / rows
      return axis.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (rows - 1)
    })
    for (const [k, variance] of variances.entries()) expect(latent.variance[k]).toBeCloseTo(variance, 5)
    expect(latent.active).toBe(variances.filter((variance) => variance > 0.01).length)
    expect([latent.kl.length, latent.information_bound.length]).toEqual([columns, columns])
  })

  it('saves what the model is of, with the cells unless they are to stay out', async () => {
    expect(namesIn(at('out.model'))).toEqual([
      'cells.safetensors',
      'config.json',
      'training.json',
      'weights.safetensors',
    ])
    const { input: from, isTrained } = JSON.parse(readFileSync(at('out.model/config.json'), 'utf8'))
    const sha256 = createHash('sha256').update(input).digest('hex')
    expect([from, isTrained]).toEqual([{ path: 'input.h5ad', countsSource: 'X', sha256 }, true])
    const { settings, history } = JSON.parse(readFileSync(at('out.model/training.json'), 'utf8'))
    expect([settings.maxEpochs, history.length]).toEqual([3, 3])
    const model = await SCVI.load(at('out.model'))
    const { values, rows } = await model.getLatentRepresentation()
    expect([rows, model.cellNames!.length, model.cellNames![EMPTY_CELL]]).toEqual([299, 299, 'cell_019'])
    await model.dispose()
    const latent = await obsm(at('out.h5ad'), 'X_scvae')
    expect(Array.from(values.subarray(EMPTY_CELL * 10))).toEqual(
      Array.from(latent).slice((EMPTY_CELL + 1) * 10),
    )
    const words = ['fit', 'input.h5ad', '-o', 'private', '--no-model-cells', '--no-umap', '-q', ...EPOCHS]
    expect((await scvae(words, folder)).code).toBe(0)
    expect(namesIn(at('private.model'))).toEqual(['config.json', 'training.json', 'weights.safetensors'])
    for (const name of namesIn(folder)) {
      if (name.startsWith('private')) rmSync(at(name), { recursive: true })
    }
  }, 60_000)
})
