/** A fenced block of a page, and what a comment before it, which readers do not see, says of it. */
export interface FencedBlock {
  /** Of the first line, counted from 1. */
  line: number
  language: string
  text: string
  /** `not run`: with the reason; `fails`: its last command is meant to. */
  mark: { kind: 'not run' | 'fails'; reason: string } | undefined
  /** What the page says that it prints: the `text` block right after it. */
  prints: string | undefined
}

const FENCE = /^```(\w*)\n(.*?)^```$/gms
const MARK = /<!-- (not run|fails)(?:: (.+?))? -->\n+$/

/**
 * The fenced blocks of a page.
 *
 * @throws Error for a block that is not run without a reason, and for code that is in no fence, which nothing would run
 */
export function fencedBlocks(page: string): FencedBlock[] {
  const bare = page.replace(FENCE, (block) => block.replace(/./g, '')).split('\n')
  const loose = bare.findIndex((line) => /^ {4}\S/.test(line))
  if (loose >= 0) throw new Error(`line ${loose + 1} is code in no fence: ${bare[loose]}`)
  const blocks: FencedBlock[] = []
  let end = -1
  for (const { index, 0: whole, 1: language, 2: text } of page.matchAll(FENCE)) {
    const before = page.slice(0, index)
    const line = before.split('\n').length + 1
    const [, kind, reason = ''] = MARK.exec(before) ?? []
    if (kind === 'not run' && reason === '') throw new Error(`line ${line}: not run, for no reason`)
    const last = blocks.at(-1)
    if (language === 'text' && last && page.slice(end, index).trim() === '') last.prints = text!
    const mark = kind === undefined ? undefined : { kind: kind as 'not run' | 'fails', reason }
    blocks.push({ line, language: language!, text: text!, mark, prints: undefined })
    end = index + whole.length
  }
  return blocks
}

/** The lines of a block of output that some output lacks, whatever the spaces; `…` stands for anything. */
export function linesNotIn(output: string, prints: string): string[] {
  const plain = output.replace(/\s+/g, ' ')
  return prints.split('\n').filter((line) => {
    const parts = line
      .trim()
      .split('…')
      .map((part) => part.replace(/\s+/g, ' ').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return !new RegExp(parts.join('.*?')).test(plain)
  })
}
