import type { StepInputs } from '../../step-number.js'
import type { Scalar } from '../queue/kernel-source.js'

/** Where the row numbers of a minibatch lie, and the places of counts that were sent. */
export interface Places {
  readonly rowsAt: number
  readonly placesAt: number
}

/** Of kernels that fill no minibatch. */
export const NO_PLACES: Places = { rowsAt: 0, placesAt: 0 }

/** A scalar that is worked out anew for every step, a `StepNumber` say. Two of the same text are the same number. */
export interface PerStep {
  readonly text: string
  at(inputs: StepInputs, places: Places): number
}

/** A scalar of a dispatch: a number that stays when the dispatch is repeated, or one that each repetition has anew. */
export type ScalarValue = number | PerStep

/** In place of the row numbers that each repetition has elsewhere. */
export const PLACES_OF_STEP: { readonly [K in keyof Places]: PerStep } = {
  rowsAt: { text: 'place of the rows', at: (_, { rowsAt }) => rowsAt },
  placesAt: { text: 'place of the places', at: (_, { placesAt }) => placesAt },
}

export const scalarValue = (x: ScalarValue, inputs: StepInputs, places: Places): number =>
  typeof x === 'number' ? x : x.at(inputs, places)

/** A word of a step's own scalars. */
export interface Slot {
  readonly value: PerStep
  readonly type: Scalar
}

const keyOf = ({ text }: PerStep, type: Scalar): string => `${type} ${text}`

/** The scalars that the dispatches of a step have anew in each repetition, each once: as a float, as an integer, or as both. */
export class StepLayout {
  readonly slots: readonly Slot[]
  /** What tells layouts apart: the types, in order. */
  readonly types: Readonly<Record<string, Scalar>>
  readonly #numbers: ReadonlyMap<string, number>

  constructor(all: Iterable<Slot>) {
    const slots: Slot[] = []
    const numbers = new Map<string, number>()
    for (const slot of all) {
      const key = keyOf(slot.value, slot.type)
      if (numbers.has(key)) continue
      numbers.set(key, slots.length)
      slots.push(slot)
    }
    this.slots = slots
    this.types = Object.fromEntries(slots.map(({ type }, i) => [nameOf(i), type]))
    this.#numbers = numbers
  }

  /** What a scalar is called in the struct of the step's. */
  name(value: PerStep, type: Scalar): string {
    return nameOf(this.#numbers.get(keyOf(value, type))!)
  }

  /** Writes the scalars of a step. */
  write(words: Uint32Array, floats: Float32Array, at: number, inputs: StepInputs, places: Places): void {
    const { slots } = this
    for (let i = 0; i < slots.length; i++) {
      const { value, type } = slots[i]!
      if (type === 'f32') floats[at + i] = value.at(inputs, places)
      else words[at + i] = value.at(inputs, places)
    }
  }
}

const nameOf = (slot: number): string => `slot${slot}`
