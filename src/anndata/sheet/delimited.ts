/** A line of a delimited file that has something in it. */
export interface Line {
  /** From 1 on, where the line starts in the file. */
  number: number
  fields: string[]
}

/** What is wrong with a delimited file, and on which line. */
export class DelimitedError extends Error {
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/**
 * Lines of a delimited text as RFC 4180 has them: fields may stand in double quotes, in which a quote is doubled and
 * delimiters and line ends are text. Ends of lines may be of any system; empty lines and a byte order mark are left out.
 *
 * @throws DelimitedError for a quote that does not end, and text behind one that did
 */
export function parseDelimited(text: string, delimiter: string): Line[] {
  const lines: Line[] = []
  let number = 1
  let at = text.startsWith('\uFEFF') ? 1 : 0
  while (at < text.length) {
    const line: Line = { number, fields: [] }
    for (;;) {
      const field = text[at] === '"' ? quotedField(text, at, number) : plainField(text, at, delimiter)
      line.fields.push(field.value)
      number += field.lineEnds
      at = field.end
      if (text[at] !== delimiter) break
      at++
    }
    if (at < text.length && text[at] !== '\r' && text[at] !== '\n')
      throw new DelimitedError(number, 'has text behind a closing quote')
    at += text.startsWith('\r\n', at) ? 2 : 1
    number++
    if (line.fields.some((value) => value.trim() !== '')) lines.push(line)
  }
  return lines
}

interface Field {
  value: string
  /** Position behind the field. */
  end: number
  lineEnds: number
}

function plainField(text: string, start: number, delimiter: string): Field {
  let end = start
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++
  return { value: text.slice(start, end), end, lineEnds: 0 }
}

function quotedField(text: string, start: number, number: number): Field {
  let end = start
  do {
    end = text.indexOf('"', end + 1)
    if (end < 0) throw new DelimitedError(number, 'has a quote that does not end')
    // two quotes are one of the text
    if (text[end + 1] !== '"') break
    end++
  } while (end >= 0)
  const value = text.slice(start + 1, end).replaceAll('""', '"')
  return { value, end: end + 1, lineEnds: value.split(/\r\n|\r|\n/).length - 1 }
}
