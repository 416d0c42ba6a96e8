/** What is around the stem of a file's name: words between `.`, `_` and `-`, in lower case. */
export type Words = readonly string[]

/** A file of names beside a matrix. */
export interface FoundNames {
  name: string
  /** Whether the sample's name is not in it, and it was taken because no other names genes or cells. */
  isShared: boolean
}

/** A matrix among the files of a folder. */
export interface MatrixName {
  /** The stem of its dialect as it is spelt in the name. */
  stem: string
  around: Words
}

const PACKED = String.raw`(?:\.gz)?`

/** The words around a stem in a file's name that ends in `.ENDING` or `.ENDING.gz`; undefined for another name. */
export function wordsAround(name: string, stem: string, ending: string): MatrixName | undefined {
  const core = stem === '' ? '' : `(?<stem>${escaped(stem)})`
  const pattern =
    stem === ''
      ? `^(?<before>.*)(?<after>)\\.${ending}${PACKED}$`
      : `^(?<before>(?:.*[._-])?)${core}(?<after>(?:[._-].*)?)\\.${ending}${PACKED}$`
  const groups = new RegExp(pattern, 'i').exec(name)?.groups
  if (!groups) return undefined
  const { before = '', after = '' } = groups
  return { stem: groups.stem ?? '', around: [...words(before), ...words(after)] }
}

function words(text: string): string[] {
  return text
    .toLowerCase()
    .split(/[._-]+/)
    .filter((word) => word !== '')
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
}

const isWithin = (words: Words, others: Words) => words.every((word) => others.includes(word))

const key = (words: Words) => [...words].sort().join('_')

/** Accession numbers of a whole series of samples, and words for it. */
const SERIES_WORD = /^(gse\d+|all|combined|merged|shared)$/

/**
 * The file of names that goes with a matrix: the one with the same words around it, else the one with most of them and no
 * other, else the only one that goes with no other matrix.
 *
 * @param candidates names that such files have, most telling first
 * @param others what is around the names of the other matrices of the folder
 * @param sharing which files without the sample's name may be taken: all, or those that name a series
 * @returns several where it could be either
 */
export function namesFor(
  files: readonly string[],
  candidates: readonly string[],
  around: Words,
  others: readonly Words[],
  sharing: 'any' | 'series',
): FoundNames[] {
  const found = candidates.flatMap((candidate) => {
    const at = candidate.lastIndexOf('.')
    const [stem, ending] = [candidate.slice(0, at), candidate.slice(at + 1)]
    return files.flatMap((name) => {
      const match = wordsAround(name, stem, ending)
      return match ? [{ name, words: match.around }] : []
    })
  })
  // packed before not, as the tools that pack are the newer ones
  const best = (those: typeof found) => {
    const { words: chosen } = those[0]!
    const same = those.filter(({ words: own }) => key(own) === key(chosen))
    const [first] = same
    const stemOf = (name: string) => name.replace(/\.gz$/, '')
    return same.find(({ name }) => name.endsWith('.gz') && stemOf(name) === stemOf(first!.name)) ?? first!
  }
  const own = found.filter(({ words: own }) => isWithin(own, around))
  if (own.length > 0) {
    const most = Math.max(...own.map(({ words: own }) => own.length))
    const nearest = own.filter(({ words: own }) => own.length === most)
    return distinct(nearest).map((group) => ({ name: best(group).name, isShared: false }))
  }
  const free = found.filter(
    ({ words: own }) =>
      !others.some((other) => isWithin(own, other)) &&
      (sharing === 'any' || own.every((word) => SERIES_WORD.test(word))),
  )
  return distinct(free).map((group) => ({ name: best(group).name, isShared: true }))
}

/** Files by the words around them. */
function distinct<T extends { words: Words }>(files: readonly T[]): T[][] {
  const groups = new Map<string, T[]>()
  for (const file of files) groups.set(key(file.words), [...(groups.get(key(file.words)) ?? []), file])
  return [...groups.values()]
}
