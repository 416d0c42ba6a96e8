/** Arrow makes this function of its text, which the page's policy forbids. */
export function createIsValidFunction(nullValues?: readonly unknown[]): (value: unknown) => boolean {
  const none = new Set(nullValues)
  return (value) => !none.has(value)
}
