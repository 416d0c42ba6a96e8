import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'

const CHROMIUM = '/usr/bin/chromium'

/** Why no page can be opened here; undefined where one can. */
export const NO_BROWSER = existsSync(CHROMIUM) ? undefined : `there is no ${CHROMIUM}`

/** A report in a browser, with what went wrong on it and what it asked for since it was opened. */
export interface OpenedPage {
  browser: Browser
  page: Page
  /** Errors of scripts and of the console, and dialogs. */
  trouble: string[]
  requests: string[]
}

/** Starts a browser that nobody sees. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })

/** Opens a report from disk. */
export async function openPage(file: string): Promise<OpenedPage> {
  const [trouble, requests]: [string[], string[]] = [[], []]
  const browser = await launchBrowser()
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, acceptDownloads: true })
  page.on('pageerror', ({ message }) => trouble.push(message))
  page.on('dialog', (dialog) => void dialog.dismiss().then(() => trouble.push('dialog')))
  page.on('console', (message) => {
    if (message.type() === 'error') trouble.push(message.text())
  })
  page.on('request', (request) => requests.push(request.url()))
  await page.goto(pathToFileURL(file).href)
  await page.locator('#map').waitFor()
  return { browser, page, trouble, requests }
}
