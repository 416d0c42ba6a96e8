import type { Table } from 'apache-arrow'
import { ScvaeError } from '../errors.js'
import { nearestList } from './frame/nearest.js'

/** Columns of var that say what a feature is: as scanpy and muon name them. */
const TYPE_COLUMNS = ['feature_types', 'feature_type', 'modality']

/** What genes are called there. */
const GENES = /^(gene[ _-]?expression|genes?|gex|m?rna)$/i

/** What the features of a file are, by a column of its var. */
export interface FeatureTypes {
  column: string
  /** One a feature; '' for one without. */
  values: string[]
  /** How many features there are of each type, in order of appearance. */
  counts: Map<string, number>
}

/** The column that tells genes from other features, or that knows the type asked for; undefined where there is none. */
export function featureTypes(variables: Table, wanted?: string): FeatureTypes | undefined {
  const known = typeColumns(variables)
  return wanted === undefined
    ? known.find(({ counts }) => [...counts.keys()].some((type) => GENES.test(type)))
    : known.find(({ counts }) => counts.has(wanted))
}

/**
 * Positions of the features to read, ascending; undefined for all.
 *
 * @param wanted the type; without it genes, where var has genes and other features
 * @throws ScvaeError `bad-input` for a type that no feature has, and for several types of which none are genes
 */
export function chooseFeatureType(
  variables: Table,
  wanted: string | undefined,
  file: string,
  warnings: string[],
): Int32Array | undefined {
  const types = featureTypes(variables, wanted)
  if (!types) {
    refuseUnknown(typeColumns(variables), wanted, file)
    return undefined
  }
  const { values, counts } = types
  const taken = (type: string) => (wanted === undefined ? GENES.test(type) : type === wanted)
  const kept = Int32Array.from(values.keys()).filter((i) => taken(values[i]!))
  if (kept.length === values.length) return undefined
  if (wanted === undefined) {
    const others = [...counts]
      .filter(([type]) => !taken(type))
      .map(([type, n]) => `${n} ${type || 'of no type'}`)
    const names = [...counts.keys()].filter(taken).join(', ')
    warnings.push(
      `Features other than ${names} are left out (${others.join(', ')}); --feature-type takes others.`,
    )
  }
  return kept
}

function typeColumns(variables: Table): FeatureTypes[] {
  return TYPE_COLUMNS.flatMap((column) => {
    const vector = variables.getChild(column)
    if (!vector) return []
    const values = Array.from(vector, (value) => (value === null ? '' : String(value)))
    const counts = new Map<string, number>()
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
    return [{ column, values, counts }]
  })
}

/** @throws ScvaeError (bad-input) where a type is asked for, or has to be */
function refuseUnknown([types]: FeatureTypes[], wanted: string | undefined, file: string): void {
  if (wanted !== undefined) {
    if (types) {
      throw new ScvaeError('bad-input', `"${file}" has no features of the type "${wanted}".`, {
        hint: `Its ${types.column}, nearest first: ${nearestList(wanted, [...types.counts.keys()])}.`,
      })
    }
    throw new ScvaeError('bad-input', `"${file}" does not say of which type its features are.`, {
      hint: `Leave out --feature-type: its var has no column ${TYPE_COLUMNS.join(', ')}.`,
    })
  }
  // other columns of such a name tell of genes alone, as the biotypes of CELLxGENE
  if (types?.column !== 'feature_types' || types.counts.size < 2) return
  throw new ScvaeError(
    'bad-input',
    `"${file}" has features of several types, none of them Gene Expression.`,
    {
      hint: `Choose one with --feature-type: ${[...types.counts.keys()].join(', ')}.`,
    },
  )
}
