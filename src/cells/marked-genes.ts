import { DataType } from 'apache-arrow'
import { unknownColumn } from '../anndata/frame/dataframe.js'
import { ScvaeError } from '../errors.js'
import { type GeneTable, matchGenes } from './match-genes.js'

/** Fewer genes than this are none to choose. */
const FEWEST = 2

/**
 * The genes that a column of var marks, as scanpy's `highly_variable` does: true, 1, or the text of it.
 *
 * @returns positions, ascending
 * @throws ScvaeError `bad-input` for a column that is not there or says something else, and one that marks fewer than 2 genes
 */
export function markedGenes(data: GeneTable, key: string): Int32Array {
  const column = data.var?.getChild(key)
  if (!column)
    throw unknownColumn(data.path, 'var', key, data.var?.schema.fields.map(({ name }) => name) ?? [])
  const isMarked = Array.from(column, (value) => markOf(value, column.type))
  const odd = isMarked.indexOf(undefined)
  if (odd >= 0) {
    throw new ScvaeError(
      'bad-input',
      `"${data.path}": the var column "${key}" is ${String(column.get(odd))} for gene "${data.varNames[odd]}"; a column that marks genes is true or false.`,
    )
  }
  const genes = Int32Array.from(isMarked.keys()).filter((gene) => isMarked[gene])
  if (genes.length >= FEWEST) return genes
  throw new ScvaeError(
    'bad-input',
    `"${data.path}": the var column "${key}" marks ${genes.length} of ${data.nGenes} genes; at least ${FEWEST} are needed.`,
  )
}

/** A missing value marks nothing. */
function markOf(value: unknown, type: DataType): boolean | undefined {
  if (value === null) return false
  if (DataType.isBool(type)) return value === true
  return MARKS[String(value).toLowerCase()]
}

const MARKS: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false }

/** Genes of a list. */
export interface ListedGenes {
  /** Positions, ascending. */
  genes: Int32Array
  /** What of the file they were found by, see {@link matchGenes}. */
  by: string
  /** What of the list is not in the file. */
  unknown: string[]
}

/**
 * The genes of a list of names or ids, found as {@link matchGenes} finds genes. A name that several genes have stands for all
 * of them.
 *
 * @param list a name, as messages call it
 * @throws ScvaeError `bad-input` for a list of which fewer than 2 genes are found
 */
export function listedGenes(data: GeneTable, names: readonly string[], list: string): ListedGenes {
  const wanted = [...new Set(names)]
  const { positions, by, found } = matchGenes({ names: wanted }, data)
  const chosen = new Set(positions.filter((position) => position >= 0))
  if (by === 'their names') {
    const asked = new Set(wanted)
    for (const [gene, name] of data.varNames.entries()) if (asked.has(name)) chosen.add(gene)
  }
  const genes = Int32Array.from(chosen).sort()
  if (genes.length < FEWEST) {
    throw new ScvaeError(
      'bad-input',
      `${found} of the ${wanted.length} genes of ${list} are in "${data.path}"; at least ${FEWEST} are needed.`,
      {
        hint: `The list has ${wanted.slice(0, 3).join(', ')} …, the file ${data.varNames.slice(0, 3).join(', ')} …; a list has one name or id a line.`,
      },
    )
  }
  return { genes, by, unknown: wanted.filter((_, i) => positions[i]! < 0) }
}
