import type { Kernels, LinearGradientArgs } from '../../device.js'
import type { GatherArgs } from './gather-kernels.js'

/** The interface's kernels that there are on a GPU, and the filling of a minibatch that comes before them. */
export interface Queued extends Omit<Kernels, 'geneMeans'> {
  gather(args: GatherArgs): void
}

/** A call that waits. */
export type Call = { [K in keyof Queued]: { kernel: K; args: Parameters<Queued[K]> } }[keyof Queued]

export type ArgsOf<K extends keyof Queued> = Parameters<Queued[K]>[0]

/** The arguments of a call when it is of the kernel given. */
export function argsOf<K extends keyof Queued>(call: Call | undefined, kernel: K): ArgsOf<K> | undefined {
  return call?.kernel === kernel ? (call.args[0] as ArgsOf<K>) : undefined
}

/** Whether a call is given any of some tensors and parameters. */
function mentions({ args }: Call, things: ReadonlySet<unknown>): boolean {
  return args.some(
    (arg) =>
      things.has(arg) || (typeof arg === 'object' && Object.values(arg).some((value) => things.has(value))),
  )
}

/** Kernels whose calls name all that they read and write. */
const PLAIN: ReadonlySet<keyof Queued> = new Set<keyof Queued>([
  'sampleLatentGradient',
  'linearGradient',
  'sparseLinearGradient',
  'reluDropoutGradient',
  'batchNormGradient',
  'layerNormGradient',
])

/**
 * The same calls, with the gradient of the layer above a draw put right before the gradient of the draw, where what comes in
 * between is of neither: the reverse pass of another encoder.
 */
export function drawsTogether(calls: readonly Call[]): readonly Call[] {
  let ordered = calls
  for (let i = 0; i < ordered.length; ) {
    const above = argsOf(ordered[i], 'linearGradient')
    const to = above?.inputGradient && !above.accumulate ? drawGradient(ordered, i, above) : i + 1
    if (to === i + 1) i++
    else {
      const between = ordered.slice(i + 1, to)
      ordered = [...ordered.slice(0, i), ...between, ordered[i]!, ...ordered.slice(to)]
    }
  }
  return ordered
}

/** Where the gradient of the draw is that a layer was above; right after the layer if it cannot wait until then. */
function drawGradient(calls: readonly Call[], i: number, above: LinearGradientArgs): number {
  const { input, outputGradient, inputGradient, weight, bias } = above
  const things = new Set<unknown>([input, outputGradient, inputGradient, weight, ...(bias ? [bias] : [])])
  for (let k = i + 1; k < calls.length; k++) {
    const sample = argsOf(calls[k], 'sampleLatentGradient')
    if (sample?.outputGradient === inputGradient) return k
    if (!PLAIN.has(calls[k]!.kernel) || mentions(calls[k]!, things)) break
  }
  return i + 1
}
