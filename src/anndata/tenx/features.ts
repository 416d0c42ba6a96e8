import type { Table } from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import { stringsToArrow } from '../frame/arrow-data.js'
import { arrowTable } from '../frame/arrow-table.js'
import { nearestList } from '../frame/nearest.js'

/** The features of a 10x matrix in the order of its rows. */
export interface TenXFeatures {
  /** Gene symbols. */
  names: string[]
  /** Further columns under the names that scanpy gives them: `gene_ids`, `feature_types`, `genome`, … */
  columns: Readonly<Record<string, readonly string[]>>
}

/** Which features of a 10x matrix are read. */
export interface FeatureOptions {
  /** Features of this type, as CellRanger 3 and later name it; `Gene Expression` when left out. */
  featureType?: string
  /** Features of this genome. */
  genome?: string
}

/** What is read of a 10x matrix with several feature types unless told otherwise. */
const GENE_EXPRESSION = 'Gene Expression'

/**
 * Positions of the features to read, ascending; undefined for all.
 *
 * @throws ScvaeError `bad-input` for a type or genome that no feature has, naming those that there are
 */
export function chooseFeatures(
  { names, columns }: TenXFeatures,
  options: FeatureOptions,
  file: string,
  warnings: string[],
): Int32Array | undefined {
  const keep = new Uint8Array(names.length).fill(1)
  const narrow = (values: readonly string[], wanted: string) => {
    for (const [i, value] of values.entries()) if (value !== wanted) keep[i] = 0
  }
  const { feature_types: types, genome: genomes } = columns
  const type = chooseType(types, options.featureType, file, warnings)
  if (types && type !== undefined) narrow(types, type)
  if (options.genome !== undefined) {
    if (!genomes) {
      throw new ScvaeError('bad-input', `"${file}" does not say of which genome its features are.`, {
        hint: 'Leave out --genome.',
      })
    }
    const known = [...new Set(genomes)].filter((genome) => genome !== '')
    if (!known.includes(options.genome)) throw unknownGenome(file, options.genome, known)
    narrow(genomes, options.genome)
  }
  const kept = Int32Array.from(keep.keys()).filter((i) => keep[i] === 1)
  return kept.length === keep.length ? undefined : kept
}

/** The error of a genome that a file does not have, naming those that it has. */
export function unknownGenome(file: string, genome: string, known: readonly string[]): ScvaeError {
  return new ScvaeError('bad-input', `"${file}" has no genome "${genome}".`, {
    hint: `Its genomes, nearest first: ${nearestList(genome, known)}.`,
  })
}

function chooseType(
  types: readonly string[] | undefined,
  wanted: string | undefined,
  file: string,
  warnings: string[],
): string | undefined {
  if (!types) {
    if (wanted === undefined) return undefined
    throw new ScvaeError('bad-input', `"${file}" does not say of which type its features are.`, {
      hint: 'CellRanger 1 and 2 knew genes only: leave out --feature-type.',
    })
  }
  const counts = new Map<string, number>()
  for (const type of types) counts.set(type, (counts.get(type) ?? 0) + 1)
  const known = [...counts.keys()]
  if (wanted !== undefined) {
    if (counts.has(wanted)) return wanted
    throw new ScvaeError('bad-input', `"${file}" has no features of the type "${wanted}".`, {
      hint: `Its feature types, nearest first: ${nearestList(wanted, known)}.`,
    })
  }
  if (known.length < 2) return undefined
  if (!counts.has(GENE_EXPRESSION)) {
    throw new ScvaeError(
      'bad-input',
      `"${file}" has features of several types, none of them ${GENE_EXPRESSION}.`,
      {
        hint: `Choose one with --feature-type: ${known.join(', ')}.`,
      },
    )
  }
  const others = known.filter((type) => type !== GENE_EXPRESSION).map((type) => `${counts.get(type)} ${type}`)
  warnings.push(`Features other than ${GENE_EXPRESSION} are left out (${others.join(', ')}).`)
  return GENE_EXPRESSION
}

/** Names and table of the features that are read. */
export function featureTable(
  { names, columns }: TenXFeatures,
  kept: Int32Array | undefined,
): { names: string[]; table: Table } {
  const pick = (values: readonly string[]) => (kept ? Array.from(kept, (i) => values[i]!) : [...values])
  const chosen = pick(names)
  const data = Object.entries(columns).map(
    ([name, values]) => [name, stringsToArrow(pick(values), undefined)] as const,
  )
  return { names: chosen, table: arrowTable(data, chosen.length) }
}

/** New position of every feature; −1 for one that is left out. */
export function renumbering(kept: Int32Array, nFeatures: number): Int32Array {
  const positions = new Int32Array(nFeatures).fill(-1)
  for (const [position, feature] of kept.entries()) positions[feature] = position
  return positions
}
