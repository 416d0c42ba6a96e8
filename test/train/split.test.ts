import { describe, expect, it } from 'vitest'
import { epochOrder, minibatchBounds, splitCells } from '../../src/train/split.js'

const sorted = (...parts: Int32Array[]) => parts.flatMap((part) => [...part]).sort((a, b) => a - b)
const range = (n: number) => Array.from({ length: n }, (_, i) => i)

describe('splitCells', () => {
  it.each([
    [100, 0.9, 90],
    [101, 0.9, 91],
    [129, 0.9, 117],
    [7, 0.5, 4],
    [4, 0.9, 4],
    [50, 1, 50],
  ])('of %i cells and a share of %d trains on %i', (n, share, train) => {
    const split = splitCells(n, share, 3)
    expect(split.train.length).toBe(train)
    expect(sorted(split.train, split.heldout)).toEqual(range(n))
  })

  it('depends on the seed alone', () => {
    expect(splitCells(200, 0.9, 1)).toEqual(splitCells(200, 0.9, 1))
    expect(splitCells(200, 0.9, 1).heldout).not.toEqual(splitCells(200, 0.9, 2).heldout)
  })

  describe('with batches', () => {
    const plain = splitCells(200, 0.5, 7)
    /** All of batch 0 but for these. */
    const batchesOf = (...others: readonly (readonly number[])[]) => {
      const codes = new Int32Array(200)
      for (const [i, cells] of others.entries()) for (const cell of cells) codes[cell] = i + 1
      return codes
    }

    it('is the same where each has a cell that is trained on', () => {
      const batches = batchesOf([plain.heldout[3]!, plain.heldout[9]!, plain.train[0]!], [plain.train[5]!])
      expect(splitCells(200, 0.5, 7, batches)).toEqual(plain)
    })

    it('exchanges one cell of each that would be held out whole', () => {
      const [one, two, three] = plain.heldout.subarray(10, 13)
      // the first two training cells are all that there is of their batches
      const alone = [plain.train[0]!, plain.train[1]!]
      const split = splitCells(200, 0.5, 7, batchesOf([one!], [two!, three!], ...alone.map((cell) => [cell])))
      expect(split.train).toEqual(plain.train.with(2, one!).with(3, two!))
      expect(split.heldout).toEqual(plain.heldout.with(10, plain.train[2]!).with(11, plain.train[3]!))
    })

    it('leaves batches held out where all that are trained on have one cell', () => {
      const batches = Int32Array.from({ length: 6 }, (_, cell) => cell)
      expect(splitCells(6, 0.5, 7, batches)).toEqual(splitCells(6, 0.5, 7))
    })
  })
})

describe('epochOrder', () => {
  it('holds every training cell once, in an order of seed and epoch', () => {
    const { train } = splitCells(150, 0.9, 4)
    const order = epochOrder(train, 4, 0)
    expect(sorted(order)).toEqual(sorted(train))
    expect(epochOrder(train, 4, 0)).toEqual(order)
    expect(epochOrder(train, 4, 1)).not.toEqual(order)
    expect(epochOrder(train, 5, 0)).not.toEqual(order)
  })
})

describe('minibatchBounds', () => {
  it('covers all cells with batches of the size asked for, the last of at least three', () => {
    for (const batchSize of [3, 4, 64, 128]) {
      for (let n = 3; n < 400; n++) {
        const bounds = minibatchBounds(n, batchSize)
        expect(bounds[0]).toBe(0)
        expect(bounds.at(-1)).toBe(n)
        const sizes = bounds.slice(1).map((end, i) => end - bounds[i]!)
        expect(Math.min(...sizes)).toBeGreaterThanOrEqual(3)
        // a network's minibatch has room for two more
        expect(Math.max(...sizes)).toBeLessThanOrEqual(batchSize + 2)
        for (const size of sizes.slice(0, -1)) expect(size).toBe(batchSize)
      }
    }
    expect(minibatchBounds(130, 128)).toEqual([0, 130])
    expect(minibatchBounds(131, 128)).toEqual([0, 128, 131])
  })
})
