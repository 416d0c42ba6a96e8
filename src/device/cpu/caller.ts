import type { AdamSettings, KernelProfile } from '../device.js'
import { type StepInputs, type StepValue, stepValue } from '../step-number.js'
import type { Arena } from './arena.js'
import {
  type AdamArguments,
  KERNELS,
  type KernelArguments,
  type KernelName,
  MOST_WORDS,
} from './kernel-arguments.js'
import type { ThreadPool } from './pool.js'

/** Calls a kernel on all threads. */
export type Caller = <K extends KernelName>(kernel: K, args: KernelArguments[K]) => void

/** Time and calls of each kernel, kept when profiling is asked for. */
export type Profile = Map<KernelName, { calls: number; milliseconds: number }>

/** Adam's settings as kernels take them: the bias corrections are taken here, in double precision. */
export function adamArguments(adam: AdamSettings, inputs: StepInputs): AdamArguments {
  const of = (value: StepValue) => stepValue(value, inputs)
  const [learningRate, step] = [of(adam.learningRate), of(adam.step)]
  const [beta1, beta2] = [of(adam.beta1), of(adam.beta2)]
  return {
    update: true,
    rate: learningRate / (1 - beta1 ** step),
    root: 1 / Math.sqrt(1 - beta2 ** step),
    beta1,
    beta2,
    epsilon: of(adam.epsilon),
    decay: of(adam.weightDecay),
  }
}

/** @param profiles filled while they are in it; there may be one when the device is made, and others for a time */
export function makeCaller(arena: Arena, pool: ThreadPool, profiles: ReadonlySet<Profile>): Caller {
  const at = arena.allocate(MOST_WORDS)
  return (kernel, args) => {
    const { number, pack } = KERNELS[kernel]
    pack(arena, at, args)
    if (profiles.size === 0) {
      pool.run(number, at)
      return
    }
    const start = performance.now()
    pool.run(number, at)
    const milliseconds = performance.now() - start
    for (const profile of profiles) {
      const entry = profile.get(kernel) ?? { calls: 0, milliseconds: 0 }
      entry.calls++
      entry.milliseconds += milliseconds
      profile.set(kernel, entry)
    }
  }
}

/** Times the kernels from now on, until it is stopped. */
export function startProfile(profiles: Set<Profile>): KernelProfile {
  const profile: Profile = new Map()
  profiles.add(profile)
  return {
    table: async () =>
      Array.from(profile, ([kernel, times]) => ({ kernel, ...times })).sort(
        (a, b) => b.milliseconds - a.milliseconds,
      ),
    stop: () => void profiles.delete(profile),
  }
}
