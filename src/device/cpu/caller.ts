import type { AdamSettings } from '../device.js'
import type { Arena } from './arena.js'
import { KERNELS, type KernelName } from './kernel-names.js'
import type { ThreadPool } from './pool.js'

/** Words of a kernel's arguments at the most. */
const ARGUMENT_WORDS = 128

/** A float argument: its bits travel in the word. */
const bits = new Float32Array(1)
const word = new Int32Array(bits.buffer)
export function floatWord(x: number): number {
  bits[0] = x
  return word[0]!
}

/** Calls a kernel on all threads with the words given; Adam's settings, or six zeros, follow when asked for. */
export type Caller = (
  kernel: KernelName,
  words: readonly number[],
  adam?: AdamSettings,
  after?: readonly number[],
) => void

const NUMBERS = Object.fromEntries(KERNELS.map((name, i) => [name, i])) as Record<KernelName, number>

/** Time and calls of each kernel, kept when profiling is asked for. */
export type Profile = Map<KernelName, { calls: number; milliseconds: number }>

/** Adam's settings as `adam_arg` in kernels/adam.h reads them: the bias corrections are taken here, in double precision. */
export function adamWords(adam: AdamSettings | undefined): number[] {
  if (!adam) return [0, 0, 0, 0, 0, 0]
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = adam
  return [
    floatWord(learningRate / (1 - beta1 ** step)),
    floatWord(1 / Math.sqrt(1 - beta2 ** step)),
    floatWord(beta1),
    floatWord(beta2),
    floatWord(epsilon),
    floatWord(weightDecay),
  ]
}

export function makeCaller(arena: Arena, pool: ThreadPool, profile?: Profile): Caller {
  const at = arena.allocate(ARGUMENT_WORDS)
  return (kernel, words, adam, after) => {
    const { ints } = arena
    let end = at
    for (const value of words) ints[end++] = value
    if (adam || after) {
      for (const value of adamWords(adam)) ints[end++] = value
      if (after) for (const value of after) ints[end++] = value
    } else {
      ints.fill(0, end, end + 6)
    }
    if (!profile) {
      pool.run(NUMBERS[kernel], at)
      return
    }
    const start = performance.now()
    pool.run(NUMBERS[kernel], at)
    const entry = profile.get(kernel) ?? { calls: 0, milliseconds: 0 }
    entry.calls++
    entry.milliseconds += performance.now() - start
    profile.set(kernel, entry)
  }
}
