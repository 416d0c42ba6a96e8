/** One warning where names occur more than once; they are kept as they are. */
export function warnIfRepeated(names: readonly string[], what: 'cell' | 'gene', warnings: string[]): void {
  const seen = new Set<string>()
  let repeats = 0
  let first: string | undefined
  for (const name of names) {
    if (seen.has(name)) {
      repeats++
      first ??= name
    }
    seen.add(name)
  }
  if (repeats > 0) warnings.push(`${repeats} ${what} names repeat another ("${first}" is the first).`)
}
