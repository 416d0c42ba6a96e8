import type { AnnData } from '../../anndata/read.js'
import { ScvaeError } from '../../errors.js'
import { type GeneLabels, labelsOf } from '../gene-ids.js'
import { matchGenes } from '../match-genes.js'

/** How genes that only some files have are treated. */
export type JoinKind = 'inner' | 'outer'

/** Genes of several files as one list. */
export interface JoinedGenes {
  nGenes: number
  /** For each file and each of its genes, its place in the list; −1 for one that falls away. */
  places: Int32Array[]
  /** For each file, the positions of genes that the list takes its name and its row of var from, ascending in the list. */
  sources: Int32Array[]
}

/**
 * Genes that all files have, in the order of the first (`inner`), or the genes of any, each file's new ones behind those
 * before it (`outer`). A gene is the same by identity, as `matchGenes` finds it.
 *
 * @throws ScvaeError `bad-input` for a file without a gene of those before it
 */
export function joinGenes(files: readonly AnnData[], join: JoinKind): JoinedGenes {
  const [first, ...others] = files
  let known = labelsOf(first!)
  const places = [Int32Array.from({ length: first!.nGenes }, (_, i) => i)]
  const sources = [places[0]!.slice()]
  for (const file of others) {
    const { positions, found } = matchGenes(known, file)
    if (found === 0) throw nothingShared(first!, file)
    const place = new Int32Array(file.nGenes).fill(-1)
    for (const [gene, position] of positions.entries()) if (position >= 0) place[position] = gene
    const fresh = Array.from(place.keys()).filter((gene) => place[gene]! < 0)
    if (join === 'outer') {
      for (const [i, gene] of fresh.entries()) place[gene] = known.names.length + i
      known = withGenes(known, labelsOf(file), fresh)
      sources.push(Int32Array.from(fresh))
    } else {
      sources.push(new Int32Array(0))
    }
    places.push(place)
  }
  return join === 'outer' ? { nGenes: known.names.length, places, sources } : ofAll(places, sources)
}

/** Only the genes that every file has, numbered anew. */
function ofAll(places: readonly Int32Array[], sources: readonly Int32Array[]): JoinedGenes {
  const files = new Int32Array(places[0]!.length)
  for (const place of places) for (const gene of place) if (gene >= 0) files[gene]!++
  const kept = Int32Array.from(files.keys()).filter((gene) => files[gene] === places.length)
  if (kept.length === 0) {
    throw new ScvaeError('bad-input', 'No gene is in all of the files.', {
      hint: '--join outer takes the genes of any of them.',
    })
  }
  const newPlace = new Int32Array(files.length).fill(-1)
  for (const [place, gene] of kept.entries()) newPlace[gene] = place
  return {
    nGenes: kept.length,
    places: places.map((place) => place.map((gene) => (gene < 0 ? -1 : newPlace[gene]!))),
    sources: [kept, ...sources.slice(1)],
  }
}

function withGenes(known: GeneLabels, file: GeneLabels, genes: readonly number[]): GeneLabels {
  const both = (one: readonly string[] | undefined, other: readonly string[] | undefined) =>
    one && other ? [...one, ...genes.map((gene) => other[gene]!)] : undefined
  return {
    names: both(known.names, file.names)!,
    ids: both(known.ids, file.ids),
    symbols: both(known.symbols, file.symbols),
  }
}

const nothingShared = (first: AnnData, file: AnnData) =>
  new ScvaeError(
    'bad-input',
    `"${file.path}" has no gene of "${first.path}": its genes are ${some(file)}, and there they are ${some(first)}.`,
    { hint: 'Join files of one species and one kind of names, or add a column gene_ids to var.' },
  )

const some = ({ varNames }: AnnData) => `${varNames.slice(0, 3).join(', ')}…`
