import type { EpochRecord } from '../../files/epoch-record.js'
import { formatSeconds } from '../../report/format.js'
import type { Log } from '../log.js'

const BAR_WIDTH = 14

/** Most lines about epochs that a run shows where there is no terminal. */
const MOST_LINES = 25

/**
 * Says how training goes: a bar on a terminal, else a line each few epochs, or each epoch under `--verbose`; the log file has
 * a line for every epoch in all cases.
 */
export class EpochProgress {
  readonly #log: Log
  readonly #epochSeconds: number[] = []
  #heldout: number | undefined

  constructor(log: Log) {
    this.#log = log
  }

  onEpoch(record: EpochRecord, totalEpochs: number): void {
    this.#epochSeconds.push(record.seconds)
    if (record.heldoutElbo !== undefined) this.#heldout = record.heldoutElbo
    const line = epochLine(record, totalEpochs)
    const left = this.#secondsLeft(totalEpochs - record.epoch)
    if (this.#log.hasBar) {
      this.#log.record(line)
      this.#log.bar(this.#barText(record, totalEpochs, left))
    } else if (isShown(record.epoch, totalEpochs)) {
      this.#log.info(line)
    } else {
      this.#log.detail(line)
    }
    // the first epoch compiles and warms up; the second is the first honest measure of the rest
    if (this.#epochSeconds.length === 2 && record.epoch < totalEpochs) {
      this.#log.info(`training ends in about ${formatSeconds(left)} unless it stops early`)
    }
  }

  #secondsLeft(epochs: number): number {
    const recent = this.#epochSeconds.slice(1).slice(-10)
    const seconds = recent.length > 0 ? recent : this.#epochSeconds
    return (epochs * seconds.reduce((sum, s) => sum + s, 0)) / seconds.length
  }

  #barText(record: EpochRecord, totalEpochs: number, left: number): string {
    const done = Math.round((BAR_WIDTH * record.epoch) / totalEpochs)
    const bar = '#'.repeat(done).padEnd(BAR_WIDTH, '.')
    const heldout = this.#heldout === undefined ? '' : `, held-out ${this.#heldout.toFixed(1)}`
    return `epoch ${record.epoch}/${totalEpochs} [${bar}] loss ${record.trainElbo.toFixed(1)}${heldout}, ${formatSeconds(left)} left`
  }
}

/** The first two epochs, the last one, and those at round numbers between. */
function isShown(epoch: number, totalEpochs: number): boolean {
  let step = 1
  for (let i = 0; totalEpochs / step > MOST_LINES; i++) step *= [2, 2.5, 2][i % 3]!
  return epoch <= 2 || epoch === totalEpochs || epoch % step === 0
}

/** One epoch in one line; losses are minus the ELBO, in nats a cell. */
export function epochLine(record: EpochRecord, totalEpochs: number): string {
  const width = String(totalEpochs).length
  const parts = [
    `epoch ${String(record.epoch).padStart(width)}/${totalEpochs}`,
    `loss ${record.trainElbo.toFixed(2)}`,
    `kl ${record.trainKl.toFixed(2)} x ${record.klWeight.toFixed(3)}`,
  ]
  if (record.heldoutElbo !== undefined) parts.push(`held-out ${record.heldoutElbo.toFixed(2)}`)
  parts.push(formatSeconds(record.seconds))
  return parts.join('  ')
}
