import type { Scope } from './scope.js'
import { WORD } from './view.js'

export type Scalar = 'u32' | 'f32'
type Access = 'read f32' | 'read u32' | 'read_write f32' | 'read_write u32'

/** Bytes of a dispatch's scalars, and of where its buffers start, at the most: one slot of the uniform ring. */
export const SLOT_BYTES = 512
/** The same in words. */
export const KERNEL_WORDS = SLOT_BYTES / WORD

interface KernelSpec<P extends string, B extends string> {
  readonly name: string
  /** Threads of a workgroup. */
  readonly threads: number
  /** Whether it is so short, and takes so little of a workgroup's memory, that it may be done beside any other. */
  readonly light?: boolean
  readonly scalars: Readonly<Record<P, Scalar>>
  readonly buffers: Readonly<Record<B, Access>>
  /**
   * WGSL of what a workgroup does, from `group`, which one it is, `groups`, how many there are (both vec3u), and `t`, the thread
   * in it. Functions and variables outside of it are declared on the way.
   */
  readonly code: (scope: Scope<NoInfer<P>, NoInfer<B>>) => string
  /**
   * What a dispatch does at the least, for profiles: floating-point operations, and bytes that pass the card's memory. Scalars that
   * differ from step to step are not told.
   */
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

/** Types a kernel by the names that it declares, so that code or a dispatch with a wrong one does not compile. */
export function kernelSource<P extends string, B extends string>(spec: KernelSpec<P, B>): KernelSource<P, B> {
  const scalarNames = Object.keys(spec.scalars) as P[]
  const bufferNames = Object.keys(spec.buffers) as B[]
  const source = {
    ...spec,
    scalarNames,
    floats: scalarNames.map((name) => spec.scalars[name] === 'f32'),
    bufferNames,
  }
  if (wordsOf(source) > KERNEL_WORDS) throw new Error(`${spec.name} has too many scalars.`)
  return source
}

/** Words that a dispatch's scalars, and where its buffers start, take. */
export const wordsOf = ({
  scalarNames,
  bufferNames,
}: Pick<KernelSource, 'scalarNames' | 'bufferNames'>): number => scalarNames.length + bufferNames.length

/** Whether a kernel writes one of its buffers. */
export const writes = ({ bufferNames, buffers }: KernelSource, i: number): boolean =>
  buffers[bufferNames[i]!]!.startsWith('read_write')
