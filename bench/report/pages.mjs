/**
 * Pages of many cells: size, and in headless Chromium the time to the first picture, frames while the map is moved and zoomed, and memory.
 *
 *     npm run build && node bench/report/pages.mjs [--cells 100000,1000000] [--chromium /usr/bin/chromium] [--json pages.json]
 *
 * Cells, latents and weights are made up, of the shape and the spread that a fit with the defaults has; nothing is trained. Noise compresses worse than
 * what is learned.
 */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { Random } from '../../dist/src/numeric/random.js'
import { buildReport } from '../../dist/src/report/build-report.js'
import { numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'

const flags = options('Size and speed of the report of many cells.', {
  cells: '100000,1000000',
  genes: '2000',
  frames: '60',
  chromium: '/usr/bin/chromium',
})
const [LATENT, HIDDEN, TYPES, BATCHES] = [10, 128, 20, 4]
/** The most cells whose surprising genes a page has, and genes of each. */
const [TOLD, PER_CELL] = [2000, 5]
const nGenes = Number(flags.genes)
const floats = (n, value) => Float32Array.from({ length: n }, (_, i) => value(i))

/** Layers of random weights as a fit starts with. */
function network(random, sizes, covariates) {
  const layer = (inputs, outputs, rows) => ({
    ...{ inputs, outputs },
    weight: floats((inputs + rows) * outputs, () => random.normal() / Math.sqrt(inputs)),
    bias: floats(outputs, () => random.normal() / 10),
  })
  const [inputs, hidden, outputs] = sizes
  const rows = covariates.categories.reduce((a, b) => a + b, 0)
  return {
    layers: [{ ...layer(inputs, hidden, rows), covariates, layerNorm: false }],
    head: layer(hidden, outputs, 0),
  }
}

function reportOf(n) {
  const random = new Random(1)
  const type = Int32Array.from({ length: n }, () => Math.floor(TYPES * random.next() ** 1.5))
  const batch = Int32Array.from({ length: n }, () => random.integer(BATCHES))
  const centres = floats(TYPES * LATENT, () => 1.5 * random.normal())
  const latent = floats(
    n * LATENT,
    (at) => centres[type[Math.floor(at / LATENT)] * LATENT + (at % LATENT)] + 0.4 * random.normal(),
  )
  const places = floats(
    n * 2,
    (at) => 4 * latent[Math.floor(at / 2) * LATENT + (at % 2)] + 0.5 * random.normal(),
  )
  const letters = 'ACGT'
  const barcode = (cell) =>
    `${Array.from({ length: 16 }, () => letters[random.integer(4)]).join('')}-${batch[cell] + 1}`
  const numeric = (name, value) => ({ kind: 'numeric', name, values: floats(n, value) })
  const categories = (count, word) => Array.from({ length: count }, (_, i) => `${word}${i}`)
  const genes = categories(nGenes, 'GENE')
  const none = { categories: [0], continuous: 0 }
  const description = [{ key: 'batch', categories: categories(BATCHES, 'batch ') }]
  return {
    run: {
      command: 'scvae fit made-up.h5ad',
      version: '',
      seed: 1,
      device: '',
      kernels: '',
      kernelsId: null,
      threads: 1,
      startedAt: '',
      seconds: 1,
      timings: [],
    },
    data: {
      path: 'made-up.h5ad',
      files: ['made-up.h5ad'],
      nCells: n,
      nGenes,
      totalGenes: nGenes,
      nonzeros: 0,
      missing: 0,
      countsSource: 'X',
      cellsLeftOut: 0,
      sha256: null,
    },
    ...{ settings: [], defaults: [], warnings: [], history: [], metrics: [], latentKl: [], alongWith: [] },
    cellNames: Array.from({ length: n }, (_, cell) => barcode(cell)),
    umap: { values: places, rows: n, columns: 2 },
    colorings: [
      { kind: 'categorical', name: 'scvae_leiden', categories: categories(TYPES, ''), codes: type },
      { kind: 'categorical', name: 'batch', categories: description[0].categories, codes: batch },
      {
        kind: 'categorical',
        name: 'outlier reason',
        categories: ['none', 'few counts'],
        codes: Int32Array.from({ length: n }, () => Number(random.next() < 0.01)),
      },
      numeric('outlier score', () => -Math.log10(1 - random.next())),
      numeric('library size', () => Math.round(Math.exp(8 + 0.6 * random.normal()))),
      numeric('surprise z', () => random.normal()),
    ],
    model: {
      decoder: {
        ...network(random, [LATENT, HIDDEN, nGenes], { categories: [BATCHES], continuous: 0 }),
        ...{ covariates: none, scale: 'softmax', softmaxLatent: false },
      },
      encoder: network(random, [nGenes, HIDDEN, LATENT], none),
      genes,
      query: {
        genes: { genes },
        covariates: {
          categorical: description,
          continuous: [],
          sizeFactorKey: null,
          encodeCovariates: false,
        },
        countsSource: 'X',
      },
      batchKey: 'batch',
      batches: description[0].categories,
      latent: { values: latent, rows: n, columns: LATENT },
      covariates: { codes: [batch], values: [] },
      logDenominators: floats(n, () => Math.log(nGenes) + 0.1 * random.normal()),
      surprising: {
        cells: Int32Array.from({ length: TOLD }, (_, i) => Math.floor((i * n) / TOLD)),
        perCell: PER_CELL,
        genes: Int32Array.from({ length: TOLD * PER_CELL }, () => random.integer(nGenes)),
        observed: floats(TOLD * PER_CELL, () => random.integer(40)),
        expected: floats(TOLD * PER_CELL, () => 10 * random.next()),
      },
    },
  }
}

/** Notes when the map has been drawn for the first time. */
const WATCH = `{
  const look = () => {
    if (document.getElementById('summary')?.textContent) requestAnimationFrame(() => requestAnimationFrame(() => { window.drawn = performance.now() }))
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}`

/** Presses one of two keys in every frame, each so many times in turn; gives the milliseconds between frames. */
const PRESS = (frames, times, [one, other]) => `new Promise((resolve) => {
  const map = document.getElementById('map')
  const times = []
  const step = (now) => {
    times.push(now)
    if (times.length > ${frames}) return resolve(times.slice(1).map((time, i) => time - times[i]))
    map.dispatchEvent(new KeyboardEvent('keydown', { key: times.length % ${2 * times} < ${times} ? '${one}' : '${other}' }))
    requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
})`

/** When the map was drawn, in milliseconds; asked for again and again, as the page forbids the eval by which Playwright waits. */
async function drawnAt(page) {
  for (let tries = 0; tries < 2400; tries++) {
    const drawn = await page.evaluate('window.drawn ?? 0')
    if (drawn > 0) return drawn
    await delay(50)
  }
  throw new Error('No map was drawn within two minutes.')
}

async function measured(file) {
  const browser = await chromium.launch({
    executablePath: flags.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  try {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
    await page.addInitScript(WATCH)
    await page.goto(pathToFileURL(file).href)
    const firstPicture = await drawnAt(page)
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    const metric = async (name) =>
      (await session.send('Performance.getMetrics')).metrics.find((one) => one.name === name).value
    const frames = Number(flags.frames)
    const before = await metric('ScriptDuration')
    const pressed = async (inTurn, keys) =>
      (await page.evaluate(PRESS(frames, inTurn, keys))).sort((a, b) => a - b)
    const times = await pressed(10, ['ArrowLeft', 'ArrowRight'])
    const script = ((await metric('ScriptDuration')) - before) / frames
    const zooming = await pressed(1, ['+', '-'])
    const heap = await metric('JSHeapUsedSize')
    const processes = await (await browser.newBrowserCDPSession()).send('SystemInfo.getProcessInfo')
    const resident = processes.processInfo
      .filter(({ type }) => type === 'renderer')
      .map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))[1]) * 1024)
    return {
      firstPicture,
      frame: times[times.length >> 1],
      slowest: times.at(-1),
      zoom: zooming[zooming.length >> 1],
      script: 1000 * script,
      heap,
      resident: Math.max(...resident),
    }
  } finally {
    await browser.close()
  }
}

const folder = mkdtempSync(join(tmpdir(), 'scvae-pages-'))
const rows = []
try {
  for (const n of numbers(flags.cells)) {
    const file = join(folder, 'page.html')
    writeFileSync(file, buildReport(reportOf(n)))
    rows.push({ cells: n, bytes: statSync(file).size, ...(await measured(file)) })
  }
} finally {
  rmSync(folder, { recursive: true })
}
printTable(
  `The report in headless Chromium (${nGenes} genes)`,
  [
    'cells',
    'page, MB',
    'first picture, s',
    'frame, ms',
    'slowest, ms',
    'zoom, ms',
    'script a frame, ms',
    'heap, MB',
    'renderer, MB',
  ],
  rows.map((row) => [
    row.cells,
    figure(row.bytes / 1e6),
    figure(row.firstPicture / 1000),
    figure(row.frame),
    figure(row.slowest),
    figure(row.zoom),
    figure(row.script),
    figure(row.heap / 1e6),
    figure(row.resident / 1e6),
  ]),
)
writeJson(flags.json, { machine: machine(), rows })
