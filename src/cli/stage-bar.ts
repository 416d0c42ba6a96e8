import { formatSeconds } from '../report/format.js'
import type { Log } from './log.js'

const WIDTH = 14
/** A bar is drawn anew when so much time has passed, or the stage is done. */
const MILLISECONDS = 100

/** Draws how far a stage of the work is, and the time that it will still take, over the bar before it. */
export function stageBar(log: Log, stage: string): (done: number, total: number) => void {
  const start = performance.now()
  let drawn = start
  return (done, total) => {
    const now = performance.now()
    if (!log.hasBar || (now - drawn < MILLISECONDS && done < total)) return
    drawn = now
    const share = done / total
    const bar = '#'.repeat(Math.round(WIDTH * share)).padEnd(WIDTH, '.')
    const left = (((now - start) / 1000) * (1 - share)) / share
    log.bar(`${stage} [${bar}] ${Math.round(100 * share)} %, ${formatSeconds(left)} left`)
  }
}
