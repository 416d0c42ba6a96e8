import { ScvaeError } from '../errors.js'
import type { ModelData } from './cell-data.js'
import { geneIds } from './gene-ids.js'

/** The genes of a model. */
export interface ModelGenes {
  genes: readonly string[]
  /** Parallel to the names, where they are known. */
  geneIds?: readonly string[]
}

/**
 * Positions of a model's genes in other data, found by name, and by id among genes of one name.
 *
 * @returns undefined when they are all of the data's genes, in order
 * @throws ScvaeError (bad-input) for genes that the data lacks, or that cannot be told from others of their name.
 */
export function genePositions(model: ModelGenes, data: ModelData): Int32Array | undefined {
  const { genes } = model
  if (genes.length === data.varNames.length && genes.every((name, i) => name === data.varNames[i]))
    return undefined
  const places = new Map<string, number[]>()
  for (const [i, name] of data.varNames.entries()) {
    const known = places.get(name)
    if (known) known.push(i)
    else places.set(name, [i])
  }
  const missing = genes.filter((name) => !places.has(name))
  if (missing.length > 0) {
    const some = missing.slice(0, 3).join(', ')
    throw new ScvaeError(
      'bad-input',
      `"${data.path}" lacks ${missing.length} of the model's ${genes.length} genes (${some}…).`,
    )
  }
  const ids = model.geneIds && geneIds(data)
  const taken = new Set<number>()
  return Int32Array.from(genes, (name, i) => {
    const found = places.get(name)!
    const [position, ...others] =
      found.length > 1 && ids ? found.filter((at) => ids[at] === model.geneIds![i]) : found
    // two genes of the model may have one name too
    if (position === undefined || others.length > 0 || taken.has(position)) throw severalOf(name, data)
    taken.add(position)
    return position
  })
}

const severalOf = (name: string, { path }: ModelData) =>
  new ScvaeError(
    'bad-input',
    `The model's gene "${name}" cannot be told from others of its name in "${path}".`,
    {
      hint: 'Give every gene a name of its own, as var_names_make_unique of anndata does.',
    },
  )
