import { escapeHtml } from './html.js'

/** A table of text: the first column names the rows, the others are set as numbers. */
export function numberTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (texts: readonly string[], tag: 'th' | 'td') =>
    `<tr>${texts.map((text, i) => `<${tag}${i === 0 ? '' : ' class="number"'}>${escapeHtml(text)}</${tag}>`).join('')}</tr>`
  const body = rows.map((row) => line(row, 'td')).join('')
  return `<div class="table"><table><thead>${line(heads, 'th')}</thead><tbody>${body}</tbody></table></div>`
}
