/** A function of a few values, its results kept by them: a kernel's source is made once, so that its program is found again. */
export function perKey<A extends readonly unknown[], R>(
  make: (...args: A) => R,
  key: (...args: A) => string = (...args) => args.join(' '),
): (...args: A) => R {
  const made = new Map<string, R>()
  return (...args) => {
    const name = key(...args)
    let result = made.get(name)
    if (result === undefined) {
      result = make(...args)
      made.set(name, result)
    }
    return result
  }
}
