import type { ScalarValue } from '../steps/step-scalars.js'
import type { KernelSource } from './kernel-source.js'
import type { View } from './view.js'

/** Workgroups: x, y, z. */
export type Groups = readonly [number, number, number]

/** What a kernel is to work on. */
export interface Dispatch<P extends string, B extends string> {
  readonly buffers: Readonly<Record<B, View>>
  readonly scalars: Readonly<Record<P, ScalarValue>>
  readonly groups: Groups
}

/** A kernel with what it is to work on. */
export interface Launch {
  readonly source: KernelSource
  readonly dispatch: Dispatch<string, string>
}

export const launch = <P extends string, B extends string>(
  source: KernelSource<P, B>,
  dispatch: Dispatch<P, B>,
): Launch => ({ source, dispatch })
