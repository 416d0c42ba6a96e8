import type { DesignColumn } from '../../../src/analysis/design/key-choices.js'
import type { Role } from '../../../src/analysis/design/roles.js'

/** A column of a planted design, by the value of each cell. */
export function column(name: string, role: Role, values: readonly string[]): DesignColumn {
  const categories = [...new Set(values)].sort()
  return { name, role, categories, codes: Int32Array.from(values, (value) => categories.indexOf(value)) }
}

/** So many cells of each combination. */
export function cellsOf(combinations: readonly (readonly [words: string, cells: number])[]): string[][] {
  return combinations.flatMap(([words, cells]) => Array.from({ length: cells }, () => words.split(' ')))
}

/** The columns of cells whose values are given side by side. */
export function columns(cells: readonly string[][], names: readonly (readonly [name: string, role: Role])[]) {
  return names.map(([name, role], i) =>
    column(
      name,
      role,
      cells.map((words) => words[i]!),
    ),
  )
}

export const allOf = (cells: readonly unknown[]): Int32Array => Int32Array.from(cells.keys())
