/**
 * Seconds and peak memory to load AnnData files of 90 million nonzeros, CSR, CSC and dense, beside anndata.read_h5ad.
 *
 *     npm run build && node bench/files/read.mjs [--python PATH] [--huge] [--json result.json]
 *
 * Linux only: both sides read /proc.
 */
import { execFileSync } from 'node:child_process'
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { list, options } from '../lib/options.mjs'
import { figure, machine, printTable, spread, spreadText, writeJson } from '../lib/output.mjs'

/** Resident memory that a reader may have: so often the bytes of the counts as CSR, and this. */
const TIMES = 1.3
const ALLOWANCE = 300e6
const HUGE_BYTES = 6e9

const flags = options('Seconds and peak memory to load AnnData files.', {
  cells: '60000',
  genes: '20000',
  density: '0.075',
  forms: 'csr,csc,dense',
  repeats: '3',
  python: process.env.SCVAE_BENCH_PYTHON ?? '',
  huge: false,
  folder: tmpdir(),
})

const program = (name) => fileURLToPath(new URL(name, import.meta.url))
const run = (command, args) =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

/** Reads a file once, so that neither side is the first to wait for the disk. */
async function warm(path) {
  for await (const _ of createReadStream(path, { highWaterMark: 1 << 24 }));
}

async function measure(folder, { form, cells, genes, repeats }) {
  const path = join(folder, `${form}.h5ad`)
  process.stderr.write(`${form}: writing ${cells} × ${genes} …\n`)
  const nonzeros = Number(
    run(process.execPath, [program('read-file.mjs'), path, form, cells, genes, flags.density].map(String)),
  )
  const ours = []
  const theirs = []
  for (let i = 0; i < repeats; i++) {
    await warm(path)
    ours.push(JSON.parse(run(process.execPath, [program('read-side.mjs'), path])))
    if (flags.python !== '') theirs.push(JSON.parse(run(flags.python, [program('read_h5ad.py'), path])))
  }
  for (const side of [...ours, ...theirs]) {
    if (side.nonzeros === nonzeros && side.sum === ours[0].sum) continue
    throw new Error(`${form}: ${side.nonzeros} nonzeros of sum ${side.sum} were read, not ${nonzeros}.`)
  }
  const csrBytes = 8 * nonzeros + 4 * (cells + 1)
  const fileBytes = statSync(path).size
  rmSync(path)
  return { form, cells, genes, nonzeros, csrBytes, fileBytes, ours: summary(ours), theirs: summary(theirs) }
}

/** Seconds of all runs and the most memory of any, or null without a run. */
function summary(runs) {
  if (runs.length === 0) return null
  return {
    seconds: spread(runs.map((one) => one.seconds)),
    peakBytes: Math.max(...runs.map((one) => one.peakBytes)),
    ...(runs[0].anndata ? { anndata: runs[0].anndata } : {}),
  }
}

function report(title, results) {
  const megabytes = (bytes) => figure(bytes / 1e6)
  printTable(
    title,
    ['', 'nonzeros', 'file MB', 's', 'anndata s', 'ratio', 'CSR MB', 'peak MB', 'bound', '', 'anndata MB'],
    results.map(({ form, nonzeros, csrBytes, fileBytes, ours, theirs, boundBytes, withinBound }) => [
      form,
      nonzeros.toLocaleString('en-US'),
      megabytes(fileBytes),
      spreadText(ours.seconds),
      theirs ? spreadText(theirs.seconds) : '–',
      theirs ? figure(theirs.seconds.median / ours.seconds.median) : '–',
      megabytes(csrBytes),
      megabytes(ours.peakBytes),
      megabytes(boundBytes),
      withinBound ? 'within' : 'EXCEEDED',
      theirs ? megabytes(theirs.peakBytes) : '–',
    ]),
  )
}

function judged(result) {
  const boundBytes = TIMES * result.csrBytes + ALLOWANCE
  return { ...result, boundBytes, withinBound: result.ours.peakBytes <= boundBytes }
}

const folder = mkdtempSync(join(flags.folder, 'scvae-read-'))
try {
  const size = { cells: Number(flags.cells), genes: Number(flags.genes), repeats: Number(flags.repeats) }
  const results = []
  for (const form of list(flags.forms)) results.push(judged(await measure(folder, { form, ...size })))
  if (flags.python === '') process.stderr.write('No --python: anndata is not measured.\n')
  report(
    `Loading ${size.cells.toLocaleString('en-US')} × ${size.genes.toLocaleString('en-US')} counts: median (quartiles) of ${size.repeats}; ratio = anndata's time over ours`,
    results,
  )
  const huge = []
  if (flags.huge) {
    const cells = Math.ceil(HUGE_BYTES / (4 * size.genes))
    huge.push(judged(await measure(folder, { ...size, form: 'plain-dense', cells, repeats: 1 })))
    report('A file of 6 GB: dense, uncompressed', huge)
  }
  writeJson(flags.json, { benchmark: 'read', machine: machine(), settings: { ...flags }, results, huge })
} finally {
  rmSync(folder, { recursive: true, force: true })
}
