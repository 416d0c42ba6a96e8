import { describe, expect, it } from 'vitest'
import { Draws } from '../../src/check/oracle/draws.js'
import { noiseNormal, noiseUniform, philox } from '../../src/check/oracle/philox.js'
import { philox4x32 } from '../../src/numeric/philox.js'

describe('philox', () => {
  // Known answers of the authors' Random123 library.
  const ones = 0xffffffff
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ones, ones, ones, ones],
      [ones, ones],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('gives the published words for counter %j', (counter, key, expected) => {
    expect(philox(counter, key)).toEqual(expected)
  })

  it('agrees with the generator of the product', () => {
    const draws = new Draws(1)
    for (let i = 0; i < 200; i++) {
      const counter = Array.from({ length: 4 }, () => draws.below(2 ** 32))
      const key = [draws.below(2 ** 32), draws.below(2 ** 32)]
      const words = new Uint32Array(4)
      philox4x32(counter, key, words)
      expect(Array.from(words)).toEqual(philox(counter, key))
    }
  })

  it('makes uniform and normal numbers', () => {
    const noise = { seed: 5, purpose: 1, step: 3 }
    const n = 4000
    let mean = 0
    let normalMean = 0
    let normalSquare = 0
    for (let i = 0; i < n; i++) {
      mean += noiseUniform(noise, i % 50, Math.floor(i / 50)) / n
      const normal = noiseNormal(noise, i % 50, Math.floor(i / 50))
      normalMean += normal / n
      normalSquare += normal ** 2 / n
    }
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02)
    expect(Math.abs(normalMean)).toBeLessThan(0.06)
    expect(Math.abs(normalSquare - 1)).toBeLessThan(0.1)
  })
})
