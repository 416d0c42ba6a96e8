import type { KernelSource, Scalar, Work } from '../queue/kernel-source.js'
import { kernelWgsl, startOf, startScalars, structOf } from '../queue/kernel-wgsl.js'
import { type Groups, type Launch, viewsOf, workOf } from '../queue/launch.js'
import type { View } from '../queue/view.js'
import { type ScalarValue, type Slot, StepLayout } from './step-scalars.js'

/** Words of whose multiples a struct in a uniform buffer starts at one. */
const QUAD = 4

/** A dispatch that is to be repeated. */
export interface Recorded {
  readonly source: KernelSource
  /** In the order of the source. */
  readonly views: readonly View[]
  /** In the order of the source. */
  readonly scalars: readonly ScalarValue[]
  readonly groups: Groups
  readonly work: () => Work | undefined
}

export const recordedOf = ({ source, dispatch }: Launch): Recorded => ({
  source,
  views: viewsOf(source, dispatch),
  scalars: source.scalarNames.map((name) => dispatch.scalars[name]!),
  groups: dispatch.groups,
  work: () => workOf(source, dispatch),
})

/** Where a buffer of a kernel is bound, and whether that binding is written by one of the kernels that share it. */
export interface Bound {
  readonly binding: number
  readonly written: boolean
}

/** The scalars that dispatches have anew in each repetition. */
export const layoutOf = (tape: readonly Recorded[]): StepLayout =>
  new StepLayout(
    tape.flatMap(({ source: { floats }, scalars }) =>
      scalars.flatMap((value, i): Slot[] =>
        typeof value === 'number' ? [] : [{ value, type: typeOf(floats[i]!) }],
      ),
    ),
  )

const typeOf = (float: boolean): Scalar => (float ? 'f32' : 'u32')

/** What a scalar of a step's dispatch is called in WGSL: one of the step, or one of its own that stays. */
const scalarsOf = ({ source: { scalarNames, floats }, scalars }: Recorded, layout: StepLayout): string[] =>
  scalarNames.map((field, i) => {
    const value = scalars[i]!
    return typeof value === 'number'
      ? `constants.own.${field}`
      : `now.${layout.name(value, typeOf(floats[i]!))}`
  })

/** The scalars that keep their values from step to step. */
function keptScalars({ source: { scalarNames, floats }, scalars }: Recorded): Record<string, Scalar> {
  const kept: Record<string, Scalar> = {}
  for (const [i, field] of scalarNames.entries()) {
    if (typeof scalars[i] === 'number') kept[field] = typeOf(floats[i]!)
  }
  return kept
}

/** Where a dispatch of a tape is compiled. */
export interface TapePlace {
  /** The scalars of the whole tape's steps. */
  readonly layout: StepLayout
  /** Where the dispatch's own scalars start, in words. */
  readonly at: number
  /** In the order of the kernel's buffers. */
  readonly bound: readonly Bound[]
}

/**
 * What tells apart pipelines of one source.
 *
 * @param all bindings of the group that the kernel's buffers are in
 */
export function tapeKey(recorded: Recorded, { layout, at, bound }: TapePlace, all: readonly Bound[]): string {
  const modes = all.map(({ written }) => (written ? 'w' : 'r')).join('')
  const step = Object.values(layout.types).join('')
  return [at, modes, step, ...bound.map(({ binding }) => binding), ...scalarsOf(recorded, layout)].join(' ')
}

/**
 * The whole WGSL of a dispatch that is repeated. Group 0 has the scalars of the step, and those of all its dispatches that stay;
 * group 1 the buffers.
 */
export function tapeWgsl(recorded: Recorded, { layout, at, bound }: TapePlace): string {
  const { source } = recorded
  const places = source.bufferNames.map((name, i) => ({
    ...bound[i]!,
    start: `constants.own.${startOf(name)}`,
  }))
  const before = at > 0 ? `  before: array<vec4u, ${at / QUAD}>,\n` : ''
  const step =
    layout.slots.length > 0
      ? `struct Step {\n${structOf(layout.types)}\n}\n@group(0) @binding(0) var<uniform> now: Step;\n`
      : ''
  return `${step}struct Scalars {
${structOf({ ...keptScalars(recorded), ...startScalars(source) })}
}
struct Constants {
${before}  own: Scalars,
}
@group(0) @binding(1) var<uniform> constants: Constants;
${kernelWgsl(source, { scalars: scalarsOf(recorded, layout), group: 1, places })}`
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
      if (typeof value !== 'number') continue
      if (source.floats[k]) floats[at++] = value
      else words[at++] = value
    }
    for (const { offset } of views) words[at++] = offset
  }
  return { words, starts }
}
