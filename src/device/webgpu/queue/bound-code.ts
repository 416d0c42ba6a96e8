import type { KernelSource, Scalar } from './kernel-source.js'

/** Where a buffer of a kernel lies. Several may lie in one binding. */
export interface Place {
  readonly binding: number
  /** Whether a kernel that the binding is for writes it. */
  readonly written: boolean
  /** The number of its first word, in WGSL. */
  readonly start: string
}

/** The scalar that says where a buffer's words start. */
export const startOf = (buffer: string): string => `start_${buffer}`

/** These scalars of a kernel, in the order of its buffers. */
export const startScalars = ({ bufferNames }: KernelSource): Record<string, Scalar> =>
  Object.fromEntries(bufferNames.map((name) => [startOf(name), 'u32' as const]))

/** Whether a kernel writes one of its buffers. */
export const writes = ({ bufferNames, buffers }: KernelSource, i: number): boolean =>
  buffers[bufferNames[i]!]!.startsWith('read_write')

/** A kernel's WGSL with its buffers as places in bindings of a group, and the declarations of these. */
export function boundCode(source: KernelSource, group: number, places: readonly Place[]): string {
  const { name, bufferNames, buffers } = source
  let { code } = source
  const declared = new Map<number, string>()
  for (const [i, buffer] of bufferNames.entries()) {
    const { binding, written, start } = places[i]!
    const type = buffers[buffer]!.split(' ')[1]!
    const mode = written ? 'read_write' : 'read'
    const declaration = `@group(${group}) @binding(${binding}) var<storage, ${mode}> bound${binding}: array<${type}>;`
    if ((declared.get(binding) ?? declaration) !== declaration) {
      throw new Error(`${name}: ${buffer} shares a buffer with words of another type.`)
    }
    declared.set(binding, declaration)
    code = code.replace(new RegExp(`(?<![.\\w])${buffer}\\[`, 'g'), `bound${binding}[${start} + `)
  }
  return `${[...declared.values()].join('\n')}\n${code}`
}
