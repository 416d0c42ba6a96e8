/** Wall-clock seconds of the phases of a run, in the order in which they ran. */
export class PhaseTimer {
  readonly startedAt = new Date()
  readonly seconds: Record<string, number> = {}
  readonly #start = performance.now()

  /** Seconds since the timer was made. */
  get total(): number {
    return (performance.now() - this.#start) / 1000
  }

  async time<T>(phase: string, work: () => T | Promise<T>): Promise<T> {
    const start = performance.now()
    try {
      return await work()
    } finally {
      this.seconds[phase] = (this.seconds[phase] ?? 0) + (performance.now() - start) / 1000
    }
  }
}
