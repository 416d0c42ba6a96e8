/** What a pickle may hold: plain data, and the few objects that a model is made of. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleDict
  | PickleObject

/** A Python dict. A Map, so that no key can reach a prototype. */
export class PickleDict extends Map<PickleValue, PickleValue> {}

/** What stands for a Python object that is no plain data. */
export abstract class PickleObject {
  /** Takes the state that a pickle sets on an object. */
  abstract build(state: PickleValue): void
}

/** An object that no reader needs: its name alone is kept, its contents are dropped. */
export class OpaqueObject extends PickleObject {
  constructor(readonly name: string) {
    super()
  }

  override build(): void {}
}

/** A Python class or function that a pickle may name, and the data that stands for what calling it would give. */
export class PickleGlobal extends PickleObject {
  constructor(
    readonly name: string,
    readonly make: (args: PickleValue[], budget: ByteBudget) => PickleValue,
  ) {
    super()
  }

  override build(): void {
    throw new PickleProblem(`it sets the state of ${this.name}`)
  }
}

/** What is wrong with a pickle; its reader adds the file's name. */
export class PickleProblem extends Error {}

/** Bytes that a pickle may still have made beyond its own: a short program must not fill the memory. */
export class ByteBudget {
  #left: number

  constructor(bytes: number) {
    this.#left = bytes
  }

  spend(bytes: number): void {
    this.#left -= bytes
    if (this.#left < 0) throw new PickleProblem('it makes far more data than it holds')
  }
}
