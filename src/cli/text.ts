/** Bytes for people, in powers of ten: `640 MB`, `2.4 GB`. */
export function formatBytes(value: number): string {
  return value < 1e9 ? `${Math.max(1, Math.round(value / 1e6))} MB` : `${(value / 1e9).toFixed(1)} GB`
}

/** The first few of a list of names, and how many more there are. */
export function listed(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}

/** Rows as aligned columns of text; the columns named in `numeric` by position stand to the right. */
export function textTable(rows: readonly (readonly string[])[], numeric: readonly number[] = []): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, text] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, text.length)
  }
  const aligned = (text: string, i: number) =>
    numeric.includes(i) ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)
  return rows.map((row) => row.map(aligned).join('  ').trimEnd()).join('\n')
}
