import { versionless, withoutEnsemblVersion } from './gene-versions.js'
import { occurrencesOf } from './occurrences.js'

/** Labels that are looked for. */
export interface WantedLabels {
  labels: readonly string[]
  /** Which of its label each is, from 0 on. */
  occurrences: readonly number[]
  /** What tells genes of one label apart. */
  ids?: readonly string[] | undefined
}

/** Labels of a file, null where a gene has none. */
export interface FileLabels {
  labels: readonly (string | null)[]
  ids?: readonly string[] | undefined
}

export interface LabelMatch {
  /** Position of each wanted gene; −1 where it is not found. No position stands twice. */
  positions: Int32Array
  found: number
  /** How many were found only without the version at the end of their label. */
  versions: number
}

/** A name that was made unique, as anndata (`-1`) and R (`.1`) do it. */
const MADE_UNIQUE = /^(.+)[-.](\d+)$/

/** Below this share of labels found as they are, a suffix that most of them have is taken for what differs. */
const FEW = 0.1

/**
 * Finds genes by one kind of label. Genes of one label are told apart by their ids where both sides have such, else by their
 * order. What is left is found by the names that a repeated one gets when names are made unique, then without versions, where
 * that leaves one gene on each side.
 */
export function matchLabels(wanted: WantedLabels, file: FileLabels): LabelMatch {
  const search = new LabelSearch(wanted, file)
  search.takeEqual()
  search.takeMadeUnique()
  return search.takeVersionless()
}

class LabelSearch {
  readonly #wanted: WantedLabels
  readonly #file: FileLabels
  readonly #places: Map<string, number[]>
  /** Whether a position of the file has the id of a wanted gene; undefined where ids tell nothing. */
  readonly #sameId: ((wanted: number, position: number) => boolean) | undefined
  readonly #positions: Int32Array
  readonly #taken: Uint8Array
  #found = 0

  constructor(wanted: WantedLabels, file: FileLabels) {
    this.#wanted = wanted
    this.#file = file
    this.#places = placesOf(file.labels)
    this.#sameId = idTest(wanted.ids, file.ids)
    this.#positions = new Int32Array(wanted.labels.length).fill(-1)
    this.#taken = new Uint8Array(file.labels.length)
  }

  #take(gene: number, position: number | undefined): boolean {
    if (position === undefined || this.#taken[position]) return false
    this.#positions[gene] = position
    this.#taken[position] = 1
    this.#found++
    return true
  }

  *#missing(): Generator<[gene: number, label: string, occurrence: number]> {
    const { labels, occurrences } = this.#wanted
    for (const [gene, label] of labels.entries())
      if (this.#positions[gene]! < 0) yield [gene, label, occurrences[gene]!]
  }

  takeEqual(): void {
    const repeated = repeatedOf(this.#wanted)
    for (const [gene, label, occurrence] of this.#missing()) {
      const places = this.#places.get(label)
      if (!places) continue
      if (places.length === 1 && !repeated.has(label)) {
        this.#take(gene, places[0])
        continue
      }
      const same = this.#sameId
      const likely = places[occurrence]
      if (!same) this.#take(gene, likely)
      else if (likely === undefined || !same(gene, likely) || !this.#take(gene, likely))
        this.#take(
          gene,
          places.find((place) => same(gene, place) && !this.#taken[place]),
        )
    }
  }

  takeMadeUnique(): void {
    const wanted = new Set(this.#wanted.labels)
    const takes = (gene: number, place: number | undefined) =>
      place !== undefined && (this.#sameId?.(gene, place) ?? true) && this.#take(gene, place)
    for (const [gene, label, occurrence] of this.#missing()) {
      if (occurrence > 0) {
        const names = [`${label}-${occurrence}`, `${label}.${occurrence}`].filter((name) => !wanted.has(name))
        names.some((name) => takes(gene, this.#places.get(name)?.[0]))
        continue
      }
      const [, base, number] = MADE_UNIQUE.exec(label) ?? []
      const places = base === undefined ? undefined : this.#places.get(base)
      if (Number(number) > 0) takes(gene, places?.[Number(number)])
    }
  }

  takeVersionless(): LabelMatch {
    const { labels } = this.#wanted
    const before = this.#found
    const few = before < labels.length * FEW
    const ofWanted = few ? versionless(labels) : withoutEnsemblVersion
    const ofFile = few ? versionless(this.#file.labels) : withoutEnsemblVersion
    if (before < labels.length) {
      const places = placesOf(this.#file.labels.map((label) => label && ofFile(label)))
      const times = placesOf(labels.map(ofWanted))
      for (const [gene, label] of this.#missing()) {
        const plain = ofWanted(label)
        const [place, ...others] = places.get(plain) ?? []
        if (others.length === 0 && times.get(plain)!.length === 1) this.#take(gene, place)
      }
    }
    return { positions: this.#positions, found: this.#found, versions: this.#found - before }
  }
}

function placesOf(labels: readonly (string | null)[]): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (const [i, label] of labels.entries()) {
    if (label === null) continue
    const known = places.get(label)
    if (known) known.push(i)
    else places.set(label, [i])
  }
  return places
}

/** Labels that stand more than once, or did in the file that they come from. */
function repeatedOf({ labels, occurrences }: WantedLabels): Set<string> {
  const here = occurrencesOf(labels)
  return new Set(labels.filter((_, i) => here[i]! > 0 || occurrences[i]! > 0))
}

/** Ids of different kinds have nothing in common, and tell nothing. */
function idTest(
  wanted: readonly string[] | undefined,
  file: readonly string[] | undefined,
): ((gene: number, position: number) => boolean) | undefined {
  if (!wanted || !file) return undefined
  const ofWanted = wanted.map(withoutEnsemblVersion)
  const ofFile = file.map(withoutEnsemblVersion)
  const known = new Set(ofFile)
  if (!ofWanted.some((id) => known.has(id))) return undefined
  return (gene, position) => ofWanted[gene] === ofFile[position]
}
