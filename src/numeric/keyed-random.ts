import { philox4x32, uniform } from './philox.js'

/** Names that random numbers are keyed by, as 64 bits each. */
export interface RandomKeys {
  low: Uint32Array
  high: Uint32Array
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** A text as 64 bits: FNV-1a of its UTF-16 code units from both ends. */
function hashText(text: string): [low: number, high: number] {
  let low = FNV_OFFSET
  let high = FNV_OFFSET
  for (let i = 0, last = text.length - 1; i <= last; i++) {
    low = Math.imul(low ^ text.charCodeAt(i), FNV_PRIME)
    high = Math.imul(high ^ text.charCodeAt(last - i), FNV_PRIME)
  }
  return [low >>> 0, high >>> 0]
}

/** Keys of texts: the same text has the same key wherever it stands. */
export function keysOfTexts(texts: readonly string[]): RandomKeys {
  const keys = { low: new Uint32Array(texts.length), high: new Uint32Array(texts.length) }
  for (const [i, text] of texts.entries()) [keys.low[i], keys.high[i]] = hashText(text)
  return keys
}

/** Keys of whole numbers. */
export function keysOfNumbers(numbers: Int32Array): RandomKeys {
  return { low: Uint32Array.from(numbers), high: new Uint32Array(numbers.length) }
}

/**
 * Random numbers that belong to a key and the number of a draw, on Philox 4×32-10: what a key gets does not depend on what
 * else is drawn, nor on the order.
 */
export class KeyedRandom {
  readonly #key: Uint32Array
  readonly #counter = new Uint32Array(4)
  readonly #words = new Uint32Array(4)

  /** @param purpose one of `NOISE` */
  constructor(seed: number, purpose: number) {
    this.#key = Uint32Array.of(seed, purpose)
  }

  /** Four words of a key's draw, the same array at every call. */
  words(keys: RandomKeys, at: number, draw: number, block: number): Uint32Array {
    const counter = this.#counter
    counter[0] = block
    counter[1] = keys.low[at]!
    counter[2] = draw
    counter[3] = keys.high[at]!
    philox4x32(counter, this.#key, this.#words)
    return this.#words
  }

  /** Standard normals of a key's draw (Box–Muller), `n` of them from `offset` on. */
  normals(keys: RandomKeys, at: number, draw: number, out: Float32Array, offset: number, n: number): void {
    for (let k = 0; k < n; k += 2) {
      if (k % 4 === 0) this.words(keys, at, draw, k / 4)
      const word = k % 4
      const radius = Math.sqrt(-2 * Math.log(uniform(this.#words[word]!)))
      const angle = 2 * Math.PI * uniform(this.#words[word + 1]!)
      out[offset + k] = radius * Math.cos(angle)
      if (k + 1 < n) out[offset + k + 1] = radius * Math.sin(angle)
    }
  }
}
