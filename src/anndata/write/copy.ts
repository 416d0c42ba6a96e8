import { chmodSync, copyFileSync, statSync } from 'node:fs'
import { ScvaeError } from '../../errors.js'
import { packageVersion } from '../../package.js'
import type { DictElement } from '../elements.js'
import { childGroup, loadLibrary, withH5File } from '../hdf5/hdf5.js'
import { Retypes } from '../hdf5/retype.js'
import { withAnnData } from '../mudata/modality.js'
import { checkOptionKeys } from '../option-keys.js'
import type { AnnData } from '../read.js'
import type { CountsFormat } from '../read-any.js'
import { readElement } from '../read-element.js'
import { ADDITION_KEYS, type Additions, additionPaths, addTo } from './additions.js'
import { writeBeside } from './beside.js'
import { keysOfFile, readFileKeys } from './file-keys.js'
import { type FileKeys, isOwnKey, RECORD } from './own-keys.js'
import { dictElement, type PlainValue } from './plain-values.js'
import type { WriteState } from './records.js'
import { type LeftOut, writeAnew, writeFileAnew } from './write-anew.js'

/** Options of {@link writeCopy}. */
export interface CopyOptions {
  overwrite?: boolean
  /** What `uns/scvae` says of the run, beside the keys that it wrote. */
  settings?: Readonly<Record<string, PlainValue>>
  /** Takes all outputs of earlier runs away, not only those of the same names. */
  renews?: boolean
  /** Leaves X, layers and raw away. */
  tables?: boolean
}

const OPTION_KEYS = ['overwrite', 'settings', 'renews', 'tables']

/**
 * Writes a copy of a file with additions: `.h5ad`, or `.h5mu` with the additions in the modality that was read. A copy of
 * an HDF5 file keeps all else byte for byte, unless outputs of earlier runs have to go: HDF5 as it is here cannot take anything
 * away, and the copy is written anew. `uns/scvae` lists the keys that were written.
 *
 * @param adata what was read of the file; counts of formats other than AnnData are taken from it
 * @param format of the file; undefined for what was joined of several
 * @param target the file to make, written beside and renamed
 * @returns one sentence for each thing that is not in the copy as it was
 * @throws ScvaeError `usage` for a key that the file has and no run of ours wrote, and when the target exists and `overwrite`
 * is not set; `bad-input` when an addition does not fit the file
 */
export async function writeCopy(
  adata: AnnData,
  format: CountsFormat | undefined,
  target: string,
  additions: Additions,
  options: CopyOptions = {},
): Promise<string[]> {
  const keys = await readFileKeys(adata, format)
  const { path: from, modality } = adata
  const source = { file: { path: from, ...(modality !== undefined && { modality }), format }, keys }
  return copyWith(source, target, additions, options, (path, leftOut) =>
    writeAnew(adata, format, path, leftOut),
  )
}

/** An AnnData file of which nothing need be in memory, or the modality of one. */
export interface AnnDataFile {
  path: string
  modality?: string
  format: 'h5ad' | 'zarr'
  /** What was said of it before. */
  warnings: string[]
}

/** {@link writeCopy} of a file that was not read. */
export async function writeFileCopy(
  file: AnnDataFile,
  target: string,
  additions: Additions,
  options: CopyOptions = {},
): Promise<string[]> {
  return copyWith({ file, keys: await keysOfFile(file) }, target, additions, options, (path, leftOut) =>
    writeFileAnew(file, path, leftOut),
  )
}

/** What a copy is made of: a file, or what was read of several or of another format. */
interface Source {
  file: { path: string; modality?: string; format: CountsFormat | undefined }
  keys: FileKeys
}

async function copyWith(
  { file: adata, keys }: Source,
  target: string,
  additions: Additions,
  options: CopyOptions,
  writeRest: (path: string, leftOut: LeftOut) => Promise<string[]>,
): Promise<string[]> {
  checkOptionKeys('writeCopy', additions, ADDITION_KEYS)
  checkOptionKeys('writeCopy', options, OPTION_KEYS)
  const { overwrite = false, settings = {}, renews = false, tables = false } = options
  const added = additionPaths(additions)
  refuseForeignKeys(added, keys, adata.path)
  const goes = new Set(
    [...keys.present].filter(
      (path) => isOwnKey(path, keys) && (renews || path === RECORD || added.includes(path)),
    ),
  )
  const record = renews ? newRecord(settings, added) : await nextRecord(adata, settings, added, keys)
  const asItIs = !tables && goes.size === 0 && keys.copies.size === 0 && (await canBeAddedTo(adata))
  return writeBeside(
    target,
    async (temporary) => {
      const changes = asItIs
        ? await copyFile(adata.path, temporary)
        : await writeRest(temporary, { goes, keys, tables })
      const state: WriteState = {
        module: await (await loadLibrary()).ready,
        retypes: new Retypes(),
        warnings: [],
      }
      await withH5File(temporary, 'a', async (file) => {
        const root = adata.modality === undefined ? file : childGroup(file, `mod/${adata.modality}`)!
        await addTo(root, additions, record, adata.path, state)
      })
      state.retypes.apply(temporary)
      return [...changes, ...state.warnings]
    },
    { overwrite },
  )
}

/** @throws ScvaeError (usage) for an addition that would replace what is not ours */
export function refuseForeignKeys(
  added: readonly string[],
  keys: FileKeys,
  file: string,
  hint = 'Give the output another name.',
): void {
  const foreign = added.find((path) => keys.present.has(path) && !isOwnKey(path, keys))
  if (foreign === undefined) return
  throw new ScvaeError('usage', `"${file}" has ${foreign} already, which no run of scvae has written.`, {
    hint,
  })
}

/** Whether HDF5 can add to a copy: AnnData before 0.7 wrote obs and var as one compound array each. */
async function canBeAddedTo({ path, modality, format }: Source['file']): Promise<boolean> {
  if (format !== 'h5ad') return false
  return withAnnData(path, modality, async ({ root }) => {
    const frames = [await root.child('obs'), await root.child('var')]
    return frames.every((frame) => frame?.kind === 'group')
  })
}

async function copyFile(source: string, target: string): Promise<string[]> {
  await withH5File(source, 'r', () => copyFileSync(source, target))
  // a copy takes the mode of its source, which may be read-only
  chmodSync(target, statSync(source).mode | 0o200)
  return []
}

function newRecord(settings: CopyOptions['settings'] & object, keys: readonly string[]): DictElement {
  return dictElement({ version: packageVersion(), ...settings, keys: [...keys] }, RECORD)
}

/** The record of earlier runs with what this one adds. */
async function nextRecord(
  { path, modality, format }: Source['file'],
  settings: CopyOptions['settings'] & object,
  added: readonly string[],
  { present, listed }: FileKeys,
): Promise<DictElement> {
  const before = [...listed].filter((key) => present.has(key))
  const record = newRecord(settings, [...new Set([...before, ...added])])
  if (!present.has(RECORD) || (format !== 'h5ad' && format !== 'zarr')) return record
  return withAnnData(path, modality, async (store) => {
    const node = await store.root.child(RECORD)
    const old = node && (await readElement(node, { store, warnings: [], elements: 0 }))
    if (old?.kind !== 'dict') return record
    return { kind: 'dict', entries: new Map([...old.entries, ...record.entries]) }
  })
}
