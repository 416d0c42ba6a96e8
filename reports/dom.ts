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

/** A table that scrolls where it has no room: the first column names the rows, the others are set as numbers. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly (string | HTMLElement)[])[],
): HTMLElement {
  const box = create('div', 'table')
  const list = create('table')
  const kind = (column: number) => (column === 0 ? '' : 'number')
  const head = create('tr')
  for (const [column, name] of heads.entries()) {
    const cell = create('th', kind(column), name)
    cell.scope = 'col'
    head.append(cell)
  }
  list.append(create('caption', '', caption))
  list.createTHead().append(head)
  const body = list.createTBody()
  for (const texts of rows) {
    const row = body.insertRow()
    for (const [column, text] of texts.entries()) {
      const cell = row.insertCell()
      cell.className = kind(column)
      cell.append(text)
    }
  }
  box.append(list)
  return box
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
