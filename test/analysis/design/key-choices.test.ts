import { describe, expect, it } from 'vitest'
import { cross } from '../../../src/analysis/design/crossing.js'
import { adviseKey } from '../../../src/analysis/design/key-choices.js'
import type { Role } from '../../../src/analysis/design/roles.js'
import { allOf, cellsOf, columns } from './designs.js'

const BATCH_CONDITION = [
  ['batch', 'technical'],
  ['condition', 'condition'],
] as const

describe('designs', () => {
  it.each([
    // combinations of batch and condition, relation of the first to the second, groups of conditions, the advised key
    ['crossed', 'b1 c 100|b1 t 90|b2 c 110|b2 t 100', 'crossed', 1, 'batch'],
    ['crossed but for strays', 'b1 c 400|b1 t 2|b2 c 1|b2 t 400', 'same', 2, undefined],
    ['the same', 'b1 c 100|b2 t 100', 'same', 2, undefined],
    [
      'nested: condition is constant within a batch',
      'b1 c 90|b2 c 90|b3 t 90|b4 t 90',
      'inside',
      2,
      undefined,
    ],
    ['nested the other way', 'b1 c 90|b1 t 90|b2 u 90|b2 v 90', 'around', 2, undefined],
    ['in part: one empty combination', 'b1 c 90|b1 t 90|b2 t 90', 'partly', 1, 'batch'],
    ['partly confounded', 'b1 c 90|b1 t 90|b2 u 90|b3 u 90|b3 v 90|b2 v 90', 'apart', 2, undefined],
    ['linked by one batch alone', 'b1 c 90|b2 c 90|b2 t 90|b3 t 90', 'partly', 1, 'batch'],
    ['a batch of one cell', 'b1 c 100|b1 t 100|b2 c 100|b2 t 100|b3 c 1', 'partly', 1, 'batch'],
  ] as const)('%s', (_, text, relation, groups, advised) => {
    const cells = cellsOf(
      text.split('|').map((part) => [part.replace(/ \d+$/, ''), Number(/\d+$/.exec(part))]),
    )
    const factors = columns(cells, BATCH_CONDITION)
    const crossing = cross(factors[0]!, factors[1]!, allOf(cells))
    expect([crossing.relation, crossing.nGroups]).toEqual([relation, groups])
    expect(adviseKey(factors, allOf(cells)).advised).toBe(advised)
  })

  it('are weighed: the finest key that gives up no condition and whose batches are not too small', () => {
    // donors have both conditions, plates have one each, lanes lie within donors
    const cells = cellsOf(
      ['d1', 'd2', 'd3'].flatMap((donor) =>
        ['c', 't'].flatMap((condition) =>
          ['1', '2'].map((lane) => [`${donor} ${condition} p${condition} ${donor}l${lane}`, 60] as const),
        ),
      ),
    )
    const names: [string, Role][] = [
      ['donor', 'sample'],
      ['treatment', 'condition'],
      ['plate', 'technical'],
      ['lane', 'technical'],
    ]
    const { choices, advised } = adviseKey(columns(cells, names), allOf(cells))
    expect(advised).toBe('lane')
    const [lane, donor, plate] = choices
    expect([lane!.leaves, donor!.leaves]).toEqual([['plate'], ['plate', 'lane']])
    expect(plate).toMatchObject({
      name: 'plate',
      against: 'differences of treatment would be corrected away with it',
    })
    // with too few cells in its lanes, the donor
    const few = cells.filter((_, i) => i % 3 === 0)
    expect(adviseKey(columns(few, names), allOf(few)).advised).toBe('donor')
  })

  it('have Cramér’s V of 0, 1 and in between, corrected for chance', () => {
    const of = (combinations: [string, number][]) => {
      const cells = cellsOf(combinations)
      const [a, b] = columns(cells, BATCH_CONDITION)
      return cross(a!, b!, allOf(cells)).cramersV
    }
    expect(
      of([
        ['a x', 50],
        ['a y', 50],
        ['b x', 50],
        ['b y', 50],
      ]),
    ).toBe(0)
    expect(
      of([
        ['a x', 50],
        ['b y', 50],
      ]),
    ).toBeCloseTo(1, 12)
    // χ² = 36, n = 100: φ² = .36, less 1/99; both sides 2 − 1/99
    expect(
      of([
        ['a x', 40],
        ['a y', 10],
        ['b x', 10],
        ['b y', 40],
      ]),
    ).toBeCloseTo(Math.sqrt((0.36 - 1 / 99) / (1 - 1 / 99)), 12)
  })
})
