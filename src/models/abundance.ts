import {
  type ConditionDifference,
  compareConditions,
  type SampleUnit,
} from '../analysis/abundance/condition-test.js'
import { sampleDensities } from '../analysis/abundance/sample-densities.js'
import { inKeyOrder } from '../analysis/expression/draws-in-turn.js'
import { STREAM } from '../analysis/random-streams.js'
import { nearestList } from '../anndata/frame/nearest.js'
import type { HostKernels } from '../device/host-kernels.js'
import { ScvaeError } from '../errors.js'
import { Random } from '../numeric/random.js'
import type {
  Abundance,
  AbundanceDifference,
  AbundanceOptions,
  AbundanceSample,
  abundanceSettings,
  LabelCounts,
} from './abundance-options.js'
import { type CellGroups, groupsOfColumn } from './cell-groups.js'
import type { CellQuestion } from './own-cells.js'

/** A sample of fewer cells has no density. */
const LEAST_CELLS = 10

/** A sample, or what of it is in a condition, with its cells. */
interface Unit extends SampleUnit {
  cells: Int32Array
}

/** Densities of samples, and how they differ between two conditions. */
export async function abundance(
  host: HostKernels,
  { asked, keys, posterior, seed }: CellQuestion,
  nLatent: number,
  options: AbundanceOptions,
  { numCellsPosterior, degrees }: ReturnType<typeof abundanceSettings>,
): Promise<Abundance> {
  const { sampleKey, groupBy, labelsKey, onProgress } = options
  const rows = asked.source.nCells
  const samples = groupsOfColumn(asked, sampleKey)
  const conditions = groupBy === undefined ? undefined : conditionsOf(groupsOfColumn(asked, groupBy), options)
  const labels = labelsKey === undefined ? undefined : groupsOfColumn(asked, labelsKey)
  const all = unitsOf(samples, conditions?.codes)
  const units = all.filter(({ cells }) => cells.length >= LEAST_CELLS)
  if (conditions) checkConditions(units, conditions.names)
  else if (units.length < 2) {
    throw new ScvaeError(
      'bad-input',
      `The obs column "${sampleKey}" has ${units.length} sample${units.length === 1 ? '' : 's'} of at least ${LEAST_CELLS} cells, and there is nothing to compare.`,
    )
  }
  const random = new Random(seed, STREAM.abundance)
  const chosen = units.map(({ cells }) => {
    // sums in single precision have the same order in any file
    return random.choice(inKeyOrder(cells, keys), numCellsPosterior)
  })
  const matrix = (values: Float32Array) => ({ values, rows, columns: nLatent })
  const logDensities = await sampleDensities(
    host,
    { means: matrix(posterior.mean), variances: matrix(posterior.variance) },
    chosen,
    { degrees, ...(onProgress && { onCells: (done: number) => onProgress(done, rows) }) },
  )
  const described = describe(units, samples, conditions?.names)
  const difference =
    conditions &&
    compareConditions(
      units,
      rows,
      (cell, unit) => logDensities.values[cell * units.length + unit]! / Math.LN2,
    )
  const inBoth = difference?.paired ? pairsOf(units) : undefined
  return {
    samples: described,
    leftOut: describe(
      all.filter(({ cells }) => cells.length < LEAST_CELLS),
      samples,
      conditions?.names,
    ).map(({ name }) => name),
    logDensities,
    ...(difference && {
      comparison: {
        ...effectOf(difference),
        group1: conditions.names[0],
        group2: conditions.names[1],
        paired: difference.paired,
        nSamples1: inBoth ?? units.filter(({ side }) => side === 0).length,
        nSamples2: inBoth ?? units.filter(({ side }) => side === 1).length,
      },
    }),
    ...(labels && { labels: countLabels(units, labels, conditions !== undefined) }),
  }
}

/** Which of two conditions each cell is in, 0 for the first; −1 for neither. */
function conditionsOf(
  { codes, names }: CellGroups,
  { groupBy, group1, group2 }: AbundanceOptions,
): { codes: Int32Array; names: readonly [string, string] } {
  const code = (name: string) => {
    const found = names.indexOf(name)
    if (found >= 0) return found
    throw new ScvaeError('bad-input', `No cell is in the condition "${name}".`, {
      hint: `The conditions, nearest first: ${nearestList(name, names)}.`,
    })
  }
  if (names.length < 2) {
    const what = names.length === 0 ? 'no value for any cell' : `one condition, "${names[0]}"`
    throw new ScvaeError(
      'bad-input',
      `The obs column "${groupBy}" has ${what}, and there is nothing to compare.`,
    )
  }
  if (group1 === undefined && names.length > 2) {
    throw new ScvaeError(
      'usage',
      `The obs column "${groupBy}" has ${names.length} conditions: say which one is compared.`,
      {
        hint: `There are ${nearestList('', names)}.`,
      },
    )
  }
  const second = group2 === undefined ? -1 : code(group2)
  const first = group1 === undefined ? (second === 1 ? 0 : 1) : code(group1)
  if (first === second)
    throw new ScvaeError('usage', `The condition "${group2}" cannot be compared with itself.`)
  const only = names.length === 2 ? names[1 - first]! : 'Rest'
  return {
    codes: codes.map((one) => {
      if (one === first) return 0
      return one >= 0 && (second < 0 || one === second) ? 1 : -1
    }),
    names: [names[first]!, second < 0 ? only : names[second]!],
  }
}

/** Samples with their cells; of two conditions each apart. */
function unitsOf({ codes, names }: CellGroups, conditions: Int32Array | undefined): Unit[] {
  const sides = conditions ? ([0, 1] as const) : ([0] as const)
  const all = Int32Array.from(codes.keys())
  return names.flatMap((_, sample) =>
    sides.flatMap((side) => {
      const cells = all.filter((cell) => codes[cell] === sample && (!conditions || conditions[cell] === side))
      return cells.length > 0 ? [{ sample, side, cells }] : []
    }),
  )
}

function checkConditions(units: readonly Unit[], names: readonly [string, string]): void {
  for (const side of [0, 1] as const) {
    const n = units.filter((unit) => unit.side === side).length
    if (n >= 2) continue
    throw new ScvaeError(
      'bad-input',
      `The condition "${names[side]}" has ${n} sample${n === 1 ? '' : 's'} of at least ${LEAST_CELLS} cells; a comparison needs two of each.`,
      { hint: 'Cells of one sample are no evidence of what others have.' },
    )
  }
}

const pairsOf = (units: readonly Unit[]): number =>
  units.filter(
    ({ sample, side }) => side === 0 && units.some((other) => other.side === 1 && other.sample === sample),
  ).length

function describe(
  units: readonly Unit[],
  { names }: CellGroups,
  conditions: readonly [string, string] | undefined,
): AbundanceSample[] {
  const inBoth = new Set(units.map(({ sample }) => sample)).size < units.length
  return units.map(({ sample, side, cells }) => {
    const condition = conditions?.[side]
    return {
      name: inBoth ? `${names[sample]}, ${condition}` : names[sample]!,
      sample: names[sample]!,
      ...(condition !== undefined && { condition }),
      nCells: cells.length,
    }
  })
}

/** Cells of each label in each sample; where conditions are compared, by the logits of their shares, with half a cell added on both sides. */
function countLabels(units: readonly Unit[], { codes, names }: CellGroups, compared: boolean): LabelCounts {
  const columns = units.length
  const counts = new Float32Array(names.length * columns)
  const totals = units.map(({ cells }, unit) => {
    const labelled = cells.filter((cell) => codes[cell]! >= 0)
    for (const cell of labelled) counts[codes[cell]! * columns + unit]!++
    return labelled.length
  })
  const logOdds = (label: number, unit: number) => {
    const n = counts[label * columns + unit]!
    return Math.log2((n + 0.5) / (totals[unit]! - n + 0.5))
  }
  return {
    labels: names,
    counts: { values: counts, rows: names.length, columns },
    ...(compared && { difference: effectOf(compareConditions(units, names.length, logOdds)) }),
  }
}

const effectOf = ({ difference, p, adjustedP }: ConditionDifference): AbundanceDifference => ({
  effect: difference,
  p,
  adjustedP,
})
