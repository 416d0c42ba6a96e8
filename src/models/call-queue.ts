/** Runs calls one after another, in the order in which they came. */
export class CallQueue {
  #last: Promise<unknown> = Promise.resolve()

  /** Runs a call once those before it have ended, well or not. */
  run<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#last.then(call)
    // the caller hears of an error; the calls after it are not its heirs
    this.#last = result.catch(() => undefined)
    return result
  }
}
