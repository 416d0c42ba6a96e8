/** What several users share, by what it is made of: made with the first of them, given back with the last. */
export class Shared<Key, Value> {
  readonly #entries = new Map<Key, { made: Promise<Value>; users: number }>()
  readonly #release: (value: Value) => void

  constructor(release: (value: Value) => void) {
    this.#release = release
  }

  /** Takes part in what is made of a key. */
  async join(key: Key, make: () => Promise<Value>): Promise<Value> {
    let entry = this.#entries.get(key)
    if (!entry) {
      entry = { made: make(), users: 0 }
      this.#entries.set(key, entry)
    }
    entry.users++
    try {
      return await entry.made
    } catch (error) {
      this.#drop(key)
      throw error
    }
  }

  #drop(key: Key): boolean {
    const entry = this.#entries.get(key)!
    entry.users--
    if (entry.users > 0) return false
    this.#entries.delete(key)
    return true
  }

  leave(key: Key, value: Value): void {
    if (this.#drop(key)) this.#release(value)
  }
}
