import { type Expected, largest, type Outputs } from './check.js'

/**
 * One line for each output that is off: its worst element, what came out and what should have, and the error as a share of the
 * scale.
 */
export function differences(outputs: Outputs, expected: Record<string, Expected>): string[] {
  const failures: string[] = []
  for (const [name, { values, tolerance, scale = largest(values) }] of Object.entries(expected)) {
    const actual = outputs[name]
    if (actual === undefined || actual.length < values.length) {
      failures.push(`${name}: ${actual?.length ?? 'no'} values, not ${values.length}`)
      continue
    }
    let worst = 0
    let place = 0
    let off = 0
    for (let i = 0; i < values.length; i++) {
      const unit = typeof scale === 'number' ? scale : scale[i]!
      const difference = Math.abs(actual[i]! - values[i]!)
      // NaN must count as infinitely wrong
      const error =
        difference === 0 ? 0 : Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / unit
      if (error > tolerance) off++
      if (error > worst) {
        worst = error
        place = i
      }
    }
    if (off > 0) {
      failures.push(
        `${name}: ${off} of ${values.length} off; at ${place} got ${actual[place]}, expected ${values[place]}: ` +
          `${worst.toExponential(1)} of the scale, allowed ${tolerance}`,
      )
    }
  }
  return failures
}
