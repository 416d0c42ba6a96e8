import { execFile } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { countMatrixFromCsr } from '../../src/anndata/counts/csr-arrays.js'
import { type AnnData, readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'

const run = promisify(execFile)
const MAIN = resolve('dist/src/cli/main.js')

/** `scvae` and `npx scvae` as the pages have them, but that fits and measures are short. */
const SCVAE = `#!/bin/sh
case $1 in
  fit)
    case " $* " in *" --max-epochs "*) ;; *) set -- "$@" --max-epochs 2 ;; esac
    case " $* " in *" --no-umap "*) ;; *) set -- "$@" --no-umap ;; esac ;;
  tune) set -- "$@" --max-epochs 2 ;;
  de) set -- "$@" --draws 200 ;;
  diagnose) set -- "$@" --cells 10 ;;
esac
exec "${process.execPath}" "${MAIN}" "$@"
`
const NPX = `#!/bin/sh
[ "$1" = scvae ] || exit 127
shift
exec scvae "$@"
`

/** Where the blocks of a page are run: with the files that the pages speak of, `scvae` in PATH and the package beside. */
export class GuideFolder {
  readonly #folder: string
  readonly #bin: string

  constructor(folder: string) {
    this.#folder = folder
    this.#bin = join(folder, 'bin')
    for (const made of ['bin', 'data', 'node_modules']) mkdirSync(join(folder, made), { recursive: true })
    for (const [name, text] of [
      ['scvae', SCVAE],
      ['npx', NPX],
    ] as const) {
      writeFileSync(join(this.#bin, name), text)
      chmodSync(join(this.#bin, name), 0o755)
    }
    symlinkSync(resolve('.'), join(folder, 'node_modules', 'scvae'))
  }

  /** Another folder with the same data. */
  copy(folder: string): GuideFolder {
    const isData = (path: string) => !['bin', 'node_modules'].includes(basename(path))
    cpSync(this.#folder, folder, { recursive: true, filter: isData })
    return new GuideFolder(folder)
  }

  /** Makes the data: a few cells of the demo, under the names that the pages have for the reader's own files. */
  async fill(): Promise<void> {
    const demo = await readAnnData('data/demo.h5ad')
    const at = (name: string) => join(this.#folder, name)
    await writeCells(demo, at('data/demo.h5ad'), range(0, 300))
    await writeCells(demo, at('pbmc.h5ad'), range(0, 300))
    await writeCells(demo, at('new.h5ad'), range(500, 600), { without: ['cell_type'] })
    await writeCells(demo, at('run1.h5ad'), range(700, 800))
    await writeCells(demo, at('other.h5ad'), range(900, 930), { prefix: 'other_' })
    await writeCells(demo, at('normalised.h5ad'), range(0, 100), { log: true })
    await this.shell('scvae convert new.h5ad run2/ -q')
  }

  /** Runs commands of bash; what they print, in the order in which it comes. */
  async shell(text: string): Promise<{ code: number; output: string }> {
    return this.#run('bash', ['-euo', 'pipefail', '-c', `exec 2>&1\n${text}`])
  }

  /** Runs a program of JavaScript, as a module. */
  async program(text: string): Promise<{ code: number; output: string }> {
    writeFileSync(join(this.#folder, 'program.mjs'), text)
    return this.#run(process.execPath, ['program.mjs'])
  }

  async #run(command: string, words: string[]): Promise<{ code: number; output: string }> {
    const env = { ...process.env, PATH: `${this.#bin}${delimiter}${process.env.PATH}`, NO_COLOR: '1' }
    try {
      const { stdout, stderr } = await run(command, words, { cwd: this.#folder, env })
      return { code: 0, output: stdout + stderr }
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
      return { code, output: stdout + stderr }
    }
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i)

/** Of the demo's, the first ones. */
const N_GENES = 300

interface Changes {
  without?: string[]
  /** Before the names of genes. */
  prefix?: string
  /** X of log values, and the counts in a layer. */
  log?: boolean
}

/** Writes some cells of a data set, of four donors, two to each batch and condition. */
async function writeCells(adata: AnnData, path: string, cells: number[], changes: Changes = {}) {
  const { without = [], prefix = '', log = false } = changes
  const rows = cells.map((cell) => {
    const { genes, counts } = adata.counts.row(cell)
    const n = genes.findIndex((gene) => gene >= N_GENES)
    return n < 0 ? { genes, counts } : { genes: genes.subarray(0, n), counts: counts.subarray(0, n) }
  })
  const indptr = [0]
  for (const { counts } of rows) indptr.push(indptr.at(-1)! + counts.length)
  const data = Float32Array.from(rows.flatMap(({ counts }) => Array.from(counts)))
  const matrix = (values: Float32Array) =>
    countMatrixFromCsr({
      shape: [cells.length, N_GENES],
      indptr: Float64Array.from(indptr),
      indices: Int32Array.from(rows.flatMap(({ genes }) => Array.from(genes))),
      data: values,
    })
  const texts = (name: string) => {
    const column = adata.obs.getChild(name)!
    return cells.map((cell) => String(column.get(cell)))
  }
  const columns: Record<string, string[]> = {
    cell_type: texts('cell_type'),
    batch: texts('batch'),
    donor: texts('batch').map((batch, i) => `d${2 * Number(batch.at(-1)) - (i % 2)}`),
    condition: cells.map((_, i) => (i % 2 ? 'stimulated' : 'control')),
    is_outlier: texts('is_outlier'),
  }
  for (const name of without) delete columns[name]
  await writeAnnData(path, {
    counts: matrix(log ? data.map(Math.log1p) : data),
    ...(log && { layers: { counts: matrix(data) } }),
    obs: Object.fromEntries(
      Object.entries(columns).map(([name, values]) => [name, { kind: 'string', values }]),
    ),
    obsNames: cells.map((cell) => adata.obsNames[cell]!),
    varNames: adata.varNames.slice(0, N_GENES).map((name) => `${prefix}${name}`),
  })
}
