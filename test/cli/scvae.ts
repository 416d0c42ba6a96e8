import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll } from 'vitest'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import { CountMatrix } from '../../src/anndata/counts/counts.js'
import type { Column } from '../../src/anndata/frame/column.js'
import { childDataset, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { hdf5Array } from '../../src/anndata/hdf5/store.js'
import { readAnnData } from '../../src/anndata/read.js'
import { SlicedArray } from '../../src/anndata/slices/sliced-array.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'

const MAIN = resolve('dist/src/cli/main.js')
if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run "npm run build" first`)

export interface Finished {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/** A running command, to be sent signals. */
export interface Running {
  finished: Promise<Finished>
  kill(signal: NodeJS.Signals): void
  /** Resolves when standard error has said this so often. */
  said(text: string, times?: number): Promise<void>
}

/** Starts the built command in a folder. */
export function start(words: readonly string[], cwd = '.'): Running {
  const child = spawn(process.execPath, [MAIN, ...words], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  const waiting: { text: string; times: number; done: () => void }[] = []
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
    for (const { text, times, done } of waiting) if (stderr.split(text).length > times) done()
  })
  const finished = new Promise<Finished>((done, failed) => {
    child.on('error', failed)
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }))
  })
  return {
    finished,
    kill: (signal) => void child.kill(signal),
    said: (text, times = 1) =>
      Promise.race([
        new Promise<void>((done) => waiting.push({ text, times, done })),
        finished.then(() => Promise.reject(new Error(`ended without saying "${text}":\n${stderr}`))),
      ]),
  }
}

/** Runs the built command in a folder to its end. */
export function scvae(words: readonly string[], cwd = '.'): Promise<Finished> {
  return start(words, cwd).finished
}

/** A dense array of obsm. */
export function obsm(path: string, name: string): Promise<ArrayLike<number>> {
  return array(path, `obsm/${name}`)
}

/** A dense array of a file, such as `varm/scvae_loadings`. */
export function array(path: string, name: string): Promise<ArrayLike<number>> {
  return withH5File(path, 'r', (file) =>
    new SlicedArray(hdf5Array(childDataset(file, name)!, path), path).readAll(),
  )
}

/** A column of obs as numbers. */
export function numbers(path: string, column: string): Promise<number[]> {
  return readAnnData(path).then(({ obs }) => Array.from(obs.getChild(column)!, Number))
}

/** A folder of the test file's own that goes when it ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-cli-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Names in a folder, sorted, hidden ones too. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort()
}

export interface FixtureOptions {
  nCells?: number
  nGenes?: number
  /** Cells to leave without a count. */
  empty?: readonly number[]
  /** Changes the stored counts of the file. */
  change?: (counts: Float32Array) => void
}

/** Writes a small file of simulated counts with the obs columns `batch`, `cell_type`, `one` and `depth`. */
export async function writeFixture(path: string, options: FixtureOptions = {}): Promise<void> {
  const { nCells = 120, nGenes = 60, empty = [], change } = options
  const simulated = simulateCells({ nCells, nGenes, density: 0.3, seed: 5 })
  const counts = withoutCounts(simulated.counts, empty)
  if (change) for (const block of counts.blocks) change(block.counts)
  const text = (values: readonly string[]): Column => {
    const categories = [...new Set(values)].sort()
    return { kind: 'category', categories, codes: values.map((value) => categories.indexOf(value)) }
  }
  await writeAnnData(path, {
    counts,
    obs: {
      batch: text(simulated.obs.batch),
      cell_type: text(simulated.obs.cell_type),
      one: text(simulated.obs.batch.map(() => 'same')),
      depth: { kind: 'float', values: simulated.obs.library_size },
    },
    obsNames: simulated.obsNames,
    varNames: simulated.varNames,
  })
}

function withoutCounts(counts: CountMatrix, cells: readonly number[]): CountMatrix {
  const offsets = new Int32Array(counts.nCells + 1)
  const genes: number[] = []
  const values: number[] = []
  for (let i = 0; i < counts.nCells; i++) {
    const row = counts.row(i)
    if (!cells.includes(i)) {
      genes.push(...row.genes)
      values.push(...row.counts)
    }
    offsets[i + 1] = genes.length
  }
  return new CountMatrix(counts.nGenes, [
    {
      firstCell: 0,
      nCells: counts.nCells,
      offsets,
      genes: Int32Array.from(genes),
      counts: Float32Array.from(values),
    },
  ])
}

/** A short fit of `cells.h5ad` (`writeFixture`) to `own`. */
export const SHORT_FIT = 'fit cells.h5ad --batch-key batch --n-top-genes 20 --max-epochs 2 -o own'.split(' ')
