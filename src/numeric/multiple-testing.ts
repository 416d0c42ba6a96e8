/**
 * Benjamini–Hochberg adjusted p-values: the smallest false discovery rate at which each test would be rejected
 * (Benjamini and Hochberg 1995), in the order given.
 *
 * NaN marks a test that was not made: it stays NaN and does not count.
 */
export function benjaminiHochberg(pValues: ArrayLike<number>): Float64Array {
  const adjusted = new Float64Array(pValues.length).fill(Number.NaN)
  const made: number[] = []
  for (let i = 0; i < pValues.length; i++) if (!Number.isNaN(pValues[i]!)) made.push(i)
  made.sort((a, b) => pValues[b]! - pValues[a]!)
  let smallest = 1
  for (let i = 0; i < made.length; i++) {
    const rank = made.length - i
    smallest = Math.min(smallest, (pValues[made[i]!]! * made.length) / rank)
    adjusted[made[i]!] = smallest
  }
  return adjusted
}
