import { NumpyArray } from './numpy-values.js'
import { PickleDict, PickleProblem, type PickleValue } from './pickle-values.js'

/** A value of a saved model with the way to it, so that a missing or odd one can be named. */
export class Entry {
  constructor(
    readonly value: PickleValue | undefined,
    readonly where: string,
  ) {}

  /** The value under a key of this dict; without a value where there is none. */
  get(key: string): Entry {
    return new Entry(this.dict().get(key), `${this.where}.${key}`)
  }

  get isNone(): boolean {
    return this.value === undefined || this.value === null
  }

  dict(): PickleDict {
    if (this.value instanceof PickleDict) return this.value
    throw this.#odd('dict')
  }

  /** A dict that may be missing. */
  dictIfThere(): PickleDict {
    return this.isNone ? new PickleDict() : this.dict()
  }

  text(): string {
    if (typeof this.value === 'string') return this.value
    throw this.#odd('text')
  }

  textOrNone(): string | null {
    return this.isNone ? null : this.text()
  }

  /** A list, a tuple or a numpy array of one dimension; empty where there is none. */
  list(): PickleValue[] {
    if (this.isNone) return []
    if (this.value instanceof NumpyArray) return this.value.vector()
    if (Array.isArray(this.value)) return this.value
    throw this.#odd('list')
  }

  texts(): string[] {
    return this.list().map((item) => {
      if (typeof item === 'string') return item
      throw this.#odd('list of names')
    })
  }

  #odd(what: string): PickleProblem {
    return new PickleProblem(this.isNone ? `it has no ${this.where}` : `its ${this.where} is no ${what}`)
  }
}
