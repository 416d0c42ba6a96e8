type Level = Map<unknown, unknown>

/**
 * A function of a few values, its results kept by them: a kernel's source is made once, so that its program is found again.
 * Objects are told apart by identity.
 */
export function perKey<A extends readonly unknown[], R extends object>(
  make: (...args: A) => R,
): (...args: A) => R {
  const made: Level = new Map()
  return (...args) => {
    let level = made
    const last = args.length - 1
    for (let i = 0; i < last; i++) {
      let next = level.get(args[i]) as Level | undefined
      if (!next) {
        next = new Map()
        level.set(args[i], next)
      }
      level = next
    }
    let result = level.get(args[last]) as R | undefined
    if (!result) {
      result = make(...args)
      level.set(args[last], result)
    }
    return result
  }
}
