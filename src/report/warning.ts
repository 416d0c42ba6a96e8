/** What a run warns of, with the number that told it where there is one. */
export interface Warning {
  /** What is the matter. */
  what: string
  /** What it was told by, or what it means. */
  why?: string
  /** What was measured, where a number told it; `value` and `threshold` are in its unit. */
  measure?: string
  value?: number
  /** What `value` was held to. */
  threshold?: number
  /** What to do. */
  advice?: string
}

/** As one sentence: what, why, and what to do. */
export function warningSentence({ what, why, advice }: Warning): string {
  const rest = [why, advice].filter((part) => part !== undefined)
  return rest.length === 0 ? what : `${what}: ${rest.join('; ')}`
}
