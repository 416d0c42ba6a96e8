import { describe, expect, it } from 'vitest'
import { type EmbeddingScores, METRICS } from '../../src/analysis/metrics/evaluate.js'
import { buildScoresPage } from '../../src/report/scores-page.js'

const scores = (value: number) =>
  Object.fromEntries(METRICS.map(({ name }) => [name, value])) as EmbeddingScores

describe('the page of scores', () => {
  it('has a row for each embedding, escaped, with bars of the aggregates and a dash for what does not apply', () => {
    const page = buildScoresPage({
      title: 'a<b',
      notes: ['3 cells & more'],
      scored: [
        { name: 'X_<one>', scores: scores(0.75), aggregate: { bio: 0.5, batch: 0.25, total: 0.4 } },
        {
          name: 'two',
          scores: { ...scores(0.25), kbet: Number.NaN },
          aggregate: { bio: 0.5, batch: 0.25, total: Number.NaN },
        },
      ],
    })
    expect(page).toContain('<th scope="row">X_&lt;one&gt;</th>')
    expect(page).toContain('<h1>a&lt;b</h1>')
    expect(page).toContain('3 cells &amp; more')
    expect(page).not.toContain('<one>')
    expect(page.match(/class="disc"/g)).toHaveLength(2 * METRICS.length - 1)
    expect(page.match(/<td class="number">–<\/td>/g)).toHaveLength(2)
    expect(page).toContain('style="--share:1.000">0.75')
    expect(page).toContain('style="width:40.0%"></span><b>0.40</b>')
    expect(page).toContain("default-src 'none'")
  })
})
