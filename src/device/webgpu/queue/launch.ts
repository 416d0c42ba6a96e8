import type { ScalarValue } from '../steps/step-scalars.js'
import type { KernelSource, Work } from './kernel-source.js'
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

/** The buffers of a dispatch, in the order of its source. */
export function viewsOf({ bufferNames }: KernelSource, { buffers }: Dispatch<string, string>): View[] {
  const views: View[] = []
  for (let i = 0; i < bufferNames.length; i++) views.push(buffers[bufferNames[i]!]!)
  return views
}

/** What a dispatch does at the least, by the scalars that stay from step to step. */
export function workOf({ work }: KernelSource, { scalars }: Dispatch<string, string>): Work | undefined {
  const kept = Object.entries(scalars).filter(([, value]) => typeof value === 'number')
  return work?.(Object.fromEntries(kept) as Record<string, number>)
}

export const launch = <P extends string, B extends string>(
  source: KernelSource<P, B>,
  dispatch: Dispatch<P, B>,
): Launch => ({ source, dispatch })
