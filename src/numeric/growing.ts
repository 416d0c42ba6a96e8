/** Numbers of one kind that are not known to be how many, without an object or eight bytes for each. */
class Growing<T extends Int32Array | Float32Array> {
  length = 0
  #values: T
  readonly #make: (length: number) => T

  constructor(make: (length: number) => T) {
    this.#make = make
    this.#values = make(64)
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const longer = this.#make(2 * this.length)
      longer.set(this.#values)
      this.#values = longer
    }
    this.#values[this.length++] = value
  }

  /** Those that there are. */
  taken(): T {
    return this.#values.slice(0, this.length) as T
  }
}

export class GrowingInts extends Growing<Int32Array> {
  constructor() {
    super((length) => new Int32Array(length))
  }
}

export class GrowingFloats extends Growing<Float32Array> {
  constructor() {
    super((length) => new Float32Array(length))
  }
}
