import { studentTwoSided } from './student-t.js'

/** The mean of some values; NaN for none. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Variance of a mean. */
function varianceOfMean(values: readonly number[]): number {
  const middle = mean(values)
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0)
  return squares / (values.length - 1) / values.length
}

/** P-value of the t test that the mean of some changes is 0; NaN for fewer than two. */
export function pairedP(changes: readonly number[]): number {
  if (changes.length < 2) return Number.NaN
  return studentTwoSided(mean(changes) / Math.sqrt(varianceOfMean(changes)), changes.length - 1)
}

/** P-value of Welch's t test that two means are the same, with the degrees of freedom of Welch and Satterthwaite; NaN for fewer than two values. */
export function welchP(a: readonly number[], b: readonly number[]): number {
  if (a.length < 2 || b.length < 2) return Number.NaN
  const [va, vb] = [varianceOfMean(a), varianceOfMean(b)]
  const degrees = (va + vb) ** 2 / (va ** 2 / (a.length - 1) + vb ** 2 / (b.length - 1))
  return studentTwoSided((mean(a) - mean(b)) / Math.sqrt(va + vb), degrees)
}
