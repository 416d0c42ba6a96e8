import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import vm from 'node:vm'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildReport } from '../../src/report/build-report.js'
import { NO_CATEGORY } from '../../src/report/page/page-data.js'
import { buildPage } from './build-page.js'
import { embedded } from './embedded.js'
import { sampleReport } from './sample-report.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

beforeAll(buildPage, 60_000)

describe('buildReport', () => {
  const html = () => buildReport(sampleReport())

  it('is one page that asks for nothing', () => {
    const page = html()
    expect(page).toMatch(/^<!doctype html>/)
    const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)!
    const [, script] = /<script>(.*?)<\/script>/s.exec(page)!
    const hash = createHash('sha256').update(script!).digest('base64')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain(`script-src 'sha256-${hash}' 'wasm-unsafe-eval';`)
    expect(policy).not.toMatch(/script-src[^;]*unsafe-inline|connect-src|https?:/)
    expect(page).not.toMatch(/(https?:)?\/\/[\w-]+\.\w/)
    expect(page).not.toMatch(/\b(src|href)="(?!data:)/)
    expect(page).not.toMatch(/\b(fetch|XMLHttpRequest|WebSocket|import)\s*\(/)
    expect(page).not.toMatch(/@import|url\(/)
    expect(page).not.toMatch(/\{\{\w+\}\}/)
  })

  it('says first whether there were warnings', () => {
    const page = html()
    const order = [
      'read them before using',
      '<li>3 cells have no count &amp; were left out</li>',
      'class="tiles"',
      'Cells</h2>',
      'Clusters</h2>',
      'Integration</h2>',
      'Unusual cells</h2>',
      'Training</h2>',
      'Latent dimensions</h2>',
      'Diagnostics</h2>',
      'Settings</h2>',
      'What was fitted',
      'Run</h2>',
      'SHA-256 of the input',
      'anndata.read_h5ad(&quot;a \\&quot;b\\&quot;.h5ad&quot;)',
      'read_feather(&quot;a_latent.arrow&quot;)',
    ]
    const places = order.map((text) => page.indexOf(text))
    expect(places.every((place) => place > 0)).toBe(true)
    expect(places).toEqual([...places].sort((a, b) => a - b))
    expect(buildReport({ ...sampleReport(), warnings: [] })).toContain('finished without a warning')
  })

  it('says of a warning what was measured and what to do', () => {
    expect(html()).toContain(
      '<li><details><summary>Half of the cells are &lt;flagged&gt;</summary><p>The model does not fit &amp; the data.</p>' +
        '<dl class="facts"><div><dt>Share of &lt;cells&gt;</dt><dd>0.5123</dd></div><div><dt>Threshold</dt><dd>0.2</dd></div>' +
        '<div><dt>What to do</dt><dd>train for &lt;more&gt; epochs</dd></div></dl></details></li>',
    )
  })

  it('escapes what it is given', () => {
    const page = html()
    expect(page).not.toContain('<script>alert')
    expect(page).not.toContain('<donor>')
    expect(page).not.toMatch(/type <\d>/)
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;alert(&quot;x&quot;)')
    expect(page).toContain('scvae fit &#39;a &amp; b.h5ad&#39; --batch-key &lt;donor&gt;')
    expect(page.match(/<\/script>/g)).toHaveLength(4)
    expect(embedded(page)!.header.cellNames[2]).toBe('</script><script>alert("x")</script>&\u2028')
  })

  it('is named after its files, the first two of many', () => {
    const data = sampleReport()
    const titled = (...files: string[]) =>
      /<title>(.*?)<\/title>/s.exec(buildReport({ ...data, data: { ...data.data, files } }))![1]
    expect(titled('a.h5ad')).toContain('a.h5ad')
    expect(titled('a.h5ad', 'b', 'c.h5')).toContain('a.h5ad, b, c.h5')
    expect(titled('a', 'b', 'c', 'd', 'e')).toContain('a, b and 3 more')
  })

  it('does not read a replacement pattern into a name', () => {
    const data = sampleReport()
    const page = buildReport({ ...data, settings: [['odd', "$& $' {{title}}"]] })
    expect(page).toContain('$&amp; $&#39; {{title}}')
  })

  it('shows the table, the curves and the dimensions without a script', () => {
    const page = html().replace(/<script.*?<\/script>/gs, '')
    expect(page.match(/<tr/g)).toHaveLength(6)
    expect(page).toMatch(/&lt;donor&gt;<\/th><td>batch[^<]*<\/td>.*?81 %.*?31 %.*?25 %/)
    expect(page).toContain('with the &lt;batch&gt; (42 %)')
    expect(page).toContain('1 setting with the default')
    expect(page).toContain('cell &lt;type&gt;')
    expect(page).toContain('12,345')
    expect(page.match(/<figure/g)).toHaveLength(4)
    expect(page).toContain('weights kept: epoch 76')
    expect(page).toContain('<li><b>1</b> unusual cells (0.34 %)</li>')
    expect(page).toContain('4 of 6 latent dimensions are in use; 2 collapsed')
    expect(page).toContain('1 cell of 297 (0.34 %) is flagged')
    expect(page).not.toContain('NaN')
  })

  it('shows what terms of a loss were', () => {
    const data = sampleReport()
    const history = data.history.map((record) => ({
      ...record,
      terms: { 'mmd <batch>': 1 / record.epoch, ...(record.epoch > 3 && { late: record.epoch }) },
    }))
    const page = buildReport({ ...data, history })
    expect(page.match(/<figure/g)).toHaveLength(6)
    expect(page).toContain('<figcaption>Term of the loss: mmd &lt;batch&gt;</figcaption>')
    const [, late] = /Term of the loss: late<.*?points="([^"]*)"/s.exec(page)!
    expect(late!.split(' ')).toHaveLength(77)
  })

  it('carries places and colours of all cells', () => {
    const { header, arrays } = embedded(html())!
    expect(arrays[header.positions]).toHaveLength(300 * 2)
    expect(header.colorings).toHaveLength(3)
    const types = header.colorings[0]!
    const codes = arrays[types.kind === 'categorical' ? types.codes : '']!
    expect([codes[0], codes[7], codes[3]]).toEqual([0, 2, NO_CATEGORY])
  })

  it('says what is absent', () => {
    const { umap: _umap, outliers: _outliers, keptEpoch: _kept, ...rest } = sampleReport()
    const page = buildReport({ ...rest, history: [], latentKl: [], metrics: [], colorings: [] })
    expect(embedded(page)).toBeNull()
    expect(page).toContain('class="absent"')
    for (const text of [
      'No outlier scores',
      'was trained is not known',
      'No latent dimensions',
      'No metrics',
    ]) {
      expect(page).toContain(text)
    }
  })

  it('holds a script that parses', () => {
    const [, script] = /<script>(.*?)<\/script>/s.exec(html())!
    expect(script!.length).toBeGreaterThan(1000)
    expect(() => new vm.Script(script!)).not.toThrow()
  })

  it('has scripts without imports', () => {
    for (const name of ['page.js', 'worker.js']) {
      const script = readFileSync(join(root, 'dist/reports', name), 'utf8')
      expect(script).not.toMatch(/\b(import|export)\b\s*[{*"'(]/)
      expect(script).not.toContain('</script')
    }
  })
})
