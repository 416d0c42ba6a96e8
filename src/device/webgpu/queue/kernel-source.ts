import { ADAM_SCALARS } from '../wgsl/adam.js'
import { WORD } from './view.js'

export type Scalar = 'u32' | 'f32'
type Access = 'read f32' | 'read u32' | 'read_write f32' | 'read_write u32'

/** Bytes of a dispatch's scalars, and of where its buffers start, at the most: one slot of the uniform ring. */
export const SLOT_BYTES = 512

interface KernelSpec<P extends string, B extends string> {
  readonly name: string
  /** Threads of a workgroup. */
  readonly threads: number
  readonly scalars: Readonly<Record<P, Scalar>>
  /** Whether Adam's scalars follow. */
  readonly adam?: boolean
  readonly buffers: Readonly<Record<B, Access>>
  /**
   * WGSL with a function `main(group: vec3u, groups: vec3u, t: u32)`: the workgroup, how many there are, the thread in it.
   * Scalars are `p.name`, words of buffers are `name[i]`, where `i` may be a sum or a product: it is added to where the buffer
   * starts.
   */
  readonly code: string
  /** What a dispatch does at the least, for profiles: floating-point operations, and bytes that pass the card's memory. */
  readonly work?: (scalars: Record<NoInfer<P>, number>) => Work | undefined
}

/** A kernel: its scalars, its buffers and its WGSL. */
export interface KernelSource<P extends string = string, B extends string = string> extends KernelSpec<P, B> {
  readonly scalarNames: readonly P[]
  /** Whether each scalar is a float. */
  readonly floats: readonly boolean[]
  readonly bufferNames: readonly B[]
}

export interface Work {
  flops: number
  bytes: number
}

/** Types a kernel by the names that it declares, so that a dispatch with a wrong one does not compile. */
export function kernelSource<P extends string, B extends string>(spec: KernelSpec<P, B>): KernelSource<P, B> {
  const scalarNames = Object.keys(spec.scalars) as P[]
  const bufferNames = Object.keys(spec.buffers) as B[]
  const words = scalarNames.length + Object.keys(ADAM_SCALARS).length + bufferNames.length
  if (words * WORD > SLOT_BYTES) throw new Error(`${spec.name} has too many scalars.`)
  return {
    ...spec,
    scalarNames,
    floats: scalarNames.map((name) => spec.scalars[name] === 'f32'),
    bufferNames,
  }
}

/** The members of a struct of scalars. */
export const structOf = (scalars: Readonly<Record<string, Scalar>>): string =>
  Object.entries(scalars)
    .map(([name, type]) => `  ${name}: ${type},`)
    .join('\n')

/** The function `start` that calls a kernel's `main`. */
export const entryPoint = ({ threads }: KernelSource): string => `@compute @workgroup_size(${threads})
fn start(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) t: u32,
) {
  main(group, groups, t);
}
`
