import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { quantiles } from '../../dist/src/numeric/quantile.js'

/** What a figure was measured on. */
export function machine() {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    commit: commit(),
    measuredAt: new Date().toISOString(),
  }
}

function commit() {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}

/** Median, quartiles and range of some measurements. */
export function spread(values) {
  const [min, low, median, high, max] = quantiles(values, [0, 0.25, 0.5, 0.75, 1])
  return { median, low, high, min, max, n: values.length }
}

/** `4.53 (4.41–4.60)`: the median and the quartiles. */
export const spreadText = ({ median, low, high }, digits = 3) =>
  `${figure(median, digits)} (${figure(low, digits)}–${figure(high, digits)})`

/** A number with some significant digits and thousands apart. */
export function figure(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  const decimals = value === 0 ? 0 : Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(value))))
  return value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
}

/** Prints a Markdown table. */
export function printTable(title, headings, rows) {
  const cells = [headings, ...rows.map((row) => row.map(String))]
  const widths = headings.map((_, i) => Math.max(3, ...cells.map((row) => row[i].length)))
  const line = (row) => `| ${row.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`
  process.stdout.write(`\n${title}\n\n${[line(cells[0]), rule, ...cells.slice(1).map(line)].join('\n')}\n`)
}

/** Writes the result where `--json` says; prints it when that is `-`. */
export function writeJson(path, result) {
  if (path === '') return
  const text = `${JSON.stringify(result, null, 2)}\n`
  if (path === '-') process.stdout.write(text)
  else writeFileSync(path, text)
}
