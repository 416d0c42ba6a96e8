import { boundCode } from './bound-code.js'
import { entryPoint, type KernelSource, structOf, type Work } from './kernel-source.js'
import type { Groups } from './launch.js'
import { STEP_SCALARS } from './step-scalars.js'
import type { View } from './view.js'
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

/** Buffers that several kernels are bound to together, and whether one of the kernels writes them. */
export type SharedBindings = ReadonlyMap<GPUBuffer, { written: boolean }>

export const isWritten = ({ source }: Recorded, i: number): boolean =>
  source.buffers[source.bufferNames[i]!]!.startsWith('read_write')

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** A number as WGSL that is it to the last bit. */
function literal(value: number, isFloat: boolean): string {
  if (!isFloat) return `${value}u`
  float[0] = value
  return `bitcast<f32>(${bits[0]}u)`
}

/**
 * The whole WGSL of a dispatch that is repeated: its scalars are constants but for those of the step, and its buffers are
 * places in buffers that the kernels around it share. Group 0 has the step's scalars, group 1 the buffers.
 */
export function bakedWgsl({ source, views, scalars }: Recorded, bindings: SharedBindings): string {
  const { name, scalarNames, floats } = source
  let { code } = source
  const types: string[] = []
  const constants: string[] = []
  for (const [i, field] of scalarNames.entries()) {
    const value = scalars[i]!
    if (Number.isNaN(value)) {
      // a kernel beside another has its names prefixed
      const own = field.replace(/^(first|second)_/, '')
      if (!(own in STEP_SCALARS)) throw new Error(`${name}: ${field} may not differ from step to step.`)
      code = code.replace(new RegExp(`\\bp\\.${field}\\b`, 'g'), `now.${own}`)
    } else {
      types.push(`  ${field}: ${floats[i] ? 'f32' : 'u32'},`)
      constants.push(literal(value, floats[i]!))
    }
  }
  if (source.adam) {
    for (const field in ADAM_SCALARS)
      code = code.replace(new RegExp(`\\bp\\.${field}\\b`, 'g'), `now.${field}`)
  }
  const order = [...bindings.keys()]
  const places = views.map(({ buffer, offset }) => ({
    binding: order.indexOf(buffer),
    written: bindings.get(buffer)!.written,
    start: offset > 0 ? `${offset}u` : undefined,
  }))
  return `struct Step {
${structOf(STEP_SCALARS)}
}
struct Scalars {
${types.join('\n')}
}
@group(0) @binding(0) var<uniform> now: Step;
const p = Scalars(${constants.join(', ')});
${boundCode({ ...source, code }, 1, places)}
${entryPoint(source)}`
}
