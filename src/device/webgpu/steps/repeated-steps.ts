import type { Prepared } from '../../device.js'
import type { StepInputs } from '../../step-number.js'
import type { GpuMinibatch } from '../cells/gpu-minibatch.js'
import type { QueuedKernels } from '../kernels/queued-kernels.js'
import type { Recorder } from '../queue/recorder.js'
import type { Tape } from './tape.js'

/** A tape, or that there can be none, and what it was made for. */
interface Known {
  network: object
  nCells: number
  tape: Tape | undefined
}

/** Training steps, each recorded when it first comes and repeated from then on. */
export class RepeatedSteps {
  readonly #recorder: Recorder
  readonly #kernels: QueuedKernels
  /** By the minibatch that they go with. */
  readonly #known = new WeakMap<GpuMinibatch, Known[]>()

  constructor(recorder: Recorder, kernels: QueuedKernels) {
    this.#recorder = recorder
    this.#kernels = kernels
  }

  run(network: object, batch: GpuMinibatch, inputs: StepInputs, calls: () => void): void {
    const gather = this.#kernels.takeGather(batch)
    if (!gather) {
      // the cells were gathered before something else
      this.#kernels.step(inputs)
      calls()
      return
    }
    // may submit what is queued, and move what a tape is bound to
    this.#kernels.reserve(gather)
    const { tape } = this.#find(network, batch) ?? this.#record(network, batch, calls)
    if (tape) this.#recorder.repeat(tape, inputs, this.#kernels.place(gather))
    else {
      this.#kernels.step(inputs)
      this.#kernels.gather(gather)
      calls()
    }
  }

  /**
   * Compiles the kernels of a training step on so many cells, and of what is called once, before the first of them is called.
   */
  async prepare(batch: GpuMinibatch, nCells: number, { repeated, once }: Prepared): Promise<void> {
    this.#kernels.drain()
    batch.nCells = nCells
    const recording = (calls: () => void) => () => this.#kernels.record(batch, calls)
    await this.#recorder.prepare({ repeated: recording(repeated), once: recording(once) })
  }

  #find(network: object, batch: GpuMinibatch): Known | undefined {
    const known = this.#known.get(batch)
    if (!known) return undefined
    for (const one of known) {
      if (one.network === network && one.nCells === batch.nCells && this.#isOfUse(one)) return one
    }
    return undefined
  }

  #isOfUse({ tape }: Known): boolean {
    return !tape || this.#recorder.tapes.isWhole(tape)
  }

  #record(network: object, batch: GpuMinibatch, calls: () => void): Known {
    const tape = this.#recorder.record(() => this.#kernels.record(batch, calls))
    const made = { network, nCells: batch.nCells, tape }
    const others = (this.#known.get(batch) ?? []).filter((one) => this.#isOfUse(one))
    this.#known.set(batch, [...others, made])
    return made
  }

  /** Lets go of what is known of a minibatch that is no more; nothing of it may be queued. */
  forget(batch: GpuMinibatch): void {
    for (const { tape } of this.#known.get(batch) ?? []) if (tape) this.#recorder.tapes.release(tape)
    this.#known.delete(batch)
  }
}
