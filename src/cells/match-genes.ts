import { unknownColumn } from '../anndata/frame/dataframe.js'
import type { ModelData } from './cell-data.js'
import { type GeneLabels, geneIds, LABEL_COLUMNS, textColumn } from './gene-ids.js'
import { type LabelMatch, matchLabels } from './match-labels.js'
import { occurrencesOf } from './occurrences.js'

/** The part of a data set that genes are found in. */
export type GeneTable = Pick<ModelData, 'path' | 'nGenes' | 'varNames' | 'var' | 'countsSource'>

/** Where wanted genes are in data. */
export interface GeneMatch extends LabelMatch {
  /** What of the data they were found by, for a sentence: `their names`, or a column such as `var/gene_ids`. */
  by: string
}

export interface MatchOptions {
  /** The one column of var to find genes by. */
  key?: string | undefined
}

/**
 * Finds genes in data by identity: names and usual columns of var with ids and symbols are tried against what is known of
 * the wanted genes, and what finds most is taken, the earlier of equals. Case is part of a label; the version of an Ensembl id
 * is not.
 *
 * @returns positions in the data in the order of the wanted genes, −1 where one is not there; none stands twice
 * @throws ScvaeError `bad-input` for a key that is no column of var
 */
export function matchGenes(wanted: GeneLabels, data: GeneTable, { key }: MatchOptions = {}): GeneMatch {
  const kinds = wantedKinds(wanted)
  const ids = geneIds(data)
  let best: GeneMatch | undefined
  for (const [by, labels] of key === undefined ? candidates(data) : [keyed(data, key)]) {
    for (const kind of kinds) {
      const match = matchLabels(kind, { labels, ids })
      if (best === undefined || match.found > best.found) best = { ...match, by }
      if (best.found === wanted.names.length) return best
    }
  }
  return best!
}

/** What each of the data's names and usual columns of var finds of wanted genes, see {@link matchGenes}. */
export function matchesByLabel(wanted: GeneLabels, data: GeneTable): GeneMatch[] {
  const kinds = wantedKinds(wanted)
  const ids = geneIds(data)
  return Array.from(candidates(data), ([by, labels]) => {
    const [first, ...others] = kinds.map((kind) => matchLabels(kind, { labels, ids }))
    return { ...others.reduce((best, one) => (one.found > best.found ? one : best), first!), by }
  })
}

function wantedKinds({ names, ids, symbols, occurrences }: GeneLabels) {
  return [
    { labels: names, occurrences: occurrences ?? occurrencesOf(names), ids },
    ...[ids, symbols]
      .filter((labels) => labels !== undefined)
      .map((labels) => ({ labels, occurrences: occurrencesOf(labels), ids })),
  ]
}

type Candidate = readonly [by: string, labels: readonly (string | null)[]]

function* candidates(data: GeneTable): Generator<Candidate> {
  yield ['their names', data.varNames]
  for (const name of LABEL_COLUMNS) {
    const labels = textColumn(data, name)
    if (labels) yield [columnPath(data, name), labels]
  }
}

const columnPath = ({ countsSource }: GeneTable, name: string) =>
  `${countsSource === 'raw/X' ? 'raw/var' : 'var'}/${name}`

function keyed(data: GeneTable, key: string): Candidate {
  const column = data.var?.getChild(key)
  if (column)
    return [columnPath(data, key), Array.from(column, (value) => (value === null ? null : String(value)))]
  const columns = data.var?.schema.fields.map(({ name }) => name) ?? []
  throw unknownColumn(data.path, 'var', key, columns)
}
