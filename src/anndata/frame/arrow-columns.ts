/** Text of a category; booleans as Python writes them. */
export function textOf(value: unknown): string {
  if (value === true) return 'True'
  if (value === false) return 'False'
  return String(value)
}
