import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Arena } from '../../src/device/cpu/arena.js'

/** An arena and its bytes before anything is handed out. */
function emptyArena() {
  const arena = new Arena(1000)
  return { arena, empty: arena.bytes }
}

describe('the arena', () => {
  it('hands out words of zeros that no one else has, starting at whole cache lines', () => {
    const action = fc.record({ words: fc.integer({ min: 0, max: 3000 }), freed: fc.nat(100) })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const { arena, empty } = emptyArena()
        const held: { offset: number; words: number; mark: number }[] = []
        for (const [i, { words, freed }] of actions.entries()) {
          const offset = arena.allocate(words)
          expect((offset * 4) % 64).toBe(0)
          expect(offset).toBeGreaterThan(0)
          const view = arena.floats.subarray(offset, offset + words)
          expect(view.length).toBe(words)
          expect(view.every((x) => x === 0)).toBe(true)
          view.fill(i + 1)
          held.push({ offset, words, mark: i + 1 })
          if (freed < 60) {
            const [gone] = held.splice(freed % held.length, 1)
            arena.free(gone!.offset, gone!.words)
          }
        }
        for (const { offset, words, mark } of held) {
          expect(arena.floats.subarray(offset, offset + words).every((x) => x === mark)).toBe(true)
        }
        for (const { offset, words } of held) arena.free(offset, words)
        expect(arena.bytes).toBe(empty)
      }),
      { numRuns: 200 },
    )
  })

  it('finds what was given back for any size that fits, the smallest that does', () => {
    const { arena } = emptyArena()
    const [a, b, , large, , small, last] = [16, 32, 16, 160, 16, 96, 16].map((n) => arena.allocate(n))
    const { bytes } = arena
    arena.free(a!, 16)
    arena.free(b!, 32)
    arena.free(large!, 160)
    arena.free(small!, 96)
    expect(arena.allocate(90)).toBe(small)
    // two neighbours have become one
    expect(arena.allocate(48)).toBe(a)
    expect(arena.allocate(64)).toBe(large)
    expect(arena.allocate(96)).toBe(large! + 64)
    expect(arena.bytes).toBe(bytes)
    arena.free(last!, 16)
    expect(arena.bytes).toBe(bytes - 64)
    expect(arena.allocate(1000)).toBe(last)
  })

  it('takes parts of what it handed out back', () => {
    const { arena, empty } = emptyArena()
    const start = arena.allocate(96)
    arena.free(start + 32, 32)
    arena.free(start + 64, 32)
    expect(arena.bytes).toBe(empty + 128)
    arena.free(start, 32)
    expect(arena.bytes).toBe(empty)
  })

  it('takes nothing back twice', () => {
    const { arena } = emptyArena()
    const [a, b, c] = [64, 64, 64].map((n) => arena.allocate(n))
    arena.free(b!, 64)
    expect(() => arena.free(b!, 64)).toThrow(RangeError)
    expect(() => arena.free(b! + 48, 16)).toThrow(RangeError)
    expect(() => arena.free(a!, 80)).toThrow(RangeError)
    arena.free(c!, 64)
    expect(() => arena.free(c!, 64)).toThrow(RangeError)
    expect(arena.allocate(128)).toBe(b)
  })
})
