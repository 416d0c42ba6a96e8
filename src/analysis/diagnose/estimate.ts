/** A number that is known from a sample of cells or draws. */
export interface Estimate {
  value: number
  /** Standard error. */
  error: number
}

/** The mean of some values. */
export function meanOf(values: ArrayLike<number>): Estimate {
  const n = values.length
  let sum = 0
  for (let i = 0; i < n; i++) sum += values[i]!
  const value = sum / n
  let squares = 0
  for (let i = 0; i < n; i++) squares += (values[i]! - value) ** 2
  return { value, error: Math.sqrt(squares / Math.max(1, n - 1) / n) }
}

/** The mean of the differences of pairs. */
export function meanDifference(a: ArrayLike<number>, b: ArrayLike<number>): Estimate {
  return meanOf(Float64Array.from(a, (value, i) => value - b[i]!))
}

/** A share of some draws that are alike but for chance. */
export function shareOf(count: number, n: number): Estimate {
  const value = count / n
  return { value, error: Math.sqrt((value * (1 - value)) / n) }
}
