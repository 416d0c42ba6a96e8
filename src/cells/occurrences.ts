/** For each label, how many of the same stand before it. */
export function occurrencesOf(labels: readonly string[]): number[] {
  const seen = new Map<string, number>()
  return labels.map((label) => {
    const before = seen.get(label) ?? 0
    seen.set(label, before + 1)
    return before
  })
}
