/**
 * Records a report in headless Chromium as a moving picture: the map, a gene, two lassos compared, the card of a cell, another batch.
 *
 *     scvae fit data/demo.h5ad --batch-key batch -o demo
 *     node scripts/record-page.mjs demo_report.html docs/report.webp [--gene NAME] [--chromium /usr/bin/chromium]
 *
 * Needs img2webp (on Debian: apt-get install webp).
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { gene: { type: 'string' }, chromium: { type: 'string', default: '/usr/bin/chromium' } },
})
const [report, output] = positionals
if (!report || !output) throw new Error('Give a report and the file to write.')

const SIZE = { width: 960, height: 760 }
/** Milliseconds of a frame while something moves, and of one to be read. */
const [MOVING, SHORT, LONG] = [70, 900, 1800]
/** Places that are looked at for cells, across and down. */
const PROBES = [48, 36]

const folder = mkdtempSync(join(tmpdir(), 'scvae-record-'))
const browser = await chromium.launch({
  executablePath: values.chromium,
  args: ['--no-sandbox', '--disable-gpu'],
})
const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' })
const frames = []

async function frame(milliseconds) {
  const file = join(folder, `${String(frames.length).padStart(4, '0')}.png`)
  await page.screenshot({ path: file })
  frames.push({ file, milliseconds })
}

/** Shows where the mouse is, which screenshots do not have. */
const POINTER = `{
  const dot = document.createElement('div')
  dot.style.cssText = 'position:fixed;z-index:9;width:16px;height:16px;margin:-8px;border-radius:8px;background:rgb(213 94 0 / .75);border:2px solid white;pointer-events:none;left:-40px;top:0'
  document.body.append(dot)
  document.addEventListener('mousemove', ({ clientX, clientY }) => { dot.style.left = clientX + 'px'; dot.style.top = clientY + 'px' }, true)
}`

/** Places of cells on the map by what the tooltip says of them. */
async function placesByValue() {
  const box = await page.locator('#points').boundingBox()
  const places = new Map()
  for (let i = 1; i < PROBES[0]; i++)
    for (let j = 1; j < PROBES[1]; j++) {
      const place = [box.x + (i / PROBES[0]) * box.width, box.y + (j / PROBES[1]) * box.height]
      await page.mouse.move(...place)
      const said = await page.evaluate(
        `document.getElementById('tooltip').hidden ? '' : document.getElementById('tooltip').lastChild.textContent`,
      )
      if (said !== '') places.set(said, [...(places.get(said) ?? []), place])
    }
  return [...places.values()].sort((a, b) => b.length - a.length)
}

const middle = (places) => {
  const of = (axis) => places.map((place) => place[axis]).sort((a, b) => a - b)[places.length >> 1]
  return [of(0), of(1)]
}

/** Draws a line around most of some places. */
async function lasso(places) {
  const [x, y] = middle(places)
  const reach = places.map((place) => Math.hypot(place[0] - x, place[1] - y)).sort((a, b) => a - b)
  const radius = reach[Math.floor(0.85 * (reach.length - 1))] + 8
  const at = (share) => [
    x + radius * Math.cos(2 * Math.PI * share),
    y + radius * Math.sin(2 * Math.PI * share),
  ]
  await page.keyboard.down('Shift')
  await page.mouse.move(...at(0))
  await page.mouse.down()
  for (let step = 1; step <= 14; step++) {
    await page.mouse.move(...at(step / 14))
    await page.waitForTimeout(40)
    if (step % 2 === 0) await frame(MOVING)
  }
  await page.mouse.up()
  await page.keyboard.up('Shift')
  await page.waitForTimeout(100)
}

const show = (id) => page.locator(id).evaluate((element) => element.scrollIntoView({ block: 'center' }))

try {
  await page.goto(pathToFileURL(report).href)
  await page.locator('#summary').filter({ hasText: 'cells' }).waitFor()
  await page.waitForTimeout(500)
  await page.evaluate(POINTER)
  await frame(SHORT)
  await page.locator('#layout').evaluate((element) => element.scrollIntoView({ block: 'start' }))
  await frame(LONG)
  const [first, second] = await placesByValue()
  await lasso(first)
  await lasso(second)
  await frame(SHORT)
  await show('#compare')
  await page.locator('#compare').click()
  await page.locator('#compare-result table').waitFor()
  await show('#compare-result table')
  await frame(LONG)
  const named = page.locator('#compare-result tbody button').first()
  const gene = values.gene ?? (await named.textContent())
  await page.locator('#layout').evaluate((element) => element.scrollIntoView({ block: 'start' }))
  await page.locator('#gene').fill(gene)
  await page.locator('#gene').press('Enter')
  await page.locator('#legend h3', { hasText: gene }).waitFor()
  await page.locator('#layout').evaluate((element) => element.scrollIntoView({ block: 'start' }))
  await page.waitForTimeout(200)
  await frame(LONG)
  if (await page.locator('#as-batch').isVisible()) {
    for (const index of [1, 2]) {
      const name = await page.locator('#as-batch option').nth(index).textContent()
      await page.locator('#as-batch').selectOption({ index })
      await page.locator('#legend .note', { hasText: `had it been in ${name}` }).waitFor()
      await page.locator('#layout').evaluate((element) => element.scrollIntoView({ block: 'start' }))
      await page.waitForTimeout(200)
      await frame(SHORT)
    }
    await page.locator('#as-batch').selectOption({ index: 0 })
  }
  await page.locator('[data-cell] button').first().click()
  await page.locator('#cell-card', { hasText: 'Nearest cells' }).waitFor()
  await page.waitForTimeout(200)
  await frame(SHORT)
  await show('#cell-card')
  await frame(LONG)
  const words = frames.flatMap(({ file, milliseconds }) => ['-d', String(milliseconds), file])
  execFileSync('img2webp', ['-loop', '0', '-lossy', '-q', '70', '-m', '6', ...words, '-o', output])
  console.log(`${output}: ${frames.length} frames, ${(statSync(output).size / 1e6).toFixed(2)} MB`)
} finally {
  await browser.close()
  rmSync(folder, { recursive: true })
}
