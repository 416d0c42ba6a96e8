import { ScvaeError } from '../../errors.js'
import { withAnnData } from '../mudata/modality.js'
import { checkOptionKeys } from '../option-keys.js'
import type { AnnData } from '../read.js'
import { guessCounts, type SourceSummary, summarizeSource } from '../source-summary.js'
import type { Store } from '../store/store.js'
import { isMtx } from '../tenx/mtx-folder.js'
import { listSources, sourceFlag } from './count-sources.js'
import { roundedCounts } from './round-counts.js'
import type { LocatedValue, StoredValues } from './stored-values.js'

/** Log-transformed values of normalized counts stay below this: log(1 + 10^4) is 9.2, log2(1 + 10^6) is 19.9. */
const LARGEST_LOG_VALUE = 20

/**
 * Refuses values that are no counts. Every stored value was looked at when the file was read, at the file's precision;
 * here the first offending one is named, and the matrix of the same file to use instead, if one holds counts.
 *
 * @param options.allowNoninteger takes values that are no integers (SMART-seq, corrected counts); never negative ones or NaN
 * Values that are off an integer by what float arithmetic leaves (1e-6 of their size) are rounded in `adata.counts`.
 *
 * @returns one sentence when values were rounded
 * @throws ScvaeError `bad-input` with cell, gene and value
 */
export async function checkCounts(
  adata: AnnData,
  options: { allowNoninteger?: boolean } = {},
): Promise<string[]> {
  checkOptionKeys('checkCounts', options, ['allowNoninteger'])
  const { allowNoninteger = false } = options
  checkSize(adata)
  const offence = firstOffence(adata.values, allowNoninteger)
  if (!offence) return allowNoninteger ? [] : roundCounts(adata)
  const { value } = offence.at
  const what = `"${adata.path}": ${adata.countsSource} holds no counts: the value of ${placeOf(adata, offence.at)} is ${shown(value)}`
  throw new ScvaeError('bad-input', `${what}, ${offence.reason}.`, { hint: await remedy(adata, offence) })
}

/** @throws ScvaeError (bad-input) for a file without cells or genes */
function checkSize({ path, nCells, nGenes }: AnnData): void {
  if (nCells > 0 && nGenes > 0) return
  throw new ScvaeError(
    'bad-input',
    `"${path}" has no ${nCells === 0 ? 'cells' : 'genes'}: it is ${nCells} × ${nGenes}.`,
    {
      hint: 'Look at the step that wrote it: its filter may have left nothing.',
    },
  )
}

/** Makes integers of values that are off by what arithmetic in floats leaves; a sentence where there are any. */
function roundCounts(adata: AnnData): string[] {
  const { nearInteger } = adata.values
  if (!nearInteger) return []
  adata.counts = roundedCounts(adata.counts)
  return [
    `Some counts in ${adata.countsSource} are off an integer by what float arithmetic leaves, and are rounded: the value of ${placeOf(adata, nearInteger)} was ${nearInteger.value}.`,
  ]
}

function placeOf({ obsNames, varNames }: AnnData, { cell, gene }: LocatedValue): string {
  return `cell "${obsNames[cell]}" and gene "${varNames[gene]}"`
}

interface Offence {
  at: LocatedValue
  reason: string
  /** Whether `--allow-noninteger` would let it pass. */
  onlyNoninteger: boolean
}

function firstOffence(values: StoredValues, allowNoninteger: boolean): Offence | undefined {
  const { nonFinite, negative, nonInteger, tooLarge } = values
  if (nonFinite) return { at: nonFinite, reason: 'not a finite number', onlyNoninteger: false }
  if (negative) return { at: negative, reason: 'below zero', onlyNoninteger: false }
  if (tooLarge) return { at: tooLarge, reason: TOO_LARGE, onlyNoninteger: false }
  if (!nonInteger || allowNoninteger) return undefined
  const log =
    values.max < LARGEST_LOG_VALUE
      ? `, and all values are below ${LARGEST_LOG_VALUE}: they look log-transformed`
      : ''
  return { at: nonInteger, reason: `not an integer${log}`, onlyNoninteger: true }
}

const TOO_LARGE =
  'more than the 16,777,216 (2^24) up to which a float32 holds every integer, and more molecules of one gene than a cell can give'

/** How a file is made that lacks the gene of a value. */
function withoutGene({ path, varNames }: AnnData, { gene }: LocatedValue): string {
  const python = `import anndata as ad; a = ad.read_h5ad('${path}'); a[:, a.var_names != '${varNames[gene]}'].write_h5ad('mended.h5ad')`
  return `Mend that value, or leave the gene out${path.endsWith('.h5ad') ? `: python -c "${python}"` : ''}.`
}

/** What to do: the other matrix of the file that holds counts, or where to get them. */
async function remedy(adata: AnnData, offence: Offence): Promise<string> {
  // a matrix in text form is alone in its folder
  const { other, isAnnData } = isMtx(adata.path)
    ? { other: undefined, isAnnData: false }
    : await withAnnData(adata.path, adata.modality, async (store) => ({
        other: await otherCounts(store, adata),
        isAnnData: (await store.root.child('obs')) !== undefined,
      }))
  const advice = Number.isNaN(offence.at.value) && isAnnData ? MISSING_ADVICE : ''
  if (other) {
    return other.name === 'X'
      ? `X holds counts: leave out --layer and --use-raw.${advice}`
      : `${other.name} holds counts: use ${sourceFlag(other.name)}.${advice}`
  }
  if (offence.reason === TOO_LARGE) return withoutGene(adata, offence.at)
  const none = 'No other matrix of this file holds counts: scvae needs raw counts'
  return offence.onlyNoninteger
    ? `${none}; --allow-noninteger takes estimated counts, as SMART-seq gives them.`
    : `${none}.${advice}`
}

const MISSING_ADVICE = ' Where NaN stands for counts that were not measured, --missing nan leaves them out.'

/** Another matrix of the same file that holds counts. */
async function otherCounts(
  store: Store,
  { countsSource, maskSource }: AnnData,
): Promise<SourceSummary | undefined> {
  const others: SourceSummary[] = []
  for (const name of await listSources(store.root)) {
    if (name !== countsSource && name !== maskSource) others.push(await summarizeSource(store, name))
  }
  return guessCounts(others)
}

/** A value in few digits, but never so few that it looks like an integer. */
function shown(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const short = Number(value.toPrecision(4))
  return String(Number.isInteger(short) ? value : short)
}
