import { USAGE } from '../queue/flags.js'
import type { Recorder } from '../queue/recorder.js'
import { View, WORD } from '../queue/view.js'

const START_WORDS = 2 ** 16

/**
 * The row numbers of the minibatches of a submission, and the places of counts that are sent: kept on the host, written in one
 * piece when it is submitted.
 */
export class RowRing {
  view: View
  readonly #device: GPUDevice
  readonly #recorder: Recorder
  #words = new Uint32Array(START_WORDS)
  #used = 0

  constructor(device: GPUDevice, recorder: Recorder) {
    this.#device = device
    this.#recorder = recorder
    this.view = this.#make(START_WORDS)
    recorder.onFlush(() => {
      const bytes = this.#used * WORD
      if (bytes > 0) device.queue.writeBuffer(this.view.buffer, 0, this.#words, 0, this.#used)
      this.#used = 0
      return bytes
    })
  }

  #make(words: number): View {
    const usage = USAGE.storage | USAGE.copyDestination
    return new View(this.#device.createBuffer({ label: 'rows', size: words * WORD, usage }), 0, words)
  }

  /** Makes room for so many words; submits what is queued where there is none left. */
  reserve(words: number): void {
    if (this.#used + words > this.#words.length) this.#recorder.flush()
    if (words <= this.#words.length) return
    this.#recorder.forget(this.view.buffer)
    this.view.buffer.destroy()
    this.#words = new Uint32Array(2 * words)
    this.view = this.#make(this.#words.length)
  }

  /** Takes words that room was made for; where they start. Must be followed by their dispatch before the next submission. */
  push(words: ArrayLike<number>): number {
    const at = this.#used
    this.#words.set(words, at)
    this.#used += words.length
    return at
  }

  dispose(): void {
    this.view.buffer.destroy()
  }
}
