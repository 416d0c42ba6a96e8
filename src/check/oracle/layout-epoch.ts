import type { SimilarityCurve } from '../../analysis/umap/umap-curve.js'
import { philox4x32 } from '../../numeric/philox.js'

/** What an epoch of a layout starts from. Shares are float32, as it depends on their rounding whether a tie is due. */
export interface LayoutEpoch extends SimilarityCurve {
  places: Float64Array
  starts: Int32Array
  others: Int32Array
  share: Float32Array
  epoch: number
  rate: number
  seed: number
  purpose: number
}

const CELLS = 64
const DRAWS = 128
const PUSHES = 5
const cut = (force: number) => Math.max(-4, Math.min(4, force))

/** The places after an epoch, draw by draw in float64. `lanes` is the width of a build's vectors: it decides where draws are cut into stretches. */
export function layoutEpoch(at: LayoutEpoch, lanes: number): Float64Array {
  const { places, starts, others, share, epoch, a, b, rate } = at
  const n = places.length / 2
  const next = places.slice()
  const difference = (i: number, j: number) => {
    const dx = places[2 * i]! - places[2 * j]!
    const dy = places[2 * i + 1]! - places[2 * j + 1]!
    return { dx, dy, squared: dx * dx + dy * dy }
  }
  let counted = { count: 0, before: 0 }
  for (let i = 0; i < n; i++) {
    if (i % CELLS === 0) counted = { count: 0, before: 0 }
    let [x, y, stiffness] = [0, 0, 0]
    for (let e = starts[i]!; e < starts[i + 1]!; e++) {
      if ((e - starts[i]!) % lanes === 0 && counted.count + lanes > DRAWS) {
        counted = { count: 0, before: counted.before + Math.ceil(counted.count / 16) * 16 }
      }
      const times = (of: number) => Math.trunc(Math.fround(share[e]! * of))
      if (times(epoch) === times(epoch - 1)) continue
      const pair = difference(i, others[e]!)
      const power = a * pair.squared ** b
      const pull = pair.squared > 0 ? (2 * b * power) / (pair.squared * (1 + power)) : 0
      x -= 2 * cut(pull * pair.dx)
      y -= 2 * cut(pull * pair.dy)
      stiffness += 2 * pull
      for (const word of drawWords(at, Math.floor(i / CELLS), counted.before + counted.count)) {
        const { dx, dy, squared } = difference(i, Math.floor((word * n) / 2 ** 32))
        const push = (2 * b) / ((1e-3 + squared) * (1 + a * squared ** b))
        x += cut(push * dx)
        y += cut(push * dy)
      }
      counted.count++
    }
    const step = rate / (1 + rate * stiffness)
    next[2 * i]! += step * x
    next[2 * i + 1]! += step * y
  }
  return next
}

function drawWords({ seed, purpose, epoch }: LayoutEpoch, row: number, draw: number): number[] {
  const words = new Uint32Array(4)
  const key = Uint32Array.of(seed, purpose)
  philox4x32(Uint32Array.of(draw, 2 * row, epoch, 0), key, words)
  const own = [...words]
  philox4x32(Uint32Array.of(draw >> 2, 2 * row + 1, epoch, 0), key, words)
  return [...own, words[draw & 3]!].slice(0, PUSHES)
}
