import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddingScores, METRICS } from '../../../src/analysis/metrics/evaluate.js'
import type { DeComparison } from '../../../src/report/de-data.js'
import { buildDeReport } from '../../../src/report/de-report.js'
import { buildFindingsPage } from '../../../src/report/findings-page.js'
import { buildScoresPage } from '../../../src/report/scores-page.js'
import { buildTunePage } from '../../../src/report/tune-page.js'
import { axeFaults } from './axe.js'
import { launchBrowser, NO_BROWSER } from './opened-page.js'

if (NO_BROWSER !== undefined) it.skip(`Pages without scripts are not tested in a browser: ${NO_BROWSER}`)

const compared = (group1: string): DeComparison => ({
  ...{ group1, group2: 'Rest', nCells1: 1200, nCells2: 34 },
  ...{ mode: 'change', delta: 0.25, fdrTarget: 0.05 },
  genes: Array.from({ length: 50 }, (_, gene) => ({
    gene: `gene ${gene}`,
    probaNotDe: 0.01,
    bayesFactor: 4.6,
    isDe: gene % 3 > 0,
    effect: (gene % 7) - 3,
    rawNormalizedMean1: 3,
    rawNormalizedMean2: 1,
    nonZerosProportion1: 0.5,
    nonZerosProportion2: 0.25,
  })),
})

const scores = Object.fromEntries(METRICS.map(({ name }) => [name, 0.5])) as EmbeddingScores

const trial = (candidate: number) => ({
  ...{ candidate, bound: { value: -900 - candidate, error: 1 } },
  ...{ mixing: 0.4, score: 0.5 },
})

const PAGES: Record<string, () => string> = {
  'differential expression': () =>
    buildDeReport({
      title: 'cells.h5ad',
      comparisons: Array.from({ length: 4 }, (_, group) => compared(`group ${group}`)),
      settings: [['Model', 'model']],
      warnings: ['A group is small.'],
    }),
  scores: () =>
    buildScoresPage({
      title: 'cells.h5ad',
      notes: ['3 cells'],
      scored: [{ name: 'X_scvae', scores, aggregate: { bio: 0.5, batch: 0.5, total: 0.5 } }],
    }),
  findings: () =>
    buildFindingsPage({
      ...{ title: 'cells.h5ad', kind: 'scvae diagnose', verdict: 'All is well.' },
      findings: [
        { title: 'Bound', grade: 'good', sentence: 'It is tight.', figures: [['gap', '1']] },
        { title: 'Holes', grade: 'attention', sentence: 'There are some.', figures: [] },
        { title: 'Counts', grade: 'unknown', sentence: 'Not measured.', figures: [] },
      ],
      chart: {
        ...{ title: 'Rate and distortion', xLabel: 'rate', yLabel: 'distortion', lineName: 'fits' },
        line: [
          { x: 1, y: 2, label: 'one' },
          { x: 2, y: 1, label: 'two' },
        ],
        mark: { x: 1.5, y: 1.4, label: 'the fit' },
      },
      tables: [
        {
          ...{ title: 'Crossings', note: 'Of all pairs.' },
          rows: Array.from({ length: 20 }, (_, row) => Array.from({ length: 12 }, (_, i) => `${row} ${i}`)),
        },
      ],
    }),
  tuning: () =>
    buildTunePage({
      ...{ title: 'cells.h5ad', verdict: 'The first is best.', command: `scvae fit ${'long '.repeat(80)}` },
      found: {
        candidates: [0, 1],
        rungs: [
          { maxEpochs: 10, trials: [trial(0), trial(1)] },
          { maxEpochs: 30, trials: [trial(0)] },
        ],
        ranking: [0, 1],
      },
      nameOf: (candidate) => `candidate ${candidate} of long settings`,
    }),
}

const SIZES = { desktop: { width: 1200, height: 900 }, phone: { width: 390, height: 844 } }

describe.skipIf(NO_BROWSER !== undefined)('a page without scripts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-plain-'))
  let browser: Browser

  beforeAll(async () => {
    browser = await launchBrowser()
  })

  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  const opened = async (name: string, size: keyof typeof SIZES, colorScheme: 'light' | 'dark') => {
    const file = join(folder, `${name}.html`)
    writeFileSync(file, PAGES[name]!())
    const page = await browser.newPage({ viewport: SIZES[size], colorScheme })
    await page.goto(pathToFileURL(file).href)
    return page
  }

  it.each(Object.keys(PAGES))('has no fault that axe finds and keeps within a phone: %s', async (name) => {
    for (const size of ['desktop', 'phone'] as const) {
      for (const scheme of ['light', 'dark'] as const) {
        const page = await opened(name, size, scheme)
        expect(await axeFaults(page), `${size}, ${scheme}`).toEqual([])
        const width = await page.evaluate('document.documentElement.scrollWidth')
        expect(width).toBeLessThanOrEqual(SIZES[size].width)
        await page.close()
      }
    }
  })

  it('scrolls what has no room by the keyboard', async () => {
    const page = await opened('findings', 'phone', 'light')
    await page.locator('.table').focus()
    await page.keyboard.press('ArrowRight')
    await page.waitForFunction('document.querySelector(".table").scrollLeft > 0')
    await page.close()
  })

  it('prints in light colours for a reader who has dark ones', async () => {
    const page = await opened('scores', 'desktop', 'dark')
    const color = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const dark = await color()
    await page.emulateMedia({ media: 'print' })
    const printed = await color()
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' })
    expect(printed).toBe(await color())
    expect(printed).not.toBe(dark)
    await page.close()
  })
})
