/**
 * scanpy itself chooses the same genes. Needs the Python of an environment with test/interop/requirements.txt:
 * `SCVAE_SCANPY_PYTHON=venv/bin/python npx vitest run test/analysis/scanpy.test.ts`.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type HighlyVariableGenes,
  highlyVariableGenes,
} from '../../src/analysis/genes/highly-variable-genes.js'
import { obsColumn } from '../../src/anndata/frame/obs-column.js'
import { readAnnData } from '../../src/anndata/read.js'

const python = process.env.SCVAE_SCANPY_PYTHON
const real = join(process.env.SCVAE_DATA ?? '../shared/data', 'real')

/** Batch keys whose every batch has some dozens of cells: on the smallest ones scanpy's loess is singular, and it gives up. */
const FILES: { path: string; batchKeys: (string | null)[]; nTopGenes: number[] }[] = [
  { path: resolve('data/demo.h5ad'), batchKeys: [null, 'batch'], nTopGenes: [200, 500, 900] },
  ...[
    { name: 'pbmc68k_reduced_counts_700x765', batchKeys: [null, 'lane', 'phase'], nTopGenes: [200, 500] },
    { name: 'pbmc4k_10x_4271x2000', batchKeys: [null], nTopGenes: [500, 1000] },
    { name: 'kang_ctrl_8donors_12261x1287', batchKeys: [null, 'donor'], nTopGenes: [500, 1000] },
    {
      name: 'sc_mixology_5batches_celllines',
      batchKeys: [null, 'batch', 'protocol'],
      nTopGenes: [500, 1000, 2000, 4000],
    },
    { name: 'mouse_bladder_2100x20670', batchKeys: [null], nTopGenes: [500, 1000, 2000, 4000] },
    {
      name: 'kang_harmony_ctrl_stim_2000x9015_partial_labels',
      batchKeys: [null, 'condition'],
      nTopGenes: [500, 1000, 2000, 4000],
    },
  ].map(({ name, ...rest }) => ({ path: resolve(real, `${name}.h5ad`), ...rest })),
]

const requests = FILES.filter(({ path }) => existsSync(path)).flatMap(({ path, batchKeys, nTopGenes }) =>
  batchKeys.map((batchKey) => ({ path, batchKey, nTopGenes })),
)

/** What test/interop/scanpy_hvg.py writes. */
interface Case {
  nTopGenes: number
  genes: number[]
  stable: { genes: number[]; medianRank: (number | null)[]; nTopBatches: number[] | null }
  normalizedVariance: number[]
  means: number[]
  variances: number[]
}

const overlap = ({ genes }: HighlyVariableGenes, theirs: readonly number[]) =>
  genes.filter((gene) => theirs.includes(gene)).length / theirs.length

const worstRelative = (ours: Float64Array, theirs: readonly number[]) =>
  theirs.reduce((worst, value, i) => Math.max(worst, Math.abs(ours[i]! - value) / (Math.abs(value) || 1)), 0)

const why = python ? '' : ' (skipped: SCVAE_SCANPY_PYTHON names no Python)'

describe.skipIf(!python)(`scanpy's highly variable genes${why}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-scanpy-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  beforeAll(() => {
    writeFileSync(join(folder, 'request.json'), JSON.stringify(requests))
    execFileSync(python!, [resolve('test/interop/scanpy_hvg.py'), folder], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
  }, 600_000)

  const named = requests.map((request, i) => ({ ...request, i, name: basename(request.path, '.h5ad') }))
  it.each(named)('$name, batch $batchKey', { timeout: 60_000 }, async ({ i, name, ...request }) => {
    const cases = JSON.parse(readFileSync(join(folder, `${i}.json`), 'utf8')) as Case[]
    expect(cases.map(({ nTopGenes }) => nTopGenes)).toEqual(request.nTopGenes)
    const adata = await readAnnData(request.path)
    const batch = request.batchKey === null ? undefined : obsColumn(adata, request.batchKey).codes
    const shares: string[] = []
    for (const { nTopGenes, stable, ...wanted } of cases) {
      const found = highlyVariableGenes(adata.counts, { nTopGenes, ...(batch && { batch }) })
      expect(worstRelative(found.means, wanted.means)).toBeLessThan(1e-10)
      expect(worstRelative(found.variances, wanted.variances)).toBeLessThan(1e-10)
      expect(worstRelative(found.normalizedVariance, wanted.normalizedVariance)).toBeLessThan(1e-9)
      // equal but for the order of ties, which scanpy leaves to the processor
      expect([...found.genes]).toEqual(stable.genes)
      const ranks = Array.from(found.medianRank, (rank) => (Number.isNaN(rank) ? null : rank))
      expect(ranks).toEqual(stable.medianRank)
      if (stable.nTopBatches) expect([...found.nTopBatches]).toEqual(stable.nTopBatches)
      const shared = overlap(found, wanted.genes)
      expect(shared).toBeGreaterThanOrEqual(0.99)
      shares.push(`${(100 * shared).toFixed(2)} % of ${nTopGenes}`)
    }
    console.info(`${name}, batch ${request.batchKey}: scanpy as it is has ${shares.join(', ')}`)
  })
})
