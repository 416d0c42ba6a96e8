import { describe, expect, it } from 'vitest'
import { neighbors } from '../../../src/analysis/neighbors/neighbors.js'
import { clusterReproducibility } from '../../../src/analysis/stability/cluster-reproducibility.js'
import { neighborAgreement } from '../../../src/analysis/stability/neighbor-agreement.js'
import { matrix } from '../../matrix.js'

/** Cells on a line. */
const places = (...at: number[]) => matrix(Float32Array.from(at), 1)
/** Their two nearest others. */
const onLine = (...at: number[]) => neighbors(places(...at), { k: 3 })

describe('neighborAgreement', () => {
  const first = onLine(0, 1, 2, 10, 11, 12)

  it('is the share of neighbours that a cell has in all graphs', () => {
    expect([...neighborAgreement([first, onLine(5, 6, 7, 70, 72, 74)], 2)]).toEqual([1, 1, 1, 1, 1, 1])
    // cells 2 and 3 change places: 0 keeps 1, and 1 keeps 0
    const second = onLine(0, 1, 10, 2, 11, 12)
    expect([...neighborAgreement([first, second], 2)]).toEqual([0.5, 0.5, 0, 0, 0.5, 0.5])
  })

  it('takes a neighbour from the share that any one graph lacks', () => {
    const second = onLine(0, 1, 10, 2, 11, 12)
    const third = onLine(0, 10, 2, 1, 11, 12)
    const all = neighborAgreement([first, second, third], 2)
    expect(all[0]).toBe(0)
    // the order of the others does not matter
    expect(neighborAgreement([first, third, second], 2)).toEqual(all)
    expect(all.every((value, cell) => value <= neighborAgreement([first, second], 2)[cell]!)).toBe(true)
  })

  it('leaves the cell itself out, whether graphs have it or not', () => {
    const without = neighbors(places(0, 1, 2, 10, 11, 12), { k: 2, includeSelf: false })
    expect([...neighborAgreement([first, without], 2)]).toEqual([1, 1, 1, 1, 1, 1])
  })

  it('refuses graphs of other cells and too few neighbours', () => {
    expect(() => neighborAgreement([first, onLine(1, 2, 3, 4)], 2)).toThrow('compared')
    expect(() => neighborAgreement([first, first], 3)).toThrow('compared')
  })
})

describe('clusterReproducibility', () => {
  const labels = Int32Array.of(0, 0, 0, 0, 1, 1)

  it('is 1 for the same clusters under other numbers', () => {
    expect([...clusterReproducibility(labels, [Int32Array.of(1, 1, 1, 1, 0, 0)])]).toEqual([1, 1])
  })

  it('is the best Jaccard index, averaged over the other clusterings', () => {
    const halves = Int32Array.of(0, 0, 1, 1, 2, 2)
    const moved = Int32Array.of(0, 0, 0, 1, 1, 1)
    expect([...clusterReproducibility(labels, [halves])]).toEqual([0.5, 1])
    expect([...clusterReproducibility(labels, [moved])]).toEqual([3 / 4, 2 / 3])
    const both = clusterReproducibility(labels, [halves, moved])
    expect(both[0]).toBeCloseTo((0.5 + 3 / 4) / 2, 12)
    expect(both[1]).toBeCloseTo((1 + 2 / 3) / 2, 12)
  })

  it('refuses none and clusterings of other cells', () => {
    expect(() => clusterReproducibility(labels, [])).toThrow('other clusterings')
    expect(() => clusterReproducibility(labels, [Int32Array.of(0)])).toThrow('other clusterings')
  })
})
