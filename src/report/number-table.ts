import { escapeHtml, scrolling } from './html.js'

export interface NumberTable {
  /** What the table is called where it cannot be seen. */
  label: string
  heads: readonly string[]
  rows: readonly (readonly string[])[]
  /** Columns, from the first, that name what a row is of; the others are set as numbers. Default 1. */
  texts?: number
}

/** A table of text. */
export function numberTable({ label, heads, rows, texts = 1 }: NumberTable): string {
  const line = (cells: readonly string[], tag: 'th' | 'td') => {
    const scope = tag === 'th' ? ' scope="col"' : ''
    return `<tr>${cells.map((text, i) => `<${tag}${scope}${i < texts ? '' : ' class="number"'}>${escapeHtml(text)}</${tag}>`).join('')}</tr>`
  }
  const body = rows.map((row) => line(row, 'td')).join('')
  return scrolling('table', label, `<table><thead>${line(heads, 'th')}</thead><tbody>${body}</tbody></table>`)
}
