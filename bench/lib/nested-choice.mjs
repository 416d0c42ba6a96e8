/** Mean of some values. */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Which candidate one would have taken for each data set from the other sets alone: the one whose mean rank among the candidates, over those sets and
 * their measures, is the least.
 *
 * @param {{ data: string, candidate: string }[]} runs of several candidates, seeds and data sets
 * @param {Record<string, 1 | -1>} measures which way is better
 * @param {string[]} candidates
 * @returns {Map<string, { chosen: string, ranks: Record<string, number> }>} by data set
 */
export function nestedChoice(runs, measures, candidates) {
  const sets = [...new Set(runs.map(({ data }) => data))]
  const ranksOf = (data) => {
    const here = runs.filter((run) => run.data === data)
    return Object.entries(measures).flatMap(([measure, way]) => {
      const values = candidates.map((candidate) => {
        const own = here.filter((run) => run.candidate === candidate && run[measure] !== undefined)
        return own.length === 0 ? undefined : way * mean(own.map((run) => run[measure]))
      })
      if (values.includes(undefined)) return []
      return [values.map((value) => 1 + values.filter((other) => other > value).length)]
    })
  }
  return new Map(
    sets.map((left) => {
      const rows = sets.filter((data) => data !== left).flatMap(ranksOf)
      const ranks = candidates.map((_, i) => mean(rows.map((row) => row[i])))
      const chosen = candidates[ranks.indexOf(Math.min(...ranks))]
      return [left, { chosen, ranks: Object.fromEntries(candidates.map((name, i) => [name, ranks[i]])) }]
    }),
  )
}
