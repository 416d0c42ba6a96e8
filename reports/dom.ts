/** A new element with a class and, as text, its content. */
export function create<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  text = '',
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  if (className !== '') element.className = className
  element.textContent = text
  return element
}

/** A button that does something. */
export function button(text: string, onClick: () => void, className = ''): HTMLButtonElement {
  const element = create('button', className, text)
  element.type = 'button'
  element.addEventListener('click', onClick)
  return element
}

/** An element of the page by its id. */
export function byId<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no element "${id}"`)
  return found as T
}

/** Hands a text to the reader as a file. */
export function saveText(name: string, type: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 1000)
}

export const count = (n: number): string => n.toLocaleString('en-US')

export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return 'missing'
  const size = Math.abs(value)
  return size !== 0 && (size < 1e-3 || size >= 1e7)
    ? value.toExponential(2)
    : String(Number(value.toPrecision(4)))
}

/** A field of a line of comma-separated values. */
export const csvText = (text: string): string =>
  /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
