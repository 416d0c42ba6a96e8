import { describe, expect, it } from 'vitest'
import { nullFinding, nullTable } from '../../../src/cli/diagnose/null-batches.js'
import type { NullBatches } from '../../../src/models/null-batches.js'

const known = (value: number, error = 0.01) => ({ value, error })

/** Refits that nothing speaks against, but for what is given. */
const found = (excess: Partial<NullBatches['excess']>, falseGenes = 0.001): NullBatches => ({
  ...{ nCells: 1000, nGenes: 200, epochs: 100, crossedWith: null },
  noise: { changed: known(0.6), ari: known(0.8) },
  refits: [{ seed: 4, changed: 0.61, ari: 0.79, falseGenes, falseGenesPlain: 0 }],
  excess: { changed: known(0.01), ariLost: known(0.01), ...excess },
  falseGenes: known(falseGenes, 0.001),
  falseGenesPlain: known(0, 0),
})

describe('the verdict on batches of no meaning', () => {
  it('is good where they change no more than a seed', () => {
    const { grade, sentence, value } = nullFinding(found({}))
    expect({ grade, value }).toEqual({ grade: 'good', value: 0.01 })
    expect(sentence).toContain('change 1.0 ± 1.0 % of')
  })

  it.each<[string, NullBatches, string]>([
    ['neighbours', found({ changed: known(0.08) }), 'change 8.0 ± 1.0 % of'],
    ['clusters', found({ ariLost: known(0.13) }), 'cost clusters 0.13'],
    ['genes', found({}, 0.07), 'have 7.0 ± 0.1 % of the genes'],
  ])('needs attention for %s', (_, one, words) => {
    const { grade, sentence } = nullFinding(one)
    expect(grade).toBe('attention')
    expect(sentence).toContain(words)
  })

  it('leaves what two standard errors do not carry', () => {
    expect(nullFinding(found({ changed: known(0.08, 0.02) })).grade).toBe('good')
  })

  it('has a row for each refit and one for two seeds', () => {
    expect(nullTable(found({})).rows.map(([head]) => head)).toEqual(['seed', '4', 'two seeds'])
  })
})
