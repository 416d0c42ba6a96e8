import type { AnnData } from '../../anndata/read.js'
import { FEWEST_OF_BATCH } from '../../cells/library-prior.js'
import { categoryCodes } from '../../cells/obs-values.js'
import { formatPlural } from '../../report/format.js'
import type { Log } from '../log.js'
import type { FitSettings } from './fit-settings.js'

/** Batches that a warning names. */
const MOST_NAMED = 5

/** Warns of batches of so few fitted cells that nothing can be told of the batch. */
export function warnOfSmallBatches(
  adata: AnnData,
  cells: Int32Array,
  { batchKey, model }: Pick<FitSettings, 'batchKey'> & { model: Pick<FitSettings['model'], 'library'> },
  log: Pick<Log, 'warn'>,
): void {
  if (batchKey === undefined) return
  const { codes, categories } = categoryCodes(adata, batchKey, cells)
  const sizes = new Int32Array(categories.length)
  for (const cell of cells) sizes[codes[cell]!]!++
  const small = categories.flatMap((name, i) =>
    sizes[i]! > 0 && sizes[i]! < FEWEST_OF_BATCH ? [{ name, size: sizes[i]! }] : [],
  )
  if (small.length === 0) return
  const named = small
    .slice(0, MOST_NAMED)
    .map(({ name, size }) => `"${name}" (${formatPlural(size, 'cell')})`)
    .join(', ')
  const more = small.length > MOST_NAMED ? ` and ${small.length - MOST_NAMED} more` : ''
  const prior = model.library === 'latent' ? '; the prior of their library sizes is that of all cells' : ''
  log.warn({
    what: `${formatPlural(small.length, 'batch', 'batches')} of "${batchKey}" with fewer than ${FEWEST_OF_BATCH} cells`,
    why: `${named}${more}; what such a batch does cannot be told from its cells${prior}`,
    measure: 'cells of the smallest batch',
    value: Math.min(...small.map(({ size }) => size)),
    threshold: FEWEST_OF_BATCH,
    advice: 'leave them out or merge them with others if that matters',
  })
}
