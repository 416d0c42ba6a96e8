import { benjaminiHochberg } from '../../numeric/multiple-testing.js'
import { mean, pairedP, welchP } from '../../numeric/t-test.js'

/** A sample in one of two conditions. */
export interface SampleUnit {
  sample: number
  /** 0 for the first of the two. */
  side: 0 | 1
}

/** How values of samples differ between two conditions. */
export interface ConditionDifference {
  /** Whether samples are in both conditions, and each is compared with itself. */
  paired: boolean
  /** Mean difference of each of the things measured, first condition less second. */
  difference: Float64Array
  /** Of a t test over samples. */
  p: Float64Array
  /** Over all things measured (Benjamini and Hochberg 1995). */
  adjustedP: Float64Array
}

/**
 * Compares two conditions by their samples: where at least two samples are in both, those alone, each with itself (a paired t test), else the samples of
 * the one with those of the other (Welch's).
 *
 * @param n number of things measured
 * @param value of a unit, by its position, in one of them
 */
export function compareConditions(
  units: readonly SampleUnit[],
  n: number,
  value: (thing: number, unit: number) => number,
): ConditionDifference {
  const of = (side: 0 | 1) => [...units.keys()].filter((unit) => units[unit]!.side === side)
  const [first, second] = [of(0), of(1)]
  const partner = (unit: number) => second.find((other) => units[other]!.sample === units[unit]!.sample)
  const pairs = first.flatMap((unit) => {
    const other = partner(unit)
    return other === undefined ? [] : [[unit, other] as const]
  })
  const paired = pairs.length >= 2
  const difference = new Float64Array(n)
  const p = new Float64Array(n)
  for (let thing = 0; thing < n; thing++) {
    if (paired) {
      const changes = pairs.map(([unit, other]) => value(thing, unit) - value(thing, other))
      difference[thing] = mean(changes)
      p[thing] = pairedP(changes)
      continue
    }
    const [a, b] = [first, second].map((side) => side.map((unit) => value(thing, unit)))
    difference[thing] = mean(a!) - mean(b!)
    p[thing] = welchP(a!, b!)
  }
  return { paired, difference, p, adjustedP: benjaminiHochberg(p) }
}
