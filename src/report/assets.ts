import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ScvaeError } from '../errors.js'
import { PACKAGE_ROOT } from '../package.js'

/** The parts of the page that do not depend on a run. */
export interface ReportAssets {
  template: string
  style: string
  /** Compiled browser scripts, in the order in which they run. */
  script: string
}

const SCRIPTS = ['palette.js', 'scatter.js', 'page.js']

/**
 * Reads the page's template, style and compiled scripts from the package.
 *
 * @throws ScvaeError `failed` when one is missing
 */
export function readReportAssets(): ReportAssets {
  const read = (...path: string[]) => {
    const file = join(PACKAGE_ROOT, ...path)
    if (!existsSync(file)) {
      throw new ScvaeError('failed', `The report cannot be written: ${file} is missing.`, {
        hint: 'Build the package with "npm run build".',
      })
    }
    return readFileSync(file, 'utf8')
  }
  return {
    template: read('reports', 'page.html'),
    style: read('reports', 'page.css'),
    script: SCRIPTS.map((name) => read('dist', 'reports', name)).join('\n'),
  }
}
