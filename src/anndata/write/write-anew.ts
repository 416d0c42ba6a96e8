import type { AnnDataElements, DictElement, Element, FrameElement } from '../elements.js'
import { arrowTable } from '../frame/arrow-table.js'
import { oneChunk } from '../frame/one-chunk.js'
import { type MuDataElements, readMuData, writeMuData } from '../mudata/elements.js'
import type { AnnData } from '../read.js'
import type { CountsFormat } from '../read-any.js'
import { readElements } from '../read-elements.js'
import { withStore } from '../store/open-store.js'
import { writeAnnData } from './anndata.js'
import { writeElements } from './elements.js'
import type { FileKeys } from './own-keys.js'

/** What of a file is not written anew. */
export interface LeftOut {
  /** Paths of outputs of earlier runs. */
  goes: ReadonlySet<string>
  keys: FileKeys
  /** Whether X, layers and raw are left out. */
  tables: boolean
}

/**
 * Writes a new `.h5ad` or `.h5mu` file with what a file of any form holds, less what is left out.
 *
 * @param path the file to make; it must not exist
 * @returns one sentence for each thing that is not in it as it was
 */
export async function writeAnew(
  adata: AnnData,
  format: CountsFormat | undefined,
  path: string,
  leftOut: LeftOut,
): Promise<string[]> {
  const isFile = format === 'h5ad' || format === 'zarr'
  return isFile ? writeFileAnew(adata, path, leftOut) : writeRead(adata, path, leftOut)
}

/** {@link writeAnew} of an AnnData file, of which nothing need be in memory. */
export async function writeFileAnew(
  adata: Pick<AnnData, 'path' | 'modality' | 'warnings'>,
  path: string,
  leftOut: LeftOut,
): Promise<string[]> {
  const parts = { matrices: !leftOut.tables }
  const { modality } = adata
  const isNew = (warning: string) => !adata.warnings.includes(warning)
  if (modality === undefined) {
    const { warnings, ...elements } = await withStore(adata.path, (store) => readElements(store, parts))
    const changes = await writeElements(path, without(elements, leftOut.goes))
    return [...warnings.filter(isNew), ...changes]
  }
  const mudata = await withStore(adata.path, (store) => readMuData(store, parts))
  const changes = await writeMuData(path, withoutOutputs(mudata, modality, leftOut))
  return [...mudata.warnings.filter(isNew), ...changes]
}

/** What was read of a 10x or loom file, or of several. */
async function writeRead(adata: AnnData, path: string, { goes, tables }: LeftOut): Promise<string[]> {
  const { counts, obsNames, varNames, nCells, nGenes } = adata
  const obs = frameWithout({ kind: 'frame', names: obsNames, table: oneChunk(adata.obs) }, 'obs', goes)
  const variables = frameWithout({ kind: 'frame', names: varNames, table: oneChunk(adata.var) }, 'var', goes)
  if (!tables) {
    await writeAnnData(path, { counts, obs: obs.table, obsNames, var: variables.table, varNames })
    return []
  }
  const none = () => new Map<string, Element>()
  return writeElements(path, {
    ...{ nCells, nGenes, obs, var: variables },
    ...{ layers: none(), obsm: none(), varm: none(), obsp: none(), varp: none() },
    uns: { kind: 'dict', entries: none() },
  })
}

function without<T extends Omit<AnnDataElements, 'path' | 'warnings'>>(
  elements: T,
  goes: ReadonlySet<string>,
): T {
  const mapping = (name: 'obsm' | 'varm' | 'obsp' | 'varp' | 'layers') =>
    new Map([...elements[name]].filter(([key]) => !goes.has(`${name}/${key}`)))
  const uns: DictElement = {
    kind: 'dict',
    entries: new Map([...elements.uns.entries].filter(([key]) => !goes.has(`uns/${key}`))),
  }
  return {
    ...elements,
    obs: frameWithout(elements.obs, 'obs', goes),
    var: frameWithout(elements.var, 'var', goes),
    ...{ obsm: mapping('obsm'), varm: mapping('varm'), obsp: mapping('obsp'), varp: mapping('varp') },
    layers: mapping('layers'),
    uns,
  }
}

function frameWithout(frame: FrameElement, name: 'obs' | 'var', goes: ReadonlySet<string>): FrameElement {
  const columns = frame.table.schema.fields.map((field) => field.name)
  const kept = columns.filter((column) => !goes.has(`${name}/${column}`))
  return kept.length === columns.length ? frame : { ...frame, table: tableOf(frame, kept) }
}

/** A table of some columns; of none of them it still has its rows. */
function tableOf({ table, names }: FrameElement, columns: readonly string[]): FrameElement['table'] {
  return arrowTable(
    columns.map((column) => [column, table.getChild(column)!.data[0]!] as const),
    names.length,
  )
}

function withoutOutputs(mudata: MuDataElements, modality: string, { goes, keys }: LeftOut): MuDataElements {
  const shared = new Map(mudata.shared)
  for (const name of ['obs', 'var'] as const) {
    const frame = shared.get(name)
    // copies of outputs would tell of the earlier run
    if (frame?.kind === 'frame') shared.set(name, frameWithout(frame, name, keys.copies))
  }
  const modalities = new Map(mudata.modalities)
  modalities.set(modality, without(modalities.get(modality)!, goes))
  return { ...mudata, shared, modalities }
}
