import { existsSync, realpathSync } from 'node:fs'
import { ScvaeError } from '../errors.js'
import { CountMatrix } from './counts/counts.js'
import { readCountsArrow, writeCountsArrow } from './counts/counts-arrow.js'
import { toCsr } from './counts/csr-arrays.js'
import { GENES_KEY, withGeneGroups } from './counts/gene-groups.js'
import type { AnnDataElements } from './elements.js'
import { oneChunk } from './frame/one-chunk.js'
import { withAnnData } from './mudata/modality.js'
import { checkOptionKeys } from './option-keys.js'
import type { AnnData } from './read.js'
import { type CountsFormat, type CountsOptions, choosesAnything, detectFormat, readAs } from './read-any.js'
import { readElements } from './read-elements.js'
import { writeMtxFolder } from './tenx/mtx-write.js'
import { writeTenX } from './tenx/write.js'
import { writeAnnData } from './write/anndata.js'
import { writeElements } from './write/elements.js'
import { writeZarr } from './zarr/write.js'

/** What a file can be converted to. */
export type OutputFormat = 'h5ad' | 'zarr' | 'arrow' | '10x-h5' | 'mtx'

/** What {@link convertFile} did. */
export interface Conversion {
  from: CountsFormat | 'arrow'
  to: OutputFormat
  nCells: number
  nGenes: number
  /** One sentence for each thing that was left out or is not as it was. */
  warnings: string[]
}

/** Options of {@link convertFile}: which counts to take, and whether the output may exist. */
export interface ConvertOptions extends Omit<CountsOptions, 'missing' | 'maskLayer'> {
  overwrite?: boolean
}

const CONVERT_OPTIONS: readonly (keyof ConvertOptions)[] = [
  ...(['layer', 'useRaw', 'obs', 'genome', 'featureType', 'modality'] as const),
  ...(['transpose', 'features', 'barcodes'] as const),
]

/** Counts and tables of a file, written in a format; gives a sentence for each thing that was left out. */
type CountsWriter = (path: string, adata: AnnData, options: { overwrite?: boolean }) => Promise<string[]>

const WRITERS: Readonly<Record<OutputFormat, CountsWriter>> = {
  async h5ad(path, { counts, obs, obsNames, var: variables, varNames }, options) {
    await writeAnnData(path, { counts, obs, obsNames, var: variables, varNames }, options)
    return []
  },
  async zarr(path, adata, options) {
    await writeZarr(path, elementsOf(adata), options)
    return []
  },
  arrow: writeCountsArrow,
  async '10x-h5'(path, adata, options) {
    await writeTenX(path, adata, options)
    return withoutColumns(adata)
  },
  async mtx(path, adata, options) {
    await writeMtxFolder(path, adata, options)
    return withoutColumns(adata)
  },
}

function withoutColumns({ obs }: AnnData): string[] {
  const columns = obs.schema.fields.map(({ name }) => name)
  return columns.length > 0 ? [`The obs columns are left out: ${columns.join(', ')}.`] : []
}

/**
 * The format that a name asks for by its ending: `.h5ad`, `.zarr`, `.zarr.zip`, `.arrow`, `.h5` (10x), or `/` for a 10x folder.
 *
 * @throws ScvaeError `usage` for any other name
 */
export function outputFormat(path: string): OutputFormat {
  const ending = /\.(h5ad|zarr|arrow|h5)(?:\/|(?<=\.zarr)\.zip)?$/.exec(path)?.[1]
  if (ending === 'h5') return '10x-h5'
  if (ending !== undefined) return ending as OutputFormat
  if (path.endsWith('/')) return 'mtx'
  throw new ScvaeError('usage', `"${path}" does not say what to convert to.`, {
    hint: 'Let it end in .h5ad, .zarr, .zarr.zip, .arrow or .h5 (10x), or in / for a 10x folder (matrix.mtx.gz).',
  })
}

/**
 * Converts a file. Between `.h5ad` and zarr everything is kept; where one matrix is chosen, or the other format has only
 * counts, the counts (as float32), obs and var go over.
 *
 * @param input a file of any format that `readCounts` takes, or an `.arrow` file of this function
 * @param output the file or folder to make, whose ending says which format; written beside and renamed
 * @throws ScvaeError as the readers and writers of the formats do; `usage` when the output exists and `overwrite` is not
 * set, or is the input
 */
export async function convertFile(
  input: string,
  output: string,
  options: ConvertOptions = {},
): Promise<Conversion> {
  checkOptionKeys('convertFile', options, ['overwrite', ...CONVERT_OPTIONS])
  const { overwrite = false, ...selection } = options
  const to = outputFormat(output)
  if (existsSync(output)) {
    if (existsSync(input) && realpathSync(input) === realpathSync(output)) {
      throw new ScvaeError('usage', `"${output}" is the input itself.`, {
        hint: 'Choose another output name.',
      })
    }
    if (!overwrite) {
      throw new ScvaeError('usage', `"${output}" exists already.`, {
        hint: 'Use --overwrite to replace it, or another output name.',
      })
    }
  }
  const from = isArrow(input) ? 'arrow' : await detectFormat(input)
  const { modality, ...matrix } = selection
  const selected = choosesAnything(matrix)
  const isAnnData = from === 'h5ad' || from === 'zarr'
  if (isAnnData && (to === 'h5ad' || to === 'zarr') && !selected) {
    const elements = await withAnnData(input, modality, async (store) => {
      const read = await readElements(store)
      if (store.modality) read.warnings.push(`Only the modality "${store.modality.name}" is written.`)
      return read
    })
    const { nCells, nGenes, warnings } = elements
    const write = to === 'h5ad' ? writeElements : writeZarr
    const changes = await write(output, withoutReport(elements), { overwrite })
    return { from, to, nCells, nGenes, warnings: [...warnings, ...(changes ?? [])] }
  }
  const adata =
    from === 'arrow'
      ? await readArrow(input, choosesAnything(selection))
      : await readAs(input, from, selection)
  const warnings = [...adata.warnings]
  if (isAnnData) {
    warnings.push(`Only ${adata.countsSource} and the data frames that go with it are written, nothing else.`)
  }
  if (adata.counts.absent && to !== 'h5ad' && to !== 'zarr') {
    warnings.push(`Genes that some cells lack, as obs/${GENES_KEY} tells, are zeros in it.`)
  }
  warnings.push(...(await WRITERS[to](output.replace(/\/+$/, ''), adata, { overwrite })))
  return { from, to, nCells: adata.nCells, nGenes: adata.nGenes, warnings }
}

function isArrow(path: string): boolean {
  return /\.arrow$/.test(path)
}

function readArrow(path: string, selected: boolean): Promise<AnnData> {
  if (!selected) return readCountsArrow(path)
  throw new ScvaeError('usage', `"${path}" is an .arrow file, which holds one matrix; none can be chosen.`, {
    hint: 'Leave out the options that choose counts.',
  })
}

function withoutReport(elements: AnnDataElements): Omit<AnnDataElements, 'path' | 'warnings'> {
  const { path: _path, warnings: _warnings, ...rest } = elements
  return rest
}

/** Counts and tables as elements. */
function elementsOf(adata: AnnData): Omit<AnnDataElements, 'path' | 'warnings'> {
  const { nCells, nGenes, counts, obsNames, var: variables, varNames } = adata
  const { obs, varm } = withGeneGroups(oneChunk(adata.obs), counts)
  const { shape, indptr, indices, data } = toCsr(new CountMatrix(nGenes, counts.blocks, counts.missing))
  return {
    nCells,
    nGenes,
    x: {
      kind: 'sparse',
      format: 'csr',
      dtype: 'float32',
      shape,
      pointers: indptr,
      indices,
      values: data,
    },
    obs: { kind: 'frame', names: obsNames, table: obs },
    var: { kind: 'frame', names: varNames, table: oneChunk(variables) },
    layers: new Map(),
    obsm: new Map(),
    varm: new Map(
      Object.entries(varm).map(([name, table]) => [name, { kind: 'frame', names: varNames, table }]),
    ),
    obsp: new Map(),
    varp: new Map(),
    uns: { kind: 'dict', entries: new Map() },
  }
}
