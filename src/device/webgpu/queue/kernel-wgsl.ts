import type { KernelSource, Scalar } from './kernel-source.js'
import { Declarations, type Scope, type Words } from './scope.js'

/** Where a buffer of a kernel lies. Several may lie in one binding. */
export interface Place {
  readonly binding: number
  /** Whether a kernel that the binding is for writes it. */
  readonly written: boolean
  /** The number of its first word, in WGSL. */
  readonly start: string
}

/** Where a kernel is compiled. */
export interface Site {
  /** Its scalars in WGSL, in the order of the source. */
  readonly scalars: readonly string[]
  /** The bind group of the buffers, and their places in the order of the source. */
  readonly group: number
  readonly places: readonly Place[]
}

/** The scalar that says where a buffer's words start. */
export const startOf = (buffer: string): string => `start_${buffer}`

/** These scalars of a kernel, in the order of its buffers. */
export const startScalars = ({ bufferNames }: KernelSource): Record<string, Scalar> =>
  Object.fromEntries(bufferNames.map((name) => [startOf(name), 'u32' as const]))

/** The members of a struct of scalars. */
export const structOf = (scalars: Readonly<Record<string, Scalar>>): string =>
  Object.entries(scalars)
    .map(([name, type]) => `  ${name}: ${type},`)
    .join('\n')

/** Of the function that does what a workgroup of a kernel does. */
export const MAIN = '(group: vec3u, groups: vec3u, t: u32)'

/** The WGSL of a kernel, to follow the declarations of its scalars. */
export function kernelWgsl(source: KernelSource, { scalars, group, places }: Site): string {
  const declarations = new Declarations()
  const { fn, workgroup, thread, use } = declarations
  const scope: Scope<string, string> = {
    p: Object.fromEntries(source.scalarNames.map((name, i) => [name, scalars[i]!])),
    buffers: Object.fromEntries(source.bufferNames.map((name, i) => [name, wordsAt(places[i]!)])),
    fn,
    workgroup,
    thread,
    use,
  }
  fn('main', MAIN, source.code(scope))
  return `${bindingsWgsl(source, group, places)}
${declarations.wgsl}
@compute @workgroup_size(${source.threads})
fn start(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  main(group, groups, t);
}
`
}

const wordsAt =
  ({ binding, start }: Place): Words =>
  (index, ...values) =>
    `bound${binding}[${start} + ${String.raw(index, ...values)}]`

function bindingsWgsl(
  { name, bufferNames, buffers }: KernelSource,
  group: number,
  places: readonly Place[],
): string {
  const declared = new Map<number, string>()
  for (const [i, buffer] of bufferNames.entries()) {
    const { binding, written } = places[i]!
    const type = buffers[buffer]!.endsWith('u32') ? 'u32' : 'f32'
    const mode = written ? 'read_write' : 'read'
    const declaration = `@group(${group}) @binding(${binding}) var<storage, ${mode}> bound${binding}: array<${type}>;`
    if ((declared.get(binding) ?? declaration) !== declaration) {
      throw new Error(`${name}: ${buffer} shares a buffer with words of another type.`)
    }
    declared.set(binding, declaration)
  }
  return [...declared.values()].join('\n')
}
