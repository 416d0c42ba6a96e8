/** Escape sequences that begin a colour; each is ended by the terminal's own. */
const BEGIN = { red: '\u001b[31m', yellow: '\u001b[33m' } as const
const END = '\u001b[39m'

/** Whether a stream's text is coloured: on a terminal, unless `FORCE_COLOR` or `NO_COLOR` say otherwise; the first wins. */
function hasColour({ isTTY }: { isTTY?: boolean }): boolean {
  const { FORCE_COLOR, NO_COLOR, TERM } = process.env
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false'
  return isTTY === true && !NO_COLOR && TERM !== 'dumb'
}

/** A text in a colour where the stream shows one, else as it is. */
export function coloured(text: string, colour: keyof typeof BEGIN, stream: { isTTY?: boolean }): string {
  return hasColour(stream) ? `${BEGIN[colour]}${text}${END}` : text
}
