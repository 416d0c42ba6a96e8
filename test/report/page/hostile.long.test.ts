import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportModel } from '../../../src/cli/fit/report-model.js'
import { createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import { buildReport } from '../../../src/report/build-report.js'
import { namedData, trainedOn } from '../../models/trained-small.js'
import { buildPage } from '../build-page.js'
import { sampleReport } from '../sample-report.js'
import { axeFaults } from './axe.js'
import { NO_BROWSER, type OpenedPage, openPage } from './opened-page.js'

if (NO_BROWSER !== undefined) it.skip(`Hostile names are not tested in a browser: ${NO_BROWSER}`)

const MARKUP = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
const ODD = [
  MARKUP,
  `'"\`\n\r\t\u2028</script><!--`,
  'k'.repeat(10_000),
  '🧬👩‍🔬\u202eabc',
  '{{title}} $& $1',
  '',
]

describe.skipIf(NO_BROWSER !== undefined)('a page of hostile names', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-hostile-'))
  const device = await createCpuDevice({ threads: 1 })
  let opened: OpenedPage
  let page: Page

  beforeAll(async () => {
    buildPage()
    const data = namedData()
    const names = data.varNames.map((name, gene) => ODD[gene] || name)
    await using model = await trainedOn({ ...data, varNames: names }, device, join(folder, 'model'))
    const latent = await model.getLatentRepresentation()
    const n = latent.rows
    const sample = sampleReport(n, 4)
    const many = Array.from({ length: 5000 }, (_, code) => `${ODD[code % ODD.length]}${code}`)
    const file = join(folder, 'report.html')
    const html = buildReport({
      ...sample,
      data: { ...sample.data, path: MARKUP, files: [...ODD] },
      run: { ...sample.run, command: ODD.join(' ') },
      warnings: ODD.map((name) => ({
        ...{ what: `a column called ${name} is odd`, why: `it is ${name}`, measure: name },
        ...{ value: 3, threshold: 2, advice: `look at ${name}` },
      })),
      settings: ODD.map((name) => [name, name]),
      cellNames: Array.from({ length: n }, (_, cell) => ODD[cell] ?? `cell ${cell}`),
      colorings: [
        {
          kind: 'categorical',
          name: MARKUP,
          categories: ODD,
          codes: Int32Array.from({ length: n }, (_, i) => (i % 7) - 1),
        },
        {
          kind: 'categorical',
          name: '5,000',
          categories: many,
          codes: Int32Array.from({ length: n }, (_, i) => (41 * i) % 5000),
        },
        { kind: 'categorical', name: 'constant', categories: ['one'], codes: new Int32Array(n) },
        { kind: 'numeric', name: 'constant number', values: new Float32Array(n).fill(3) },
        { kind: 'numeric', name: 'no number', values: new Float32Array(n).fill(Number.NaN) },
        {
          kind: 'numeric',
          name: 'k'.repeat(10_000),
          values: Float32Array.from({ length: n }, (_, i) => (i % 2 ? 1 / 0 : -i)),
        },
      ],
      outliers: {
        ...sample.outliers!,
        labelName: MARKUP,
        rows: sample.outliers!.rows.map((row, i) => ({ ...row, cell: ODD[i]!, label: ODD[i + 1]! })),
      },
      alongWith: [{ name: MARKUP, share: 0.5 }],
      model: await reportModel(model, latent),
    })
    writeFileSync(file, html)
    opened = await openPage(file)
    page = opened.page
  }, 120_000)

  afterAll(async () => {
    await opened?.browser.close()
    await device.dispose()
    rmSync(folder, { recursive: true })
  })

  const isSafe = async () => {
    expect(await page.evaluate('window.hit')).toBeUndefined()
    expect(await page.locator('main img').count()).toBe(0)
    expect(opened.trouble).toEqual([])
    expect(opened.requests.filter((url) => !/^(file|blob|data):/.test(url))).toEqual([])
  }

  it('shows names as they are, in every colouring', async () => {
    const options = await page.locator('#coloring option').count()
    expect(options).toBe(6)
    for (let i = 0; i < options; i++) {
      await page.locator('#coloring').selectOption({ index: i })
      await page.locator('#legend h3').waitFor()
    }
    await page.locator('#coloring').selectOption({ index: 0 })
    const labels = await page.$$eval('#legend .label', (all) => all.map(({ textContent }) => textContent))
    expect(labels).toEqual([...ODD, 'missing'])
    await isSafe()
  })

  it('names the most frequent of 5,000 categories, and searches them', async () => {
    await page.locator('#coloring').selectOption({ index: 1 })
    expect(await page.locator('#legend .category').count()).toBeLessThanOrEqual(200)
    await page.locator('#legend .search').fill(MARKUP.toUpperCase())
    expect(await page.locator('#legend .category').count()).toBeGreaterThan(0)
    await page.locator('#legend .search').fill('no such name')
    expect(await page.locator('#legend .category').count()).toBe(0)
    await isSafe()
  })

  it('colours by a gene and compares groups whatever their names', async () => {
    await page.locator('#gene').fill(MARKUP)
    await page.locator('#gene').press('Enter')
    await page.locator('#legend h3', { hasText: MARKUP }).waitFor()
    await page.locator('#group-a').selectOption({ index: 1 })
    await page.locator('#compare').click()
    await page.locator('#compare-result table').waitFor()
    await isSafe()
  })

  it('keeps within the width of a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    const wide = `[...document.querySelectorAll('*')]
      .filter((one) => one.getBoundingClientRect().right > 390 && !one.closest('.table, svg'))
      .map((one) => one.outerHTML.slice(0, 80))`
    expect(await page.evaluate(wide)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    await page.setViewportSize({ width: 1200, height: 900 })
  })

  it.each(['light', 'dark'] as const)('has no fault that axe finds, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    expect(await axeFaults(page)).toEqual([])
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await axeFaults(page)).toEqual([])
    await page.setViewportSize({ width: 1200, height: 900 })
  })

  it('prints without its controls', async () => {
    await page.emulateMedia({ media: 'print' })
    expect(await page.locator('#model-tools').isVisible()).toBe(false)
    expect(await page.locator('#points').isVisible()).toBe(true)
    // the width of a sheet, on which nothing scrolls
    await page.setViewportSize({ width: 720, height: 900 })
    const wide = `[...document.querySelectorAll('.table')].filter((one) => one.scrollWidth > one.clientWidth + 1).length`
    expect(await page.locator('.table').count()).toBeGreaterThan(0)
    expect(await page.evaluate(wide)).toBe(0)
    await page.setViewportSize({ width: 1200, height: 900 })
    await page.emulateMedia({ media: 'screen' })
  })

  it('prints in light colours for a reader who has dark ones', async () => {
    const looks = async () => ({
      text: await page.evaluate('getComputedStyle(document.body).color'),
      field: await page.evaluate('getComputedStyle(document.getElementById("gene")).colorScheme'),
      cells: await page.evaluate('document.getElementById("points").toDataURL()'),
    })
    await page.locator('#coloring').selectOption('gene')
    await page.emulateMedia({ colorScheme: 'light', media: 'screen' })
    // a page hears of its colours with a frame
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
    const light = await looks()
    const cells = async () => (await looks()).cells
    await page.emulateMedia({ colorScheme: 'dark', media: 'screen' })
    await expect.poll(cells).not.toBe(light.cells)
    const dark = await looks()
    await page.emulateMedia({ colorScheme: 'dark', media: 'print' })
    await expect.poll(cells).toBe(light.cells)
    const printed = await looks()
    await page.emulateMedia({ colorScheme: 'light', media: 'screen' })
    expect(dark.text).not.toBe(light.text)
    expect(printed.text).toBe(light.text)
    expect(printed.field).toBe('light only')
  })
})
