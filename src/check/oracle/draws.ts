/** Seeded numbers for test inputs (Marsaglia's 32-bit xorshift, well mixed at the start). */
export class Draws {
  #state: number

  constructor(readonly seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1
    for (let i = 0; i < 20; i++) this.uniform()
  }

  /** In (0, 1). */
  uniform(low = 0, high = 1): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return low + (((x >>> 0) + 0.5) / 2 ** 32) * (high - low)
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
