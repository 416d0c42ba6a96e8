/**
 * Candidates by how near they are to a name, nearest first: Levenshtein distance without regard to case, ties in the
 * order given. For the sentence that answers a misspelt key.
 */
export function nearest(name: string, candidates: Iterable<string>): string[] {
  const wanted = name.toLowerCase()
  return Array.from(candidates, (candidate) => ({
    candidate,
    distance: editDistance(wanted, candidate.toLowerCase()),
  }))
    .sort((a, b) => a.distance - b.distance)
    .map(({ candidate }) => candidate)
}

/** At most `limit` candidates nearest first as a list for a sentence, with the number of those left out. */
export function nearestList(name: string, candidates: Iterable<string>, limit = 12): string {
  const all = nearest(name, candidates)
  const shown = all.slice(0, limit).join(', ')
  return all.length > limit ? `${shown} and ${all.length - limit} more` : shown
}

/** Insertions, deletions and replacements of one character that turn one string into the other. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1))
    }
    previous = row
  }
  return previous[b.length]!
}
