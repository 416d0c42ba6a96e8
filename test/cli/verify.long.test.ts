import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { comparePages } from '../../src/cli/verify/compare-pages.js'
import { readPage } from '../../src/cli/verify/read-page.js'
import { namesIn, scvae, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae verify', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  let page: string

  beforeAll(async () => {
    await writeFixture(at('cells.h5ad'), { nCells: 200 })
    const words =
      'fit cells.h5ad --batch-key batch --labels-key cell_type --max-epochs 3 --resolution 2 -o own'.split(
        ' ',
      )
    expect((await scvae(words, folder)).code).toBe(0)
    page = readFileSync(at('own_report.html'), 'utf8')
  }, 60_000)

  it('passes on its own output, and leaves nothing', async () => {
    const before = namesIn(folder)
    const { code, stdout, stderr } = await scvae(['verify', 'own'], folder)
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'own_report.html: every number is as the run gives it\n',
    })
    expect(stderr).toContain('bit for bit')
    expect(namesIn(folder)).toEqual(before)
  })

  it('fails on one changed digit, and says where', async () => {
    writeFileSync(at('changed.html'), changed(page, /<td class="number">(\d)/))
    renameSync(at('cells.h5ad'), at('moved.h5ad'))
    const lost = await scvae(['verify', 'changed.html'], folder)
    expect(lost.code).toBe(65)
    expect(lost.stderr).toContain('The input "cells.h5ad" is not there. Say where it is with --input.')
    renameSync(at('moved.h5ad'), at('cells.h5ad'))
    const { code, stdout, stderr } = await scvae(['verify', 'changed.html'], folder)
    expect(stderr).toContain('1 thing of "changed.html" not as the run gives it.')
    expect(stdout).toMatch(/^"Integration": the page has "\d+ %", the run gives "\d+ %"\.\n$/)
    expect(code).toBe(1)
  })

  it('fails where the input is another one', async () => {
    const other = page.replace(/("sha256":")(.)/, (_, name, digit) => `${name}${digit === '0' ? '1' : '0'}`)
    writeFileSync(at('other.html'), other)
    const { code, stderr } = await scvae(['verify', 'other.html'], folder)
    expect(code).toBe(1)
    expect(stderr).toContain('is not the one of the page')
  })

  const places: [where: string, digit: RegExp][] = [
    ['facts of the data', /<dt>Genes<\/dt><dd>\d*(\d)/],
    ['clusters', /<span>\d+ \(\d*(\d) %\)/],
    ['curves of training', /<(?:path|polyline)[^>]*(?:d|points)="[^"]*?(\d)/],
    ['latent dimensions', /z1<\/span>.*?<span>0\.\d*(\d)/],
    ['settings', /<dt>n_latent<\/dt><dd>\d*(\d)/],
    ['held-out loss', /<dt>Held-out negative ELBO[^<]*<\/dt><dd>\d*(\d)/],
  ]
  it.each(places)('sees one changed digit in %s', (_, digit) => {
    expect(comparePages(readPage(page), readPage(page), true)).toEqual([])
    expect(comparePages(readPage(changed(page, digit)), readPage(page), true)).toHaveLength(1)
    expect(comparePages(readPage(changed(page, digit)), readPage(page), false)).toHaveLength(1)
  })

  it('sees one changed bit of the map, and data that cannot be read', () => {
    const [, text] = /id="report-data">([^<]*)</.exec(page)!
    const bytes = gunzipSync(Buffer.from(text!, 'base64'))
    bytes[bytes.length - 100]! ^= 64
    const flipped = page.replace(text!, gzipSync(bytes).toString('base64'))
    expect(comparePages(readPage(flipped), readPage(page), true)).toEqual([
      expect.stringMatching(/^The map: 1 of \d+ values of .* differ\.$/),
    ])
    const broken = page.replace(text!, `${text!.slice(0, 400)}A${text!.slice(401)}`)
    expect(comparePages(readPage(broken), readPage(page), true)).toEqual([
      'The data of the map cannot be read.',
    ])
  })

  it('knows a page of another build by what it claims and shows', () => {
    const id = readPage(page).claim!.kernelsId!
    const other = 'f'.repeat(id.length)
    expect(comparePages(readPage(page.replaceAll(id, other)), readPage(page), false)).toEqual([])
    const claimed = page.replace(`"kernelsId":"${id}"`, `"kernelsId":"${other}"`)
    expect(comparePages(readPage(claimed), readPage(page), false)).toEqual([
      `The page does not show the build ${other} that it claims.`,
    ])
  })

  it('lets rounding pass on another build, and no more', () => {
    const moved = (by: number) => {
      const one = readPage(page)
      if (typeof one.data !== 'object') throw new Error('no data')
      const [values] = Object.values(one.data.arrays).filter((array) => array instanceof Float32Array)
      values![0]! += by
      return one
    }
    expect(comparePages(moved(1e-6), readPage(page), false)).toEqual([])
    expect(comparePages(moved(0.01), readPage(page), false)).toHaveLength(1)
  })
})

/** The page with the digit that an expression finds replaced by another one. */
function changed(page: string, digit: RegExp): string {
  const found = new RegExp(digit.source, 'sd').exec(page)
  if (!found) throw new Error(`no ${digit} in the page`)
  const [from, to] = found.indices![1]!
  return page.slice(0, from) + ((Number(found[1]) + 1) % 10) + page.slice(to)
}
