import { ScvaeError } from '../../errors.js'
import { checkOptionKeys } from '../option-keys.js'
import type { AnnData } from '../read.js'
import { guessCounts, type SourceSummary, summarizeSource } from '../source-summary.js'
import { withStore } from '../store/open-store.js'
import type { Store } from '../store/store.js'
import { isMtx } from '../tenx/mtx-folder.js'
import { listSources, sourceFlag } from './count-sources.js'
import type { LocatedValue, StoredValues } from './stored-values.js'

/** Log-transformed values of normalized counts stay below this: log(1 + 10^4) is 9.2, log2(1 + 10^6) is 19.9. */
const LARGEST_LOG_VALUE = 20

/**
 * Refuses values that are no counts. Every stored value was looked at when the file was read, at the file's precision;
 * here the first offending one is named, and the matrix of the same file to use instead, if one holds counts.
 *
 * @param options.allowNoninteger takes values that are no integers (SMART-seq, corrected counts); never negative ones or NaN
 * @throws ScvaeError `bad-input` with cell, gene and value
 */
export async function checkCounts(
  adata: AnnData,
  options: { allowNoninteger?: boolean } = {},
): Promise<void> {
  checkOptionKeys('checkCounts', options, ['allowNoninteger'])
  const offence = firstOffence(adata.values, options.allowNoninteger ?? false)
  if (!offence) return
  const { cell, gene, value } = offence.at
  const where = `cell "${adata.obsNames[cell]}" and gene "${adata.varNames[gene]}"`
  const what = `"${adata.path}": ${adata.countsSource} holds no counts: the value of ${where} is ${shown(value)}`
  throw new ScvaeError('bad-input', `${what}, ${offence.reason}.`, { hint: await remedy(adata, offence) })
}

interface Offence {
  at: LocatedValue
  reason: string
  /** Whether `--allow-noninteger` would let it pass. */
  onlyNoninteger: boolean
}

function firstOffence(values: StoredValues, allowNoninteger: boolean): Offence | undefined {
  const { nonFinite, negative, nonInteger } = values
  if (nonFinite) return { at: nonFinite, reason: 'not a finite number', onlyNoninteger: false }
  if (negative) return { at: negative, reason: 'below zero', onlyNoninteger: false }
  if (!nonInteger || allowNoninteger) return undefined
  const log =
    values.max < LARGEST_LOG_VALUE
      ? `, and all values are below ${LARGEST_LOG_VALUE}: they look log-transformed`
      : ''
  return { at: nonInteger, reason: `not an integer${log}`, onlyNoninteger: true }
}

/** What to do: the other matrix of the file that holds counts, or where to get them. */
async function remedy(adata: AnnData, offence: Offence): Promise<string> {
  // a matrix in text form is alone in its folder
  const { other, isAnnData } = isMtx(adata.path)
    ? { other: undefined, isAnnData: false }
    : await withStore(adata.path, async (store) => ({
        other: await otherCounts(store, adata),
        isAnnData: (await store.root.child('obs')) !== undefined,
      }))
  const advice = Number.isNaN(offence.at.value) && isAnnData ? MISSING_ADVICE : ''
  if (other) {
    return other.name === 'X'
      ? `X holds counts: leave out --layer and --use-raw.${advice}`
      : `${other.name} holds counts: use ${sourceFlag(other.name)}.${advice}`
  }
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
  const short = Number(value.toPrecision(4))
  return String(Number.isInteger(short) && !Number.isInteger(value) ? value : short)
}
