import { nearestList } from '../anndata/frame/nearest.js'
import { obsColumn } from '../anndata/frame/obs-column.js'
import { ScvaeError } from '../errors.js'
import type { AskedCells } from './own-cells.js'

/** Which groups of cells are compared. */
export interface GroupOptions {
  /** Column of obs that says which group each cell is of; cells without a value are of none. */
  groupBy?: string
  /** The same without a column: one for each of the cells that are asked about, null for none. */
  labels?: readonly (string | null)[]
  /** The groups that are compared, each in turn; all when left out. */
  group1?: string | readonly string[]
  /** What they are compared with; all cells of other groups when left out. */
  group2?: string
}

/** Groups of cells, their names in natural order: 2 before 10. */
export interface CellGroups {
  /** The group of every cell, −1 for none. */
  codes: Int32Array
  names: readonly string[]
}

/** Two groups by their codes; −1 for the second stands for all others. */
export interface GroupPair {
  first: number
  second: number
}

/**
 * The groups of the cells that a question is about.
 *
 * @throws ScvaeError (usage) for neither or both of a column and labels, or labels that are not one a cell; (bad-input) for an
 *   unknown column, and where all cells are of one group.
 */
export function cellGroups(asked: AskedCells, { groupBy, labels }: GroupOptions): CellGroups {
  if ((groupBy === undefined) === (labels === undefined))
    throw new ScvaeError('usage', 'Groups are told apart either by groupBy or by labels.')
  const groups = labels ? groupsOfLabels(labels, asked.source.nCells) : groupsOfColumn(asked, groupBy!)
  if (groups.names.length > 1) return groups
  const where = groupBy === undefined ? 'The labels' : `The obs column "${groupBy}"`
  const [only] = groups.names
  throw new ScvaeError(
    'bad-input',
    only === undefined
      ? `${where} has no value for any cell.`
      : `${where} has one group, "${only}", and there is nothing to compare it with.`,
  )
}

function groupsOfLabels(labels: readonly (string | null)[], nCells: number): CellGroups {
  if (labels.length !== nCells)
    throw new ScvaeError('usage', `There are ${labels.length} labels for ${nCells} cells.`)
  const names = [...new Set(labels.filter((label) => label !== null))].sort(byNumberOrName)
  const places = new Map(names.map((name, code) => [name, code]))
  return { codes: Int32Array.from(labels, (label) => (label === null ? -1 : places.get(label)!)), names }
}

/**
 * Cells by their value in a column of obs; only groups that some of the cells are of.
 *
 * @throws ScvaeError (usage) for cells without data; (bad-input) for an unknown column.
 */
export function groupsOfColumn({ data, positions, source }: AskedCells, column: string): CellGroups {
  if (!data) {
    throw new ScvaeError('usage', `There are no obs columns to take "${column}" from.`, {
      hint: 'Give data as adata, or labels.',
    })
  }
  const { codes, categories } = obsColumn(data, column)
  const chosen = positions ? positions.map((cell) => codes[cell]!) : codes.slice(0, source.nCells)
  const used = categories
    .map((_, code) => code)
    .filter((code) => chosen.includes(code))
    .sort((a, b) => byNumberOrName(categories[a]!, categories[b]!))
  const places = new Map(used.map((code, place) => [code, place]))
  return {
    codes: chosen.map((code) => places.get(code) ?? -1),
    names: used.map((code) => categories[code]!),
  }
}

const byNumberOrName = new Intl.Collator('en', { numeric: true }).compare

/**
 * The pairs of groups that are asked for.
 *
 * @throws ScvaeError (bad-input) for a group that no cell is of; (usage) for one that is compared with itself.
 */
export function groupPairs({ names }: CellGroups, { group1, group2 }: GroupOptions): GroupPair[] {
  const code = (name: string) => {
    const found = names.indexOf(name)
    if (found >= 0) return found
    throw new ScvaeError('bad-input', `No cell is of the group "${name}".`, {
      hint: `The groups, nearest first: ${nearestList(name, names)}.`,
    })
  }
  const second = group2 === undefined ? -1 : code(group2)
  const asked = typeof group1 === 'string' ? [group1] : group1
  const first = asked ? asked.map(code) : [...names.keys()].filter((one) => one !== second)
  if (first.length === 0) throw new ScvaeError('usage', 'No group was asked for.')
  if (first.includes(second))
    throw new ScvaeError('usage', `The group "${group2}" cannot be compared with itself.`)
  return first.map((one) => ({ first: one, second }))
}

/** Cells of a group; of all others for −1 as the second of a pair. */
export function cellsOfGroup({ codes }: CellGroups, { first, second }: GroupPair): [Int32Array, Int32Array] {
  const [ones, others] = [new Int32Array(codes.length), new Int32Array(codes.length)]
  let [nOnes, nOthers] = [0, 0]
  for (let cell = 0; cell < codes.length; cell++) {
    const code = codes[cell]!
    if (code === first) ones[nOnes++] = cell
    else if (second < 0 ? code >= 0 : code === second) others[nOthers++] = cell
  }
  return [ones.slice(0, nOnes), others.slice(0, nOthers)]
}
