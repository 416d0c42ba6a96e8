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
    if (this.length === this.#values.length) this.#grow(this.length + 1)
    this.#values[this.length++] = value
  }

  append(values: ArrayLike<number>): void {
    const end = this.length + values.length
    if (end > this.#values.length) this.#grow(end)
    this.#values.set(values, this.length)
    this.length = end
  }

  #grow(least: number): void {
    const longer = this.#make(Math.max(least, 2 * this.#values.length))
    longer.set(this.#values)
    this.#values = longer
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
