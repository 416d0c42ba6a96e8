import { writes } from '../queue/kernel-source.js'
import { type Launch, viewsOf } from '../queue/launch.js'
import { besideEachOther } from './beside.js'

/** Whether launches depend on each other: one writes words that the other reads or writes. */
function depend(one: Launch, other: Launch): boolean {
  const others = viewsOf(other.source, other.dispatch)
  return viewsOf(one.source, one.dispatch).some((a, i) =>
    others.some(
      (b, k) =>
        a.buffer === b.buffer &&
        a.offset < b.offset + b.words &&
        b.offset < a.offset + a.words &&
        (writes(one.source, i) || writes(other.source, k)),
    ),
  )
}

/**
 * Has light kernels done beside others of the same step, as early as what they read is there. Each dispatch that waits for the one before
 * costs a card some microseconds, more than a function over a few cells and components takes.
 *
 * @param fits whether the device takes a launch
 */
export function lightBeside(launches: readonly Launch[], fits: (both: Launch) => boolean): Launch[] {
  const done: Launch[] = []
  for (const one of launches) {
    // after the last one that it depends on
    let first = done.length
    while (first > 0 && !depend(done[first - 1]!, one)) first--
    let placed = false
    for (let at = first; at < done.length && !placed; at++) {
      const other = done[at]!
      if (!one.source.light && !other.source.light) continue
      const both = besideEachOther(other, one)
      if (!both || !fits(both)) continue
      done[at] = both
      placed = true
    }
    if (!placed) done.push(one)
  }
  return done
}
