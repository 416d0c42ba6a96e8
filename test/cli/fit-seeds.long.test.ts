import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/command-line.js'
import { METRICS_SCHEMA } from '../../src/cli/schema/metrics-schema.js'
import { namesIn, numbers, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae fit --seeds', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  const fitted = (prefix: string, ...words: string[]) =>
    run(['fit', at('cells.h5ad'), '-o', at(prefix), '-q', '--no-umap', '--max-epochs', '4', ...words])
  const metrics = (prefix: string) => JSON.parse(readFileSync(at(`${prefix}_metrics.json`), 'utf8'))

  beforeAll(async () => {
    await writeFixture(at('cells.h5ad'), { nCells: 200, nGenes: 40, empty: [3] })
    await fitted('several', '--seeds', '3', '--threads', '2')
  }, 60_000)

  it('keeps the best, and a fit of that seed and split is the same', async () => {
    const { stability, seed, training, timings } = metrics('several')
    expect(Object.keys(stability)).toEqual(
      expect.arrayContaining([...(METRICS_SCHEMA.properties.stability.required as string[])]),
    )
    const bounds = stability.seeds.map(({ bound }: { bound: number }) => bound)
    expect(stability.seeds.map((one: { seed: number }) => one.seed)).toEqual([0, 1, 2])
    expect(stability.kept_seed).toBe(bounds.indexOf(Math.max(...bounds)))
    expect(seed).toBe(stability.kept_seed)
    expect(training).toMatchObject({ seed, split_seed: 0 })
    expect(timings.train).toBeGreaterThan(0)
    await fitted('alone', '--seed', String(seed), '--split-seed', '0', '--threads', '1')
    expect(await numbers(at('alone.h5ad'), 'scvae_outlier_score')).toEqual(
      await numbers(at('several.h5ad'), 'scvae_outlier_score'),
    )
    expect(metrics('alone').stability).toBeNull()
  })

  it('tells what all agree on, in the file and on the page', async () => {
    const values = await numbers(at('several.h5ad'), 'scvae_stability')
    expect(values).toHaveLength(200)
    expect(values[3]).toBeNaN()
    const known = values.filter((value) => !Number.isNaN(value))
    expect(known).toHaveLength(199)
    expect(known.every((value) => value >= 0 && value <= 1)).toBe(true)
    const { stability } = metrics('several')
    expect(known.reduce((a, b) => a + b) / 199).toBeCloseTo(stability.shared_neighbors, 6)
    expect(stability.cluster_reproducibility).toHaveLength(metrics('several').clusters[0].n_clusters)
    const page = readFileSync(at('several_report.html'), 'utf8')
    const wanted = [stability.verdict.split('; ')[1], '(kept)', 'Found again (Jaccard index)']
    expect(wanted.filter((text) => !page.includes(text))).toEqual([])
  })

  it.each<[string[], string]>([
    [['--seeds', '0'], '--seeds must be a whole number of at least 1'],
    [['--seeds', '2', '--resume'], 'keeps no checkpoint'],
    [['--seeds', '2', '--train-size', '1'], '--train-size 1 leaves none'],
    [['--split-seed', 'x'], '--split-seed must be a number or auto'],
    [['--split-seed', '-1'], 'splitSeed must be'],
  ])('refuses %j, exit 2', async (words, message) => {
    const before = namesIn(folder)
    await expect(fitted('refused', ...words)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message),
    })
    expect(namesIn(folder)).toEqual(before)
  })
})
