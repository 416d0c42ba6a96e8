import { ScvaeError } from '../errors.js'
import { isLoom, readLoom } from './loom/loom.js'
import { checkOptionKeys } from './option-keys.js'
import { type AnnData, type CountsChooser, type GeneChooser, readAnnData, readCountsOf } from './read.js'
import { withStore } from './store/open-store.js'
import { readMtxFolder } from './tenx/mtx.js'
import { isMtx } from './tenx/mtx-folder.js'
import { readTenX, tenXGroups } from './tenx/tenx.js'
import { isZarr } from './zarr/store.js'

/** A file format that counts come in. */
export type CountsFormat = 'h5ad' | 'zarr' | '10x-h5' | 'mtx' | 'loom'

/** Options of {@link readCounts}; which of them a file takes is a matter of its format. */
export interface CountsOptions {
  /** AnnData and loom: counts from `layers/<name>`. */
  layer?: string
  /** AnnData: counts from `raw/X`, with raw's genes. */
  useRaw?: boolean
  /** AnnData: NaN stands for a count that is missing. */
  missing?: 'nan'
  /** AnnData: the layer that is 1 where a count was observed and 0 where it is missing. */
  maskLayer?: string
  /** AnnData and loom: only these obs columns. */
  obs?: string[]
  /** AnnData: only the genes that it takes, see {@link ReadOptions.genes}. */
  genes?: GeneChooser
  /** 10x HDF5: the genome to read. */
  genome?: string
  /** MuData: the modality; `rna` when left out, else the only one that holds counts. */
  modality?: string
  /** 10x HDF5 and mtx, and AnnData whose var tells: features of this type; `Gene Expression` when left out. */
  featureType?: string
  /** mtx: whether rows are cells (true) or genes (false), where names do not tell. */
  transpose?: boolean
  /** mtx: a file that names the genes, instead of the one beside the matrix. */
  features?: string
  /** mtx: a file that names the cells, instead of the one beside the matrix. */
  barcodes?: string
}

interface Format {
  /** What a file of the format is, for a sentence. */
  what: string
  options: readonly (keyof CountsOptions)[]
  read(path: string, options: CountsOptions): Promise<AnnData>
}

const ANNDATA_OPTIONS = [
  ...['layer', 'useRaw', 'featureType', 'modality', 'missing', 'maskLayer', 'obs', 'genes'],
] as const

const FORMATS: Readonly<Record<CountsFormat, Format>> = {
  h5ad: { what: 'an AnnData file', options: ANNDATA_OPTIONS, read: readAnnData },
  zarr: { what: 'an AnnData store', options: ANNDATA_OPTIONS, read: readAnnData },
  '10x-h5': {
    what: 'a 10x matrix',
    options: ['genome', 'featureType'],
    read: (path, options) => withStore(path, (store) => readTenX(store, options)),
  },
  mtx: {
    what: 'a 10x matrix in text form',
    options: ['featureType', 'transpose', 'features', 'barcodes'],
    read: readMtxFolder,
  },
  loom: {
    what: 'a loom file',
    options: ['layer', 'obs'],
    read: (path, options) => withStore(path, (store) => readLoom(store, options)),
  },
}

/** Whether an option says which counts to read; every command that reads them has these. */
const choosesCounts = (key: keyof CountsOptions) => !['missing', 'maskLayer', 'genes'].includes(key)

/** How the command line spells the options that it has. */
const FLAGS: Readonly<Record<keyof CountsOptions, string>> = {
  layer: '--layer',
  useRaw: '--use-raw',
  missing: '--missing',
  maskLayer: '--mask-layer',
  obs: 'obs',
  genes: 'genes',
  genome: '--genome',
  modality: '--modality',
  featureType: '--feature-type',
  transpose: '--transpose',
  features: '--features',
  barcodes: '--barcodes',
}

/** Whether an option was given; where rows are told to be genes, `false` says so. */
function isGiven(key: keyof CountsOptions, options: CountsOptions): boolean {
  return options[key] !== undefined && (options[key] !== false || key === 'transpose')
}

/** Whether any option was given. */
export function choosesAnything(options: CountsOptions): boolean {
  return (Object.keys(options) as (keyof CountsOptions)[]).some((key) => isGiven(key, options))
}

/**
 * The format of a file or folder, by what is in it. What is of no known format counts as `h5ad`, whose reader says what
 * it is instead.
 *
 * @throws ScvaeError `bad-input` when it is missing or cannot be opened
 */
export async function detectFormat(path: string): Promise<CountsFormat> {
  if (isZarr(path)) return 'zarr'
  if (isMtx(path)) return 'mtx'
  return withStore(path, async ({ root }) => {
    const keys = await root.keys()
    if (keys.includes('obs') && keys.includes('var')) return 'h5ad'
    if (await isLoom(root)) return 'loom'
    return (await tenXGroups(root)).length > 0 ? '10x-h5' : 'h5ad'
  })
}

/**
 * Reads the counts of a file of any format that scvae knows: AnnData (`.h5ad`, zarr as a folder or zip), 10x (HDF5 of any
 * CellRanger, mtx folders and files), loom. Everything is as {@link readAnnData} gives it.
 *
 * @throws ScvaeError `bad-input` as the reader of the format does; `usage` for an unknown option, and one that the file's
 * format does not have
 */
export async function readCounts(path: string, options: CountsOptions = {}): Promise<AnnData> {
  checkOptionKeys('readCounts', options, Object.keys(FLAGS))
  return readAs(path, await detectFormat(path), options)
}

/**
 * The same where the format is known; see {@link detectFormat}.
 *
 * @param countsOf of AnnData, reads only the counts of genes that it takes; see {@link readCountsOf}
 */
export async function readAs(
  path: string,
  format: CountsFormat,
  options: CountsOptions,
  countsOf?: CountsChooser,
): Promise<AnnData> {
  const given = optionsFor(path, format, options)
  if (countsOf && (format === 'h5ad' || format === 'zarr')) return readCountsOf(path, given, countsOf)
  return FORMATS[format].read(path, given)
}

/**
 * The options that were given.
 *
 * @throws ScvaeError `usage` for one that does not apply to the format
 */
export function optionsFor(path: string, format: CountsFormat, options: CountsOptions): CountsOptions {
  const { what, options: known } = FORMATS[format]
  const given = (Object.keys(options) as (keyof CountsOptions)[]).filter((key) => isGiven(key, options))
  const foreign = given.find((key) => !known.includes(key))
  if (foreign !== undefined) {
    throw new ScvaeError('usage', `"${path}" is ${what}, to which ${FLAGS[foreign]} does not apply.`, {
      hint: `What applies: ${known
        .filter(choosesCounts)
        .map((key) => FLAGS[key])
        .join(', ')}.`,
    })
  }
  return Object.fromEntries(given.map((key) => [key, options[key]]))
}
