import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ScvaeError } from '../errors.js'
import { PACKAGE_ROOT } from '../package.js'

/** The parts of the page that do not depend on a run. */
export interface ReportAssets {
  template: string
  style: string
  /** The bundled browser script, and that of the worker in which the page's model computes. */
  script: string
  worker: string
  /** The script of the worker that reads files: compressed, as base64. */
  reader: string
}

/**
 * Where a file of the package lies that a report is made of.
 *
 * @throws ScvaeError `failed` when it is missing
 */
export function partPath(...path: string[]): string {
  const file = join(PACKAGE_ROOT, ...path)
  if (!existsSync(file)) {
    throw new ScvaeError('failed', `The report cannot be written: ${file} is missing.`, {
      hint: 'Build the package with "npm run build".',
    })
  }
  return file
}

/**
 * Reads a file of the package that a page is made of.
 *
 * @throws ScvaeError `failed` when it is missing
 */
export const readPart = (...path: string[]): string => readFileSync(partPath(...path), 'utf8')

/**
 * Reads the page's template, style and compiled scripts from the package.
 *
 * @throws ScvaeError `failed` when one is missing
 */
export function readReportAssets(): ReportAssets {
  return {
    template: readPart('reports', 'page.html'),
    style: readPart('reports', 'page.css'),
    script: readPart('dist', 'reports', 'page.js'),
    worker: readPart('dist', 'reports', 'worker.js'),
    reader: readPart('dist', 'reports', 'reader.js.gz.txt'),
  }
}
