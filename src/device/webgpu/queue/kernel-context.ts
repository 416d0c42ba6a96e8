import { ScvaeError } from '../../../errors.js'
import type { CellSource, CovariateUse } from '../../device.js'
import { Tiles } from '../tiles/tiles.js'
import { FIELD } from '../wgsl/minibatch.js'
import { USAGE } from './flags.js'
import type { Groups } from './launch.js'
import type { Recorder } from './recorder.js'
import { Slabs } from './slabs.js'
import { View, WORD } from './view.js'

interface Covariates {
  view: View
  /** Weight rows that they have. */
  rows: number
  /** Categorical covariates of the data set. */
  categorical: number
}

/** What the kernels of a device share: the queue, small constant buffers and scratch space. */
export class KernelContext {
  readonly device: GPUDevice
  readonly recorder: Recorder
  /** For bindings that a use of a kernel does not read. */
  readonly nothing: View
  readonly tiles = new Tiles()
  /** Bytes of the largest buffer that a kernel can bind whole. */
  readonly largestBuffer: number
  readonly #uses = new Map<string, Covariates>()
  /** The same, found again by the object: a step asks for them often. */
  readonly #usesOf = new WeakMap<CovariateUse, Covariates>()
  readonly #scratch = new Map<string, View>()
  readonly #floats = new Slabs((words) => this.#make('floats', words))
  readonly #integers = new Slabs((words) => this.#make('integers', words))

  constructor(device: GPUDevice, recorder: Recorder) {
    this.device = device
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits
    this.largestBuffer = Math.min(maxBufferSize, maxStorageBufferBindingSize)
    this.recorder = recorder
    this.nothing = this.floats('nothing', 4)
  }

  /**
   * A buffer of its own, zero.
   *
   * @throws ScvaeError (no-device) when it is larger than the GPU takes.
   */
  buffer(label: string, words: number): View {
    this.#check(label, words)
    return new View(this.#make(label, words), 0, words)
  }

  /** A place for floats, zero. Small ones share a buffer; throws as {@link KernelContext.buffer}. */
  floats(label: string, words: number): View {
    this.#check(label, words)
    return this.#floats.take(words)
  }

  /** The same for integers. */
  integers(label: string, words: number): View {
    this.#check(label, words)
    return this.#integers.take(words)
  }

  #make(label: string, words: number): GPUBuffer {
    const usage = USAGE.storage | USAGE.copySource | USAGE.copyDestination
    return this.device.createBuffer({ label, size: words * WORD, usage })
  }

  #check(label: string, words: number): void {
    if (words * WORD > this.largestBuffer) {
      const [asked, taken] = [words * WORD, this.largestBuffer].map((bytes) => (bytes / 1e9).toPrecision(2))
      throw new ScvaeError(
        'no-device',
        `The GPU takes buffers of up to ${taken} GB, and the ${label} needs ${asked} GB.`,
        { hint: 'Use a smaller --batch-size, or --device cpu.' },
      )
    }
  }

  /** Space that kernels of one step hand to each other: kept, and made anew when more is asked for. */
  scratch(name: string, words: number): View {
    let space = this.#scratch.get(name)
    if (!space || space.words < words) {
      if (space) this.destroy(space)
      space = this.floats(name, words)
      this.#scratch.set(name, space)
    }
    return space
  }

  destroy(...views: readonly View[]): void {
    this.recorder.flush()
    for (const view of views) {
      if (!this.#floats.giveBack(view) || !this.#integers.giveBack(view)) continue
      this.recorder.forget(view.buffer)
      view.buffer.destroy()
    }
  }

  /** The covariates of a layer as its kernels read them (`covariateSum` in wgsl/minibatch.ts). */
  covariates(use: CovariateUse, batch: { readonly source: CellSource }): Covariates {
    const categorical = batch.source.categorical.length
    let made = this.#usesOf.get(use)
    if (made?.categorical !== categorical) {
      const given = `${use.codes ? 'codes' : ''} ${use.values ? 'values' : ''}`
      const key = `${use.categories.join(' ')}+${use.continuous}/${categorical} ${given}`
      made = this.#uses.get(key) ?? this.#makeCovariates(use, categorical)
      this.#uses.set(key, made)
      this.#usesOf.set(use, made)
    }
    return made
  }

  #makeCovariates(use: CovariateUse, categorical: number): Covariates {
    const taken: number[] = []
    let rows = 0
    for (const [k, n] of use.categories.entries()) {
      if (n === 0) continue
      taken.push(use.codes ? k : FIELD.covariates + k, rows)
      rows += n
    }
    rows += use.continuous
    const first = use.values ? 0 : FIELD.covariates + categorical
    const fields = Array.from({ length: use.continuous }, (_, k) => first + k)
    const { length } = use.categories
    const words = Uint32Array.of(taken.length / 2, use.continuous, rows, ...taken, ...fields, length)
    const view = this.integers('covariates', words.length)
    this.device.queue.writeBuffer(view.buffer, view.offset * WORD, words)
    return { view, rows, categorical }
  }

  /** Zeros, for the bias of a layer without one. */
  zeros(words: number): View {
    return this.scratch('zeros', words)
  }

  dispose(): void {
    this.#floats.dispose()
    this.#integers.dispose()
  }
}

/** Whether a layer takes covariates from tensors in place of the minibatch's own. */
export const takesGiven = ({ codes, values }: CovariateUse): boolean =>
  codes !== undefined || values !== undefined

/** Whether a layer takes no covariates at all. */
export const takesNone = ({ categories, continuous }: CovariateUse): boolean =>
  continuous === 0 && categories.every((n) => n === 0)

/** Workgroups for so many elements; kernels go on in strides past the most. */
export const strided = (elements: number, threads = 256): Groups => [
  Math.max(1, Math.min(Math.ceil(elements / threads), 8192)),
  1,
  1,
]

/** Threads of a workgroup that owns a cell's row of genes. */
export const rowThreads = (genes: number): number => (genes > 256 ? 256 : 64)
