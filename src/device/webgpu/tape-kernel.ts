import { bareName } from './beside.js'
import { boundCode, startOf } from './bound-code.js'
import {
  entryPoint,
  type KernelSource,
  type Scalar,
  SLOT_BYTES,
  structOf,
  type Work,
} from './kernel-source.js'
import type { Groups } from './launch.js'
import { STEP_SCALARS } from './step-scalars.js'
import { type View, WORD } from './view.js'
import { ADAM_SCALARS } from './wgsl/adam.js'

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

/** Scalars that keep their values from step to step, and those that do not. */
function split({ source: { name, scalarNames, floats }, scalars }: Recorded) {
  const kept: Record<string, Scalar> = {}
  const changing: string[] = []
  for (const [i, field] of scalarNames.entries()) {
    if (!Number.isNaN(scalars[i]!)) kept[field] = floats[i] ? 'f32' : 'u32'
    else if (bareName(field) in STEP_SCALARS) changing.push(field)
    else throw new Error(`${name}: ${field} may not differ from step to step.`)
  }
  return { kept, changing }
}

/** What tells apart kernels of one source whose WGSL is not the same. */
export function tapeKey(recorded: Recorded, slot: number, bound: readonly Bound[]): string {
  const bindings = bound.map(({ binding, written }) => `${binding}${written ? 'w' : 'r'}`)
  return [slot, ...bindings, ...split(recorded).changing].join(' ')
}

/**
 * The whole WGSL of a dispatch that is repeated. Group 0 has the scalars of the step and, in a slot for each dispatch, those
 * that stay; group 1 the buffers.
 */
export function tapeWgsl(recorded: Recorded, slot: number, bound: readonly Bound[]): string {
  const { source } = recorded
  const { bufferNames } = source
  const { kept, changing } = split(recorded)
  const starts = Object.fromEntries(bufferNames.map((name) => [startOf(name), 'u32' as const]))
  const places = bufferNames.map((name, i) => ({ ...bound[i]!, start: `constants.own.${startOf(name)}` }))
  let code = boundCode(source, 1, places)
  const move = (field: string, to: string) => {
    code = code.replace(new RegExp(`(?<![.\\w])p\\.${field}\\b`, 'g'), to)
  }
  for (const field in kept) move(field, `constants.own.${field}`)
  for (const field of changing) move(field, `now.${bareName(field)}`)
  if (source.adam) for (const field in ADAM_SCALARS) move(field, `now.${field}`)
  const before = slot > 0 ? `  before: array<vec4u, ${(slot * SLOT_BYTES) / 16}>,\n` : ''
  return `struct Step {
${structOf(STEP_SCALARS)}
}
struct Scalars {
${structOf({ ...kept, ...starts })}
}
struct Constants {
${before}  own: Scalars,
}
@group(0) @binding(0) var<uniform> now: Step;
@group(0) @binding(1) var<uniform> constants: Constants;
${code}
${entryPoint(source)}`
}

/** The scalars of dispatches that stay, a slot each. */
export function constantsOf(tape: readonly Recorded[]): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array((tape.length * SLOT_BYTES) / WORD)
  const floats = new Float32Array(words.buffer)
  for (const [slot, { source, scalars, views }] of tape.entries()) {
    let at = (slot * SLOT_BYTES) / WORD
    for (const [i, value] of scalars.entries()) {
      if (Number.isNaN(value)) continue
      if (source.floats[i]) floats[at++] = value
      else words[at++] = value
    }
    for (const { offset } of views) words[at++] = offset
  }
  return words
}
