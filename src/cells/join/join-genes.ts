import type { AnnData } from '../../anndata/read.js'
import { ScvaeError } from '../../errors.js'
import { type GeneLabels, labelsOf } from '../gene-ids.js'
import { matchGenes } from '../match-genes.js'

/** How genes that only some files have are treated. */
export type JoinKind = 'inner' | 'outer'

/** The part of a file that its genes are known by. */
export type GenesOfFile = Pick<AnnData, 'path' | 'nGenes' | 'varNames' | 'var' | 'countsSource'>

/** What became of the genes of several files. */
export interface JoinedGenes {
  nGenes: number
  /** Of each place in the list as files were told it, the one that it has at last; −1 for one that falls away. */
  newPlace: Int32Array
  /** For each file, the positions of genes that the list takes its name and its row of var from, ascending in the list. */
  sources: Int32Array[]
}

/**
 * Genes of several files as one list: those that all files have, in the order of the first (`inner`), or those of any, each
 * file's new ones behind those before it (`outer`). A gene is the same by identity, as `matchGenes` finds it.
 */
export class GeneList {
  readonly #join: JoinKind
  readonly #first: GenesOfFile
  #known: GeneLabels
  /** For each place in the list, whether all files so far have it. */
  #inAll: Uint8Array
  readonly #sources: Int32Array[]

  constructor(first: GenesOfFile, join: JoinKind) {
    this.#join = join
    this.#first = first
    this.#known = labelsOf(first)
    this.#inAll = new Uint8Array(first.nGenes).fill(1)
    this.#sources = [upTo(first.nGenes)]
  }

  /**
   * Takes in a further file.
   *
   * @returns for each of its genes, its place in the list so far; −1 for one that falls away
   * @throws ScvaeError `bad-input` for a file without a gene of those before it
   */
  add(file: GenesOfFile): Int32Array {
    const { positions, found } = matchGenes(this.#known, file)
    if (found === 0) throw nothingShared(this.#first, file)
    const place = new Int32Array(file.nGenes).fill(-1)
    for (const [gene, position] of positions.entries()) if (position >= 0) place[position] = gene
    if (this.#join === 'outer') {
      this.#sources.push(this.#extend(file, place))
      return place
    }
    this.#sources.push(new Int32Array())
    const had = this.#inAll
    this.#inAll = new Uint8Array(had.length)
    for (const gene of place) if (gene >= 0) this.#inAll[gene] = had[gene]!
    return place.map((gene) => (gene >= 0 && this.#inAll[gene] ? gene : -1))
  }

  /** @throws ScvaeError `bad-input` where no gene is in all files */
  finish(): JoinedGenes {
    const all = upTo(this.#known.names.length)
    if (this.#join === 'outer') return { nGenes: all.length, newPlace: all, sources: this.#sources }
    const kept = all.filter((gene) => this.#inAll[gene] === 1)
    if (kept.length === 0) {
      throw new ScvaeError('bad-input', 'No gene is in all of the files.', {
        hint: '--join outer takes the genes of any of them.',
      })
    }
    const newPlace = new Int32Array(all.length).fill(-1)
    for (const [place, gene] of kept.entries()) newPlace[gene] = place
    return { nGenes: kept.length, newPlace, sources: [kept, ...this.#sources.slice(1)] }
  }

  /** Puts a file's genes that have no place yet behind the list; gives their positions in the file. */
  #extend(file: GenesOfFile, place: Int32Array): Int32Array {
    const fresh = upTo(file.nGenes).filter((gene) => place[gene]! < 0)
    const { length } = this.#known.names
    for (const [i, gene] of fresh.entries()) place[gene] = length + i
    this.#known = withGenes(this.#known, labelsOf(file), fresh)
    return fresh
  }
}

const upTo = (n: number) => Int32Array.from({ length: n }, (_, i) => i)

/** A gene without an id or symbol is known by its name there, so that one file without such takes no other's away. */
function withGenes(known: GeneLabels, file: GeneLabels, genes: Int32Array): GeneLabels {
  const both = (kind: 'ids' | 'symbols') => {
    const [of, ofFile] = [known[kind], file[kind]]
    if (!of && !ofFile) return undefined
    return [...(of ?? known.names), ...Array.from(genes, (gene) => (ofFile ?? file.names)[gene]!)]
  }
  return {
    names: [...known.names, ...Array.from(genes, (gene) => file.names[gene]!)],
    ids: both('ids'),
    symbols: both('symbols'),
  }
}

const nothingShared = (first: GenesOfFile, file: GenesOfFile) =>
  new ScvaeError(
    'bad-input',
    `"${file.path}" has no gene of "${first.path}": its genes are ${some(file)}, and there they are ${some(first)}.`,
    { hint: 'Join files of one species and one kind of names, or add a column gene_ids to var.' },
  )

const some = ({ varNames }: GenesOfFile) => `${varNames.slice(0, 3).join(', ')}…`
