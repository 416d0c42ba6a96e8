import { KERNEL_WORDS, writes } from '../queue/kernel-source.js'
import { type Launch, launch } from '../queue/launch.js'
import { besideEachOther, GRID_WORDS } from './beside.js'
import type { Recorded } from './tape-kernel.js'

/** Whether dispatches depend on each other: one writes words that the other reads or writes. */
function depend(one: Recorded, other: Recorded): boolean {
  return one.views.some((a, i) =>
    other.views.some(
      (b, k) =>
        a.buffer === b.buffer &&
        a.offset < b.offset + b.words &&
        b.offset < a.offset + a.words &&
        (writes(one.source, i) || writes(other.source, k)),
    ),
  )
}

const zipped = <T>(names: readonly string[], values: readonly T[]): Record<string, T> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]!]))

const launchOf = ({ source, views, scalars, groups }: Recorded): Launch =>
  launch(source, {
    buffers: zipped(source.bufferNames, views),
    scalars: zipped(source.scalarNames, scalars),
    groups,
  })

function recordedOf(
  { source, dispatch: { buffers, scalars, groups } }: Launch,
  ...parts: Recorded[]
): Recorded {
  return {
    source,
    views: source.bufferNames.map((name) => buffers[name]!),
    scalars: source.scalarNames.map((name) => scalars[name]!),
    groups,
    work: () => {
      const works = parts.map(({ work }) => work())
      if (works.some((work) => work === undefined)) return undefined
      return works.reduce((sum, work) => ({
        flops: sum!.flops + work!.flops,
        bytes: sum!.bytes + work!.bytes,
      }))
    },
  }
}

/** Two dispatches as one, where the device takes that. */
function together(one: Recorded, other: Recorded, fits: (both: Launch) => boolean): Recorded | undefined {
  const words = [one, other].map(({ source }) => source.scalarNames.length + source.bufferNames.length)
  if (words[0]! + words[1]! + GRID_WORDS > KERNEL_WORDS) return undefined
  const both = besideEachOther(launchOf(one), launchOf(other))
  return both && fits(both) ? recordedOf(both, one, other) : undefined
}

/**
 * Has light kernels done beside others of the same step, as early as what they read is there. Each dispatch that waits for the one before
 * costs a card some microseconds, more than a function over a few cells and components takes.
 *
 * @param fits whether the device takes a dispatch
 */
export function lightBeside(
  recorded: readonly Recorded[],
  fits: (both: Launch) => boolean,
): readonly Recorded[] {
  const done: Recorded[] = []
  for (const one of recorded) {
    // after the last one that it depends on
    let first = done.length
    while (first > 0 && !depend(done[first - 1]!, one)) first--
    let placed = false
    for (let at = first; at < done.length && !placed; at++) {
      const other = done[at]!
      if (!one.source.light && !other.source.light) continue
      const both = together(other, one, fits)
      if (!both) continue
      done[at] = both
      placed = true
    }
    if (!placed) done.push(one)
  }
  return done
}
