import { nearestList } from '../anndata/frame/nearest.js'
import { ScvaeError } from '../errors.js'
import type { ModelDescription } from '../files/model-description.js'
import type { SeededOptions } from './options.js'

/** How draws of cells are made. */
export interface DrawOptions extends SeededOptions {
  /** Draws from each cell's posterior; 0 for its mean alone. */
  nSamples?: number
}

/** Options of `getNormalizedExpression`. */
export interface ExpressionOptions extends DrawOptions {
  /** Genes of the model, by name, id or symbol, in the order of the answer; all when left out. */
  genes?: readonly string[]
  /** The batch that cells are decoded in; several, or `all`, to average over; each cell's own when left out. */
  transformBatch?: string | readonly string[]
  /**
   * What the shares of the genes, which add up to 1, are multiplied by: a number (1 when left out), the cell's own size
   * (`observed`), the median of these (`median`), or the size that the model draws (`latent`).
   */
  librarySize?: number | 'observed' | 'median' | 'latent'
}

/** More draws of a cell than this tell nothing more. */
const MOST_DRAWS = 1_000_000

/** @throws ScvaeError (usage) for a number of draws that is no whole number, or beyond all measure. */
export function checkDraws(nSamples: number, least: number): number {
  if (nSamples > MOST_DRAWS)
    throw new ScvaeError('usage', `nSamples must be at most ${MOST_DRAWS}, not ${nSamples}.`)
  if (Number.isInteger(nSamples) && nSamples >= least) return nSamples
  throw new ScvaeError('usage', `nSamples must be a whole number of at least ${least}, not ${nSamples}.`)
}

/**
 * Positions of genes of a model.
 *
 * @throws ScvaeError (bad-input) for one that it does not have; (usage) for none.
 */
export function modelGenes(
  { genes, geneIds, geneSymbols }: ModelDescription,
  asked: readonly string[] | undefined,
): Int32Array | undefined {
  if (asked === undefined) return undefined
  if (asked.length === 0) throw new ScvaeError('usage', 'No gene was asked for.')
  const places = new Map<string, number>()
  for (const labels of [genes, geneIds ?? [], geneSymbols ?? []])
    for (const [gene, label] of labels.entries()) if (!places.has(label)) places.set(label, gene)
  return Int32Array.from(asked, (label) => {
    const gene = places.get(label)
    if (gene !== undefined) return gene
    throw new ScvaeError('bad-input', `The model has no gene "${label}".`, {
      hint: `Its genes, nearest first: ${nearestList(label, genes, 6)}.`,
    })
  })
}

/**
 * Codes of the batches that cells are decoded in; undefined for each cell's own.
 *
 * @throws ScvaeError (bad-input) for one that the model does not know; (usage) for none.
 */
export function modelBatches(
  { categorical }: ModelDescription,
  asked: string | readonly string[] | undefined,
): readonly (number | undefined)[] {
  if (asked === undefined) return [undefined]
  const { key, categories } = categorical[0]!
  if (asked === 'all') return categories.map((_, code) => code)
  const names = typeof asked === 'string' ? [asked] : asked
  if (names.length === 0) throw new ScvaeError('usage', 'No batch was asked for.')
  return names.map((name) => {
    const code = categories.indexOf(name)
    if (code >= 0) return code
    throw new ScvaeError('bad-input', `The model has no batch "${name}".`, {
      hint:
        key === null
          ? 'It was made without batches.'
          : `Its batches ("${key}"), nearest first: ${nearestList(name, categories)}.`,
    })
  })
}
