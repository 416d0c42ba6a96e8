import type { Table } from 'apache-arrow'
import { ScvaeError } from '../errors.js'
import { type CountsSource, chooseSource, openSource } from './count-sources.js'
import type { CountMatrix } from './counts.js'
import { readFrame } from './dataframe.js'
import { withH5File } from './hdf5.js'
import { arrayShapes, checkLayout } from './layout.js'
import { checkOptionKeys } from './option-keys.js'
import type { StoredMatrix } from './stored-matrix.js'
import { type OddEntry, ValueScan } from './value-scan.js'

/** An AnnData file as it was read: counts and tables, with everything else named. */
export interface AnnData {
  /** The file. */
  path: string
  nCells: number
  nGenes: number
  /** One row a cell. Categoricals are dictionaries; missing values are null (NaN in plain float columns). */
  obs: Table
  /** One row a gene of `counts` (of raw's genes when the counts come from raw). */
  var: Table
  obsNames: string[]
  varNames: string[]
  counts: CountMatrix
  countsSource: CountsSource
  /** What the stored values are like; see {@link checkCounts}. */
  values: StoredValues
  /** Arrays of obsm, not read: name → cells × columns. */
  obsm: Record<string, [rows: number, cols: number]>
  /** One sentence for each thing that was left out or looks odd. */
  warnings: string[]
}

/** What all values that a file stores for a matrix are like, at the file's own precision. */
export interface StoredValues {
  /** Of the finite stored values; NaN where there is none. */
  min: number
  max: number
  /** The first value of each kind that counts cannot have, in storage order. */
  nonFinite?: LocatedValue
  negative?: LocatedValue
  nonInteger?: LocatedValue
}

/** A value and where it is. */
export interface LocatedValue {
  cell: number
  gene: number
  value: number
}

/** Options of {@link readAnnData}. */
export interface ReadOptions {
  /** Counts from `layers/<name>` instead of X. */
  layer?: string
  /** Counts from `raw/X`, with raw's genes. */
  useRaw?: boolean
  /** Only these obs columns. */
  obs?: string[]
}

/**
 * Reads an `.h5ad` file: obs and var into Arrow tables, counts into blocks of sparse rows.
 *
 * Values are streamed in slices, so that the memory needed is that of the counts (8 bytes a nonzero) and some tens of MB.
 * Values are not judged here: {@link checkCounts} does.
 *
 * @throws ScvaeError `bad-input` for a file that is missing, damaged or not AnnData, a matrix or layer that is not
 * there, and filters or encodings that cannot be read; `usage` for an unknown option
 */
export async function readAnnData(path: string, options: ReadOptions = {}): Promise<AnnData> {
  checkOptionKeys('readAnnData', options, ['layer', 'useRaw', 'obs'])
  return withH5File(path, 'r', (file) => {
    checkLayout(file, path)
    const warnings: string[] = []
    const obs = readFrame(file, 'obs', path, warnings, options.obs)
    const countsSource = chooseSource(file, path, options)
    const variables = readFrame(file, countsSource === 'raw/X' ? 'raw/var' : 'var', path, warnings)
    const matrix = openSource(file, countsSource, path)
    if (matrix.nCells !== obs.names.length || matrix.nGenes !== variables.names.length) {
      throw new ScvaeError(
        'bad-input',
        `"${path}": ${countsSource} has ${matrix.nCells} × ${matrix.nGenes} values for ${obs.names.length} cells and ${variables.names.length} genes.`,
      )
    }
    warnIfRepeated(obs.names, 'cell', warnings)
    warnIfRepeated(variables.names, 'gene', warnings)
    const scan = new ValueScan()
    const counts = matrix.read(scan)
    return {
      path,
      nCells: matrix.nCells,
      nGenes: matrix.nGenes,
      obs: obs.table,
      var: variables.table,
      obsNames: obs.names,
      varNames: variables.names,
      counts,
      countsSource,
      values: storedValues(scan, matrix),
      obsm: arrayShapes(file, 'obsm'),
      warnings,
    }
  })
}

/** The scan with cells and genes in place of storage positions, while the file is open. */
function storedValues(scan: ValueScan, matrix: StoredMatrix): StoredValues {
  const values: StoredValues = {
    min: scan.min === Number.POSITIVE_INFINITY ? Number.NaN : scan.min,
    max: scan.max === Number.NEGATIVE_INFINITY ? Number.NaN : scan.max,
  }
  const locate = ({ entry, value }: OddEntry): LocatedValue => ({ ...matrix.locate(entry), value })
  if (scan.nonFinite) values.nonFinite = locate(scan.nonFinite)
  if (scan.negative) values.negative = locate(scan.negative)
  if (scan.nonInteger) values.nonInteger = locate(scan.nonInteger)
  return values
}

function warnIfRepeated(names: readonly string[], what: string, warnings: string[]): void {
  const seen = new Set<string>()
  let repeats = 0
  let first: string | undefined
  for (const name of names) {
    if (seen.has(name)) {
      repeats++
      first ??= name
    }
    seen.add(name)
  }
  if (repeats > 0) warnings.push(`${repeats} ${what} names repeat another ("${first}" is the first).`)
}
