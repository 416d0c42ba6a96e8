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
  if (repeats === 0) return
  const said = repeats === 1 ? `1 ${what} name repeats` : `${repeats} ${what} names repeat`
  warnings.push(`${said} another ("${first}" is the first).`)
}
