import { describe, expect, it, test } from 'vitest'
import { NOISE, philox4x32, uniform } from '../../src/numeric/philox.js'

function hexadecimal(words: Uint32Array): string[] {
  return Array.from(words, (word) => word.toString(16).padStart(8, '0'))
}

describe('philox4x32', () => {
  // the known answers published with Random123
  test.each([
    {
      name: 'all zero',
      counter: [0, 0, 0, 0],
      key: [0, 0],
      expected: ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8'],
    },
    {
      name: 'all one bits',
      counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      key: [0xffffffff, 0xffffffff],
      expected: ['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd'],
    },
    {
      name: 'digits of pi',
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      key: [0xa4093822, 0x299f31d0],
      expected: ['d16cfe09', '94fdcceb', '5001e420', '24126ea1'],
    },
  ])('$name', ({ counter, key, expected }) => {
    const out = new Uint32Array(4)
    philox4x32(counter, key, out)
    expect(hexadecimal(out)).toEqual(expected)
  })

  it('writes at the offset and leaves counter and key as they are', () => {
    const counter = Uint32Array.of(1, 2, 3, 4)
    const key = Uint32Array.of(5, 6)
    const out = new Uint32Array(6)
    philox4x32(counter, key, out, 2)
    const alone = new Uint32Array(4)
    philox4x32(counter, key, alone)
    expect([...out]).toEqual([0, 0, ...alone])
    expect([...counter, ...key]).toEqual([1, 2, 3, 4, 5, 6])
  })
})

describe('uniform', () => {
  it('keeps clear of 0 and 1', () => {
    expect(uniform(0)).toBe(2 ** -33)
    expect(uniform(0xffffffff)).toBe(1 - 2 ** -33)
  })
})

describe('NOISE', () => {
  it('keeps its codes: renumbering would change every seeded result', () => {
    expect(NOISE).toEqual({
      latent: 1,
      library: 2,
      dropoutEncoder: 16,
      split: 64,
      shuffle: 65,
      init: 66,
      sample: 67,
      posterior: 68,
      pseudoInputs: 69,
      counts: 70,
      cellDraw: 80,
      cellLibrary: 81,
      pairs: 82,
      countNumber: 83,
      priorComponent: 84,
      hidden: 85,
      gammas: 86,
      importance: 87,
      secondOfPairs: 88,
      boundDraw: 110,
      ownPosterior: 111,
      diagnosed: 112,
      halves: 113,
    })
  })
})
