import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createViteServer } from 'vitest/node'
import { GPU_CHECKS } from '../../src/check/kernels/checks.js'
import { expectNear } from './expect-near.js'
import { fewOfEach } from './few-of-each.js'

const CHROMIUM = '/usr/bin/chromium'
const MISSING = existsSync(CHROMIUM) ? undefined : `there is no ${CHROMIUM}`

if (MISSING !== undefined) it.skip(`The kernels are not tested in a browser: ${MISSING}`)

describe.skipIf(MISSING !== undefined)('kernels in a browser', () => {
  let browser: Browser
  let page: Page
  let server: Awaited<ReturnType<typeof createViteServer>>
  const errors: string[] = []

  beforeAll(async () => {
    // serves the TypeScript of the checks and of the device as the modules of a page
    server = await createViteServer({
      configFile: false,
      logLevel: 'error',
      cacheDir: 'node_modules/.vite-page',
      server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
      optimizeDeps: { noDiscovery: true },
    })
    await server.listen()
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        '--no-sandbox',
        '--disable-gpu-sandbox',
        '--enable-unsafe-webgpu',
        '--use-webgpu-adapter=swiftshader',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run',
      ],
    })
    page = await browser.newPage()
    page.on('pageerror', ({ message }) => errors.push(message))
    const { port } = server.httpServer!.address() as { port: number }
    await page.goto(`http://127.0.0.1:${port}/test/device/page.html`)
    await page.waitForFunction(() => globalThis.runCheck !== undefined, undefined, { timeout: 30_000 })
  }, 60_000)

  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  for (const check of fewOfEach(GPU_CHECKS, 12)) {
    it(check.name, async () => {
      const outputs = await page.evaluate((number) => globalThis.runCheck!(number), GPU_CHECKS.indexOf(check))
      const floats = Object.entries(outputs).map(([name, values]) => [name, Float32Array.from(values)])
      expectNear(Object.fromEntries(floats), check.expected())
      expect(errors).toEqual([])
    })
  }
})
