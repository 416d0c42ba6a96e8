import { obsColumn } from '../../anndata/frame/obs-column.js'
import type { AnnData } from '../../anndata/read.js'
import { ScvaeError } from '../../errors.js'
import { type AmbientGene, ambientGenes } from './ambient.js'
import { type BatchRow, batchTable } from './batch-table.js'
import { designColumns } from './columns.js'
import { type Crossing, cross } from './crossing.js'
import { type AlikeCells, alikeCells } from './duplicates.js'
import { adviseKey, type DesignColumn, type KeyAdvice, sizesOf } from './key-choices.js'
import type { Role } from './roles.js'

export interface DesignOptions {
  /** Columns whose part in the study is told rather than guessed from their names. */
  roles?: Readonly<Record<string, Role>>
  /** The column by which cells, counts and genes are listed; the advised key when left out, or else the likeliest. */
  batchKey?: string
  /** Cells that are looked at; all when left out. */
  cells?: Int32Array
}

/** How two columns cross. */
export interface DesignPair {
  first: string
  second: string
  /** Part of the second in the study. */
  role: Role
  crossing: Crossing
}

/** What the tables of a data set tell of the study behind it. */
export interface StudyDesign {
  nCells: number
  /** Columns that part the cells into a few groups. */
  columns: { name: string; role: Role; values: number; smallest: number }[]
  /** Columns that have one value for all cells. */
  constant: string[]
  /** Every column of how cells were measured beside every other column that parts them. */
  pairs: DesignPair[]
  advice: KeyAdvice
  /** The column behind `batches`, if there is one. */
  batchKey: string | undefined
  batches: BatchRow[]
  /** Pairs of cells that are nearly the same. */
  alike: AlikeCells[]
  ambient: AmbientGene[]
}

/**
 * Looks at the design of a study: which columns cross, which key to correct for and what that gives up, what each batch holds, and
 * what is odd about cells and genes before any model has seen them.
 *
 * @throws ScvaeError `bad-input` for a column that is not there
 */
export function studyDesign(adata: AnnData, options: DesignOptions = {}): StudyDesign {
  const cells = options.cells ?? Int32Array.from({ length: adata.nCells }, (_, i) => i)
  const roles = options.roles ?? {}
  const named = new Set([
    ...Object.keys(roles),
    ...(options.batchKey === undefined ? [] : [options.batchKey]),
  ])
  const present = adata.obs.schema.fields.map(({ name }) => name)
  for (const name of named) if (!present.includes(name)) obsColumn(adata, name)
  const { columns, constant } = designColumns(
    adata,
    cells,
    (name) => roles[name] ?? (name === options.batchKey ? 'technical' : undefined),
  )
  for (const name of named) {
    if (columns.some((column) => column.name === name)) continue
    throw new ScvaeError(
      'bad-input',
      `"${adata.path}": the obs column "${name}" has the same value for every cell.`,
      {
        hint: 'Name another column.',
      },
    )
  }
  const advice = adviseKey(columns, cells)
  const batchKey = options.batchKey ?? advice.advised ?? advice.choices[0]?.name
  const batch = columns.find(({ name }) => name === batchKey)
  return {
    nCells: cells.length,
    columns: columns.map((column) => {
      const sizes = sizesOf(column, cells)
      return { name: column.name, role: column.role, values: sizes.length, smallest: Math.min(...sizes) }
    }),
    constant,
    pairs: pairsOf(columns, cells),
    advice,
    batchKey,
    batches: batch ? batchTable(adata.counts, batch, cells) : [],
    alike: alikeCells(adata.counts, cells),
    ambient: ambientGenes(adata.counts, cells),
  }
}

/** Technical columns and samples beside each other, conditions and labels; each pair once. */
function pairsOf(columns: readonly DesignColumn[], cells: Int32Array): DesignPair[] {
  const measured = columns.filter(({ role }) => role === 'technical' || role === 'sample')
  return measured.flatMap((first, i) =>
    columns
      .filter((second) => second.role !== 'unknown' && !measured.slice(0, i + 1).includes(second))
      .map((second) => ({
        first: first.name,
        second: second.name,
        role: second.role,
        crossing: cross(first, second, cells),
      })),
  )
}
