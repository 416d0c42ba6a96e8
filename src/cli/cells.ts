import { nearestList } from '../anndata/frame/nearest.js'
import { obsColumn } from '../anndata/frame/obs-column.js'
import type { AnnData } from '../anndata/read.js'
import { ScvaeError } from '../errors.js'
import { formatPlural } from '../report/format.js'
import type { SubsetTerm } from './fit/fit-settings.js'
import type { Log } from './log.js'
import { listed } from './text.js'

const FEWEST_CELLS = 10

/**
 * The cells that `--subset` asks for, ascending: values of one column add up, columns narrow each other down.
 *
 * @throws ScvaeError `bad-input` for an unknown column or value, and when no cell is left
 */
export function subsetCells(adata: AnnData, terms: readonly SubsetTerm[]): Int32Array {
  const keep = new Uint8Array(adata.nCells).fill(1)
  for (const column of new Set(terms.map((term) => term.column))) {
    const { codes, categories } = obsColumn(adata, column)
    const wanted = new Set<number>()
    for (const { value } of terms.filter((term) => term.column === column)) {
      const code = categories.indexOf(value)
      if (code < 0) {
        throw new ScvaeError(
          'bad-input',
          `"${adata.path}": no cell has the value "${value}" in the obs column "${column}".`,
          {
            hint: `Its values, nearest first: ${nearestList(value, categories)}.`,
          },
        )
      }
      wanted.add(code)
    }
    for (let i = 0; i < keep.length; i++) if (!wanted.has(codes[i]!)) keep[i] = 0
  }
  const cells = positions(keep)
  if (cells.length === 0) {
    const asked = terms.map(({ column, value }) => `${column}=${value}`).join(' ')
    throw new ScvaeError('bad-input', `"${adata.path}": no cell matches ${asked}.`)
  }
  return cells
}

/**
 * Leaves out cells that have no count in the genes that are fitted, with a warning that names the first few.
 *
 * @param totals total count of every cell of the file over the genes that are fitted
 * @throws ScvaeError `bad-input` when too few cells are left
 */
export function dropEmptyCells(
  adata: AnnData,
  cells: Int32Array,
  totals: Float64Array,
  genes: Int32Array | undefined,
  log: Log,
): Int32Array {
  const empty = cells.filter((cell) => totals[cell] === 0)
  const kept = empty.length === 0 ? cells : cells.filter((cell) => totals[cell] !== 0)
  const where = genes ? ' in the genes that are fitted' : ''
  if (kept.length === 0) {
    throw new ScvaeError(
      'bad-input',
      `"${adata.path}": no cell has a count${where} in ${adata.countsSource}.`,
      {
        hint: 'scvae inspect shows which matrices of the file hold counts.',
      },
    )
  }
  if (empty.length > 0) {
    const names = listed(Array.from(empty, (cell) => adata.obsNames[cell]!))
    log.warn(
      `${formatPlural(empty.length, 'cell')} without a count${where} ${empty.length === 1 ? 'is' : 'are'} left out of the fit and ${empty.length === 1 ? 'has' : 'have'} NaN in the outputs: ${names}`,
    )
  }
  if (kept.length < FEWEST_CELLS) {
    throw new ScvaeError(
      'bad-input',
      `"${adata.path}": only ${formatPlural(kept.length, 'cell')} can be fitted; scvae needs at least ${FEWEST_CELLS}.`,
    )
  }
  return kept
}

/** Total count of every cell over the given genes (ascending), or over all. */
export function totalsOver(adata: AnnData, genes: Int32Array | undefined): Float64Array {
  if (!genes) return adata.counts.cellTotals()
  const used = new Uint8Array(adata.nGenes)
  for (const gene of genes) used[gene] = 1
  const totals = new Float64Array(adata.nCells)
  for (const { firstCell, nCells, offsets, genes: columns, counts } of adata.counts.blocks) {
    for (let i = 0; i < nCells; i++) {
      let sum = 0
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) if (used[columns[k]!]) sum += counts[k]!
      totals[firstCell + i] = sum
    }
  }
  return totals
}

/**
 * Checks the obs columns of a model before any long work.
 *
 * @throws ScvaeError `bad-input` for an unknown column, a missing value, or a batch that is the same for all cells
 */
export function checkCovariates(
  adata: AnnData,
  cells: Int32Array,
  keys: { batch?: string | undefined; categorical: readonly string[] },
): void {
  const named: [string, string][] = keys.categorical.map((key) => ['categorical covariate', key])
  if (keys.batch !== undefined) named.unshift(['batch', keys.batch])
  for (const [what, key] of named) {
    const { codes, categories } = obsColumn(adata, key)
    const missing = cells.find((cell) => codes[cell]! < 0)
    if (missing !== undefined) {
      throw new ScvaeError(
        'bad-input',
        `"${adata.path}": the obs column "${key}" has no value for cell "${adata.obsNames[missing]}".`,
        {
          hint: 'Fill it, or leave such cells out with --subset.',
        },
      )
    }
    const first = codes[cells[0]!]!
    if (cells.every((cell) => codes[cell] === first)) {
      throw new ScvaeError(
        'bad-input',
        `"${adata.path}": all cells have the value "${categories[first]}" in the ${what} column "${key}".`,
        {
          hint: `Leave out --${what === 'batch' ? 'batch-key' : 'categorical-covariate'} ${key}, or choose a column with at least two values.`,
        },
      )
    }
  }
}

function positions(keep: Uint8Array): Int32Array {
  const out = new Int32Array(keep.reduce((sum, one) => sum + one, 0))
  let at = 0
  for (let i = 0; i < keep.length; i++) if (keep[i]) out[at++] = i
  return out
}
