import { expect, test } from 'vitest'
import { nearest, nearestList } from '../../src/anndata/frame/nearest.js'

test('sorts by edits, without regard to case', () => {
  expect(nearest('bacth', ['cell_type', 'donor', 'Batch', 'patch'])).toEqual([
    'Batch',
    'patch',
    'donor',
    'cell_type',
  ])
  expect(nearest('DONOR', ['batch', 'donor'])).toEqual(['donor', 'batch'])
})

test('keeps the given order where distances are equal', () => {
  expect(nearest('x', ['b', 'a', 'c'])).toEqual(['b', 'a', 'c'])
})

test('counts insertions, deletions and replacements', () => {
  expect(nearest('', ['abc', 'a', 'ab'])).toEqual(['a', 'ab', 'abc'])
  expect(nearest('kitten', ['kitting', 'kitte', 'sitting', 'kitten'])).toEqual([
    'kitten',
    'kitte',
    'kitting',
    'sitting',
  ])
})

test('a list is cut with the number left out', () => {
  expect(nearestList('a', ['a', 'aa', 'aaa'], 2)).toBe('a, aa and 1 more')
  expect(nearestList('a', ['b'])).toBe('b')
})
