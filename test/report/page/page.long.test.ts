import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tableFromArrays } from 'apache-arrow'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { takeCounts } from '../../../src/anndata/counts/take-counts.js'
import { readAnnData } from '../../../src/anndata/read.js'
import { writeAnnData } from '../../../src/anndata/write/anndata.js'
import { reportModel } from '../../../src/cli/fit/report-model.js'
import { createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import type { SCVI } from '../../../src/models/scvi.js'
import { buildReport } from '../../../src/report/build-report.js'
import { scvae } from '../../cli/scvae.js'
import { namedData, trainedOn } from '../../models/trained-small.js'
import { buildPage } from '../build-page.js'
import { sampleReport } from '../sample-report.js'
import { axeFaults } from './axe.js'
import { NO_BROWSER, type OpenedPage, openPage } from './opened-page.js'

if (NO_BROWSER !== undefined) it.skip(`The page is not tested in a browser: ${NO_BROWSER}`)

describe.skipIf(NO_BROWSER !== undefined)('the report in a browser', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-page-'))
  const device = await createCpuDevice({ threads: 2 })
  const data = namedData()
  let model: SCVI
  let opened: OpenedPage
  let page: Page

  beforeAll(async () => {
    buildPage()
    model = await trainedOn(data, device, join(folder, 'model'))
    const latent = await model.getLatentRepresentation()
    const sample = sampleReport(latent.rows, 4)
    const file = join(folder, 'report.html')
    writeFileSync(
      file,
      buildReport({ ...sample, model: await reportModel(model, latent, scoresOf(latent.rows)) }),
    )
    opened = await openPage(file)
    page = opened.page
  }, 120_000)

  afterAll(async () => {
    await opened?.browser.close()
    await model?.dispose()
    await device.dispose()
    rmSync(folder, { recursive: true })
  })

  /** Every cell but the last is told of: the cells have scores in their own order, and that one has none. */
  const scoresOf = (n: number) => ({
    p: Float64Array.from({ length: n }, (_, cell) => (cell === n - 1 ? Number.NaN : cell / n)),
    flag: Uint8Array.from({ length: n }, (_, cell) => (cell < 3 ? 1 : 0)),
  })

  /** What the card of a cell that is named by its neighbours' buttons says of a colouring. */
  const cardFacts = () =>
    page.$$eval('#cell-card dl > div', (facts) =>
      facts.map(
        (fact) => [fact.querySelector('dt')!.textContent, fact.querySelector('dd')!.textContent] as const,
      ),
    )

  /** Clicks on cells of the map until one is found. */
  async function clickOnACell(): Promise<string> {
    await page.locator('#map').evaluate((map) => map.scrollIntoView({ block: 'center' }))
    const box = (await page.locator('#points').boundingBox())!
    for (let x = 0.1; x < 0.95; x += 0.02) {
      for (let y = 0.1; y < 0.95; y += 0.1) {
        await page.mouse.click(box.x + x * box.width, box.y + y * box.height)
        if (await page.locator('#cell-card').isVisible())
          return (await page.locator('#cell-card h3').textContent())!
      }
    }
    throw new Error('no cell was found on the map')
  }

  async function showGene(name: string): Promise<void> {
    await page.locator('#gene').fill(name)
    await page.locator('#gene').press('Enter')
    await page.locator('#legend h3', { hasText: name }).waitFor()
  }

  it('opens from disk, asks for nothing and has no error', () => {
    expect(opened.trouble).toEqual([])
    expect(
      opened.requests.filter(
        (url) => !url.startsWith('file:') && !url.startsWith('blob:') && !url.startsWith('data:'),
      ),
    ).toEqual([])
  })

  it('has bars of one list on one scale, whatever stands beside them', async () => {
    const widths = (await page.evaluate(
      `[...document.querySelectorAll('.bars')].map((list) => [...list.querySelectorAll('.track')].map((track) => Math.round(track.getBoundingClientRect().width)))`,
    )) as number[][]
    expect(widths.length).toBeGreaterThan(0)
    for (const list of widths) expect(new Set(list).size).toBe(1)
    for (const list of widths) expect(list[0]).toBeGreaterThan(79)
  })

  it('colours cells by any gene, as normalize has it at the posterior mean', async () => {
    const genes = model.description.genes
    const expected = await model.getNormalizedExpression({ nSamples: 0, librarySize: 1e4 })
    for (const gene of [0, 7, genes.length - 1]) {
      await showGene(genes[gene]!)
      const name = await clickOnACell()
      const cell = sampleReport(expected.rows, 4).cellNames.indexOf(name)
      const facts = new Map(await cardFacts())
      const value = expected.values[cell * expected.columns + gene]!
      expect(Math.abs(Number(facts.get(genes[gene]!)) / value - 1)).toBeLessThan(1e-2)
    }
  })

  it('tells the most surprising counts of a cell beside what normalize expects', async () => {
    const { genes } = model.description
    const name = await clickOnACell()
    const cell = sampleReport(model.cells.nCells, 4).cellNames.indexOf(name)
    const rows = await page.$$eval('#cell-card tbody tr', (all) =>
      all.map((row) => Array.from(row.children, ({ textContent }) => textContent)),
    )
    expect(rows).toHaveLength(5)
    const { values, columns } = await model.getNormalizedExpression({ nSamples: 0 })
    const counted = data.counts.row(cell)
    for (const [gene, observed, expected] of rows) {
      const at = genes.indexOf(gene!)
      const place = counted.genes.indexOf(at)
      expect(Number(observed)).toBe(place < 0 ? 0 : counted.counts[place])
      const value = model.cells.size[cell]! * values[cell * columns + at]!
      expect(Math.abs(Number(expected) / value - 1)).toBeLessThan(1e-3)
    }
    await page.locator('#cell-card tbody button').first().click()
    await page.locator('#legend h3', { hasText: rows[0]![0]! }).waitFor()
  })

  it('shows the card of a cell that the table of unusual cells names', async () => {
    await page.locator('td.cell button', { hasText: 'CELL-9' }).click()
    expect(await page.locator('#cell-card h3').textContent()).toBe('CELL-9')
    expect(await page.evaluate('document.getElementById("layout").getBoundingClientRect().top')).toBeLessThan(
      10,
    )
  })

  it('shows a gene as if all cells were in another batch', async () => {
    const { genes, categorical } = model.description
    const batch = categorical[0]!.categories[1]!
    await page.locator('#as-batch').selectOption({ label: batch })
    await showGene(genes[3]!)
    await page.locator('#legend .note', { hasText: `had it been in ${batch}` }).waitFor()
    const name = await clickOnACell()
    const expected = await model.getNormalizedExpression({
      nSamples: 0,
      librarySize: 1e4,
      transformBatch: batch,
    })
    const cell = sampleReport(expected.rows, 4).cellNames.indexOf(name)
    const value = expected.values[cell * expected.columns + 3]!
    expect(Math.abs(Number(new Map(await cardFacts()).get(genes[3]!)) / value - 1)).toBeLessThan(1e-2)
    await page.locator('#as-batch').selectOption({ label: 'its own' })
    // the gene that is shown is asked for again
    await page.locator('#legend .note', { hasText: 'counts of a cell.' }).waitFor()
    await page.locator('#as-batch').selectOption({ label: batch })
    await page.locator('#legend .note', { hasText: `had it been in ${batch}` }).waitFor()
    expect(await page.locator('#legend h3').textContent()).toBe(genes[3])
    await page.locator('#as-batch').selectOption({ label: 'its own' })
  })

  it('says of a name that is no gene that it is none', async () => {
    const shown = await page.locator('#legend h3').textContent()
    const complaint = () => page.evaluate('document.getElementById("gene").validationMessage')
    await page.locator('#gene').fill('no such gene')
    await page.locator('#gene').press('Enter')
    expect(await complaint()).toBe('The model has no gene of this name.')
    expect(await page.locator('#legend h3').textContent()).toBe(shown)
    await page.locator('#gene').fill('')
    await page.locator('#gene').press('Tab')
    expect(await complaint()).toBe('')
  })

  it('compares two groups by the means that normalize has', async () => {
    const sample = sampleReport(model.cells.nCells, 4)
    const types = sample.colorings[0]!
    if (types.kind !== 'categorical') throw new Error('expected types')
    await page.locator('#group-a').selectOption({ label: `${types.name}: ${types.categories[1]}` })
    await page.locator('#compare').click()
    const waiting = page.waitForEvent('download')
    await page.locator('#compare-result button', { hasText: 'All genes' }).click()
    const file = join(folder, 'comparison.csv')
    await (await waiting).saveAs(file)
    const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1)
    const { values, columns } = await model.getNormalizedExpression({ nSamples: 0 })
    const means = [1, 0].map((own) => {
      const cells = Array.from(types.codes, (code, cell) =>
        (code === 1 ? 1 : 0) === own ? cell : -1,
      ).filter((cell) => cell >= 0)
      return (gene: number) =>
        cells.reduce((sum, cell) => sum + values[cell * columns + gene]!, 0) / cells.length
    })
    expect(rows).toHaveLength(columns)
    for (const [gene, row] of rows.entries()) {
      const [, a, b] = row.split(',').map(Number)
      expect(Math.abs(a! / means[0]!(gene) - 1)).toBeLessThan(1e-2)
      expect(Math.abs(b! / means[1]!(gene) - 1)).toBeLessThan(1e-2)
    }
  })

  it('takes the cells of a lasso, and zooms by the keyboard', async () => {
    await page.locator('#coloring').selectOption({ label: 'cell type' })
    await page.locator('#map').evaluate((map) => map.scrollIntoView({ block: 'center' }))
    const box = (await page.locator('#points').boundingBox())!
    await page.locator('#lasso').click()
    const corners = [
      [0.02, 0.02],
      [0.98, 0.02],
      [0.98, 0.98],
      [0.02, 0.98],
    ]
    await page.mouse.move(box.x + 0.02 * box.width, box.y + 0.1 * box.height)
    await page.mouse.down()
    // over the names of categories, which have a light halo
    const inked = () =>
      page.evaluate(`(() => {
        const canvas = document.getElementById('overlay')
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        let dark = 0
        for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200 && data[i] < 60) dark++
        return dark
      })()`) as Promise<number>
    const before = await inked()
    for (const [x, y] of corners)
      await page.mouse.move(box.x + x! * box.width, box.y + y! * box.height, { steps: 4 })
    await page.waitForTimeout(100)
    expect(await inked()).toBeGreaterThan(before + 500)
    await page.mouse.up()
    await page.locator('#lasso').click()
    const said = (await page.locator('#compare-status').textContent())!
    expect(Number(/^([\d,]+) cells/.exec(said)![1]!.replace(',', ''))).toBeGreaterThan(
      0.9 * model.cells.nCells,
    )
    // a cell of both groups is of the first
    await page.locator('#group-a').selectOption({ label: 'cell type: type <1>' })
    await page.locator('#group-b').selectOption('lasso 1')
    const of = Number(
      /\(([\d,]+) cells\)/.exec((await page.locator('#group-b option:checked').textContent())!)?.[1],
    )
    await page.locator('#compare').click()
    await page.locator('#compare-status', { hasText: 'Means of' }).waitFor()
    const [, a, b] = /: ([\d,]+) cells in A, ([\d,]+) in B/.exec(
      (await page.locator('#compare-status').textContent())!,
    )!
    expect(of).toBeGreaterThan(Number(a))
    expect(Number(b)).toBeLessThan(of)
    expect(Number(a) + Number(b)).toBeLessThanOrEqual(model.cells.nCells)
    await page.locator('#map').focus()
    expect(await page.locator('#reset-view').isVisible()).toBe(false)
    await page.keyboard.press('+')
    expect(await page.locator('#reset-view').isVisible()).toBe(true)
    await page.keyboard.press('0')
    expect(await page.locator('#reset-view').isVisible()).toBe(false)
  })

  it('moves by dragging, which is no click on a cell', async () => {
    await clickOnACell()
    const card = () => page.locator('#cell-card h3').textContent()
    const [before, box] = [await card(), (await page.locator('#points').boundingBox())!]
    const at = (x: number, y: number) => [box.x + x * box.width, box.y + y * box.height] as const
    for (const y of [0.3, 0.5, 0.7]) {
      await page.mouse.move(...at(0.3, y))
      await page.mouse.down()
      await page.mouse.move(...at(0.35, y), { steps: 3 })
      await page.mouse.up()
      expect(await page.locator('#cell-card').isVisible()).toBe(true)
      expect(await card()).toBe(before)
    }
    expect(await page.locator('#reset-view').isVisible()).toBe(true)
    await page.locator('#reset-view').click()
  })

  it('shows the same cells however it came to where it is', async () => {
    const keep = (name: string) => `{
      const points = document.getElementById('points')
      const canvas = document.createElement('canvas')
      Object.assign(canvas, { width: points.width, height: points.height })
      const context = canvas.getContext('2d')
      context.drawImage(points, 0, 0)
      window.${name} = context.getImageData(0, 0, canvas.width, canvas.height).data
    }`
    const [first, second] = await page.$$eval('#coloring option', (all) =>
      all.map(({ value }) => value).slice(-2),
    )
    const recolored = async () => {
      for (const value of [second!, first!]) await page.locator('#coloring').selectOption(value)
      await page.waitForTimeout(100)
    }
    // so close that cells lie beyond the picture
    for (let times = 0; times < 2; times++) await page.locator('#map').press('+')
    await recolored()
    // the first key draws a picture to be moved; the others move it, and leave it once
    for (const keys of [
      ['ArrowUp', 'ArrowLeft'],
      ['ArrowLeft', 'ArrowDown', 'ArrowDown'],
      ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight'],
    ]) {
      for (const key of keys) {
        await page.locator('#map').press(key)
        await page.waitForTimeout(50)
      }
      await page.evaluate(keep('moved'))
      // in other colours and back all is drawn anew, where the map is now
      await recolored()
      await page.evaluate(keep('drawn'))
      const [other, inked] = (await page.evaluate(
        `[window.drawn.filter((value, i) => Math.abs(value - window.moved[i]) > 8).length, window.drawn.filter((value) => value > 0).length]`,
      )) as [number, number]
      expect(inked).toBeGreaterThan(200)
      // the edge of a cell or two may fall to the other side of a pixel's middle
      expect(other).toBeLessThan(inked / 200)
    }
    await page.locator('#reset-view').click()
  })

  it('tells the value of the cell under the pointer, and puts rings around a cell and its nearest', async () => {
    await page.locator('#coloring').selectOption({ label: 'outlier score' })
    const overlay = () => page.evaluate('document.getElementById("overlay").toDataURL()')
    const name = await clickOnACell()
    const score = new Map(await cardFacts()).get('outlier score')
    expect(await page.locator('#tooltip').textContent()).toBe(`${name}outlier score: ${score}`)
    await page.locator('#cell-card', { hasText: 'Nearest cells' }).waitFor()
    const ringed = await overlay()
    await page.locator('#cell-card .close').click()
    await page.waitForTimeout(100)
    expect(await overlay()).not.toBe(ringed)
    await page.mouse.move(5, 5)
    expect(await page.locator('#tooltip').isVisible()).toBe(false)
  })

  it('says how many cells have no value of a number', async () => {
    const sizes = sampleReport(model.cells.nCells, 4).colorings[2]!
    if (sizes.kind !== 'numeric') throw new Error('expected a number')
    const missing = Array.from(sizes.values).filter(Number.isNaN).length
    await page.locator('#coloring').selectOption({ label: sizes.name })
    expect(await page.locator('#legend .note').textContent()).toBe(
      `${missing} cells without a value are grey.`,
    )
    await page.locator('#coloring').selectOption({ label: 'outlier score' })
    expect(await page.locator('#legend .note').count()).toBe(0)
  })

  const status = () => page.locator('#other-status').textContent()

  it('maps the cells of a file, as embed has them', async () => {
    const genes = Int32Array.from({ length: data.nGenes - 2 }, (_, i) => data.nGenes - 1 - i)
    const cells = Int32Array.from({ length: data.nCells }, (_, cell) => cell)
    const path = join(folder, 'other "cells".h5ad')
    await writeAnnData(path, {
      counts: takeCounts(data.counts, cells, genes),
      obs: tableFromArrays({ batch: data.obs.getChild('batch')!.toArray() }),
      obsNames: data.obsNames,
      varNames: Array.from(genes, (gene) => data.varNames[gene]!),
    })
    await page.locator('#other-file').setInputFiles(path)
    await page.locator('#other-result button').first().waitFor()
    expect(await status()).toBe(
      `other "cells".h5ad: ${data.nCells} cells, squares on the map. ${data.nGenes - 2} of ${data.nGenes} genes found by their names, counts from X. What the file lacks is taken as absent.`,
    )
    const overlay = () => page.evaluate('document.getElementById("overlay").toDataURL()')
    await page.waitForTimeout(100)
    const mapped = await overlay()
    const waiting = page.waitForEvent('download')
    await page.locator('#other-result button').first().click()
    const file = join(folder, 'latent.csv')
    await (await waiting).saveAs(file)
    const [head, ...rows] = readFileSync(file, 'utf8').trim().split('\n')
    expect(head).toBe('cell,z1,z2,z3')
    expect(rows).toHaveLength(data.nCells)
    const expected = await model.getLatentRepresentation({ adata: await readAnnData(path) })
    for (const [cell, row] of rows.entries()) {
      const [name, ...values] = row.split(',')
      expect(name).toBe(data.obsNames[cell])
      for (const [k, value] of values.entries())
        expect(Math.abs(Number(value) - expected.values[cell * 3 + k]!)).toBeLessThan(1e-5)
    }
    await page.locator('#other-result button', { hasText: 'Take them off' }).click()
    await page.waitForTimeout(100)
    expect(await overlay()).not.toBe(mapped)
    expect(await status()).toBe('')
  })

  it('takes a file that is dropped, and says in a sentence what is wrong with it', async () => {
    const drop = (name: string, text: string) =>
      page.evaluate(`{
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([${JSON.stringify(text)}], ${JSON.stringify(name)}))
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
      }`)
    await drop('notes<b>.h5ad', 'no HDF5')
    await page.locator('#other-status.trouble').waitFor()
    expect(await status()).toBe('"notes<b>.h5ad" is not an HDF5 file, so not an .h5ad file.')
    await drop('empty.h5ad', '')
    await page.locator('#other-status', { hasText: 'is empty' }).waitFor()
    expect(opened.trouble).toEqual([])
  })

  it('says what to do with a file of another compression, and that helps', async () => {
    // made by make-lzf.py
    copyFileSync(new URL('lzf.h5ad', import.meta.url), join(folder, 'my cells.h5ad'))
    await page.locator('#other-file').setInputFiles(join(folder, 'my cells.h5ad'))
    await page.locator('#other-status.trouble').waitFor()
    expect(await status()).toBe(
      `"my cells.h5ad": obs/_index is compressed with lzf, which a browser cannot read; the command line can. Rewrite it and drop my cells-gzip.h5ad: scvae convert 'my cells.h5ad' 'my cells-gzip.h5ad'`,
    )
    await scvae(['convert', 'my cells.h5ad', 'my cells-gzip.h5ad'], folder)
    await page.locator('#other-file').setInputFiles(join(folder, 'my cells-gzip.h5ad'))
    await page.locator('#other-result button').first().waitFor()
    expect(await status()).toContain('my cells-gzip.h5ad: 12 cells, squares on the map. 30 of 50 genes found')
  })

  it('finds a category, and fades the others', async () => {
    await page.locator('#coloring').selectOption({ index: 1 })
    const shown = () => page.locator('#summary').textContent()
    const all = await shown()
    const cells = () => page.evaluate('document.getElementById("points").toDataURL()')
    await page.waitForTimeout(100)
    const unfaded = await cells()
    await page.locator('#legend .category').first().click()
    expect(await shown()).toMatch(/ of /)
    await page.waitForTimeout(100)
    expect(await cells()).not.toBe(unfaded)
    await page.locator('#show-all').click()
    expect(await shown()).toBe(all)
    expect(opened.trouble).toEqual([])
  })

  it('has no fault that axe finds once a gene, a card and a comparison are shown', async () => {
    await showGene(model.description.genes[2]!)
    await clickOnACell()
    await page.locator('#cell-card', { hasText: 'Nearest cells' }).waitFor()
    await page.locator('#compare').click()
    await page.locator('#compare-result table').waitFor()
    for (const width of [1200, 390]) {
      await page.setViewportSize({ width, height: 900 })
      expect(await axeFaults(page), `${width} pixels`).toEqual([])
    }
    await page.setViewportSize({ width: 1200, height: 900 })
  })
})
