import { philox } from './philox.js'

/** Seeded numbers for test inputs. */
export class Draws {
  #count = 0

  constructor(readonly seed: number) {}

  /** In (0, 1). */
  uniform(low = 0, high = 1): number {
    const word = philox([this.#count++, 0, 0, 7], [this.seed, 99])[0]!
    return low + ((word + 0.5) / 2 ** 32) * (high - low)
  }

  /** A whole number from 0 to n − 1. */
  below(n: number): number {
    return Math.floor(this.uniform() * n)
  }

  normal(scale = 1): number {
    return scale * Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform())
  }

  /** Float32 values, so that a device and an oracle see the same numbers. */
  normals(n: number, scale = 1): Float32Array {
    return Float32Array.from({ length: n }, () => this.normal(scale))
  }

  uniforms(n: number, low = 0, high = 1): Float32Array {
    return Float32Array.from({ length: n }, () => this.uniform(low, high))
  }

  /** Some of 0 … n − 1 in random order. */
  sample(n: number, size: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i)
    for (let i = 0; i < size; i++) {
      const j = i + this.below(n - i)
      const kept = order[i]!
      order[i] = order[j]!
      order[j] = kept
    }
    return order.slice(0, size)
  }
}
