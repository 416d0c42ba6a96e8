import type { KernelSource, Scalar, Work } from '../queue/kernel-source.js'
import { kernelWgsl, startOf, startScalars, structOf } from '../queue/kernel-wgsl.js'
import type { Groups } from '../queue/launch.js'
import type { View } from '../queue/view.js'
import { STEP_SCALARS } from './step-scalars.js'

/** Words of whose multiples a struct in a uniform buffer starts at one. */
const QUAD = 4

/** A dispatch that is to be repeated. */
export interface Recorded {
  readonly source: KernelSource
  /** In the order of the source. */
  readonly views: readonly View[]
  /** In the order of the source; not a number where each repetition has its own (`STEP_SCALARS`). */
  readonly scalars: readonly number[]
  readonly groups: Groups
  readonly work: () => Work | undefined
}

/** Where a buffer of a kernel is bound, and whether that binding is written by one of the kernels that share it. */
export interface Bound {
  readonly binding: number
  readonly written: boolean
}

/** What a scalar of a step's dispatch is called in WGSL: one of the step, or one of its own that stays. */
const scalarsOf = ({ source: { name, scalarNames, bareNames }, scalars }: Recorded): string[] =>
  scalarNames.map((field, i) => {
    if (!Number.isNaN(scalars[i]!)) return `constants.own.${field}`
    const bare = bareNames[i]!
    if (bare in STEP_SCALARS) return `now.${bare}`
    throw new Error(`${name}: ${field} may not differ from step to step.`)
  })

/** The scalars that keep their values from step to step. */
function keptScalars({ source: { scalarNames, floats }, scalars }: Recorded): Record<string, Scalar> {
  const kept: Record<string, Scalar> = {}
  for (const [i, field] of scalarNames.entries()) {
    if (!Number.isNaN(scalars[i]!)) kept[field] = floats[i] ? 'f32' : 'u32'
  }
  return kept
}

/**
 * What tells apart pipelines of one source.
 *
 * @param all bindings of the group that the kernel's buffers are in
 */
export function tapeKey(
  recorded: Recorded,
  at: number,
  bound: readonly Bound[],
  all: readonly Bound[],
): string {
  const layout = all.map(({ written }) => (written ? 'w' : 'r')).join('')
  return [at, layout, ...bound.map(({ binding }) => binding), ...scalarsOf(recorded)].join(' ')
}

/**
 * The whole WGSL of a dispatch that is repeated. Group 0 has the scalars of the step, and those of all its dispatches that stay;
 * group 1 the buffers.
 *
 * @param at where the dispatch's own scalars start, in words
 */
export function tapeWgsl(recorded: Recorded, at: number, bound: readonly Bound[]): string {
  const { source } = recorded
  const places = source.bufferNames.map((name, i) => ({
    ...bound[i]!,
    start: `constants.own.${startOf(name)}`,
  }))
  const before = at > 0 ? `  before: array<vec4u, ${at / QUAD}>,\n` : ''
  return `struct Step {
${structOf(STEP_SCALARS)}
}
struct Scalars {
${structOf({ ...keptScalars(recorded), ...startScalars(source) })}
}
struct Constants {
${before}  own: Scalars,
}
@group(0) @binding(0) var<uniform> now: Step;
@group(0) @binding(1) var<uniform> constants: Constants;
${kernelWgsl(source, { scalars: scalarsOf(recorded), group: 1, places })}`
}

/** The scalars of dispatches that stay, and where those of each start. */
export interface Constants {
  readonly words: Uint32Array<ArrayBuffer>
  readonly starts: readonly number[]
}

export function constantsOf(tape: readonly Recorded[]): Constants {
  const starts: number[] = []
  let end = 0
  for (const { scalars, views } of tape) {
    starts.push(end)
    end += Math.ceil((scalars.length + views.length) / QUAD) * QUAD
  }
  const words = new Uint32Array(end)
  const floats = new Float32Array(words.buffer)
  for (const [i, { source, scalars, views }] of tape.entries()) {
    let at = starts[i]!
    for (const [k, value] of scalars.entries()) {
      if (Number.isNaN(value)) continue
      if (source.floats[k]) floats[at++] = value
      else words[at++] = value
    }
    for (const { offset } of views) words[at++] = offset
  }
  return { words, starts }
}
