import { type Crossing, cross, type Factor } from './crossing.js'
import type { Role } from './roles.js'

/** Batches with fewer cells than this say little about what a batch does. */
export const FEW_CELLS = 50

/** Cramér's V from which on two columns say as good as the same, though some cells link them. */
export const AS_GOOD_AS_ONE = 0.9
/** Share of cells without a value above which a column is no key. */
const MOST_WITHOUT = 0.05

/** A column of obs and what it is about. */
export interface DesignColumn extends Factor {
  role: Role
}

/** What correcting for a column would do to the others. */
export interface KeyChoice {
  name: string
  role: Role
  /** Batches that there would be, and cells of the smallest. */
  batches: number
  smallest: number
  /** Batches of fewer than {@link FEW_CELLS} cells. */
  small: number
  /** Conditions of which some values could no longer be told from what batches do. */
  givesUp: { name: string; crossing: Crossing }[]
  /** Cells without a value: they could not be fitted. */
  without: number
  /** Technical columns and samples whose differences would not be corrected, since they run within the batches. */
  leaves: string[]
  /** Why it is not advised, if it is not. */
  against?: string
}

/** The keys that could be taken, the advised one first. */
export interface KeyAdvice {
  choices: KeyChoice[]
  /** The name of the advised one; undefined where none is. */
  advised: string | undefined
}

/**
 * Weighs columns as batch keys. Advised is one that corrects all technical differences that can be corrected without giving up a
 * condition: among those that give up none, the finest whose batches are not too small. Where every key gives up a condition, none
 * is advised.
 */
export function adviseKey(columns: readonly DesignColumn[], cells: ArrayLike<number>): KeyAdvice {
  const conditions = columns.filter(({ role }) => role === 'condition')
  const measured = columns.filter(({ role }) => role === 'technical' || role === 'sample')
  const choices = measured.map((column): KeyChoice => {
    const sizes = sizesOf(column, cells)
    const givesUp = conditions
      .map((condition) => ({ name: condition.name, crossing: cross(column, condition, cells) }))
      .filter(({ crossing }) => confounded(crossing))
    const leaves = measured
      .filter((other) => other !== column)
      .filter((other) => !['same', 'inside'].includes(cross(column, other, cells).relation))
      .map(({ name }) => name)
    const batches = sizes.length
    const without = cells.length - sizes.reduce((sum, size) => sum + size, 0)
    const smallest = Math.min(...sizes)
    const small = sizes.filter((size) => size < FEW_CELLS).length
    return { name: column.name, role: column.role, batches, smallest, small, without, givesUp, leaves }
  })
  for (const choice of choices) {
    const against = objection(choice, cells.length)
    if (against !== undefined) choice.against = against
  }
  choices.sort(
    (a, b) =>
      Number(a.against !== undefined) - Number(b.against !== undefined) ||
      a.givesUp.length - b.givesUp.length ||
      a.leaves.length - b.leaves.length ||
      a.small - b.small ||
      b.batches - a.batches,
  )
  return { choices, advised: choices[0]?.against === undefined ? choices[0]?.name : undefined }
}

/** Whether the effects of two columns can hardly be told apart. */
export function confounded({ nGroups, cramersV }: Crossing): boolean {
  return nGroups > 1 || cramersV >= AS_GOOD_AS_ONE
}

function objection({ givesUp, batches, small, without }: KeyChoice, nCells: number): string | undefined {
  if (givesUp.length > 0)
    return `differences of ${givesUp.map(({ name }) => name).join(' and ')} would be corrected away with it`
  if (without > MOST_WITHOUT * nCells) return `${without} cells have no value in it`
  if (2 * small > batches) return `most of its batches have fewer than ${FEW_CELLS} cells`
  return undefined
}

/** Cells of every category that has some. */
export function sizesOf({ codes, categories }: Factor, cells: ArrayLike<number>): number[] {
  const sizes = new Array<number>(categories.length).fill(0)
  for (let i = 0; i < cells.length; i++) {
    const code = codes[cells[i]!]!
    if (code >= 0) sizes[code]!++
  }
  return sizes.filter((size) => size > 0)
}
