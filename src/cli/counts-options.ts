import type { CountsOptions } from '../anndata/read-any.js'
import { ScvaeError } from '../errors.js'
import type { Arguments } from './arguments.js'
import { flag, grouped, text } from './option-specs.js'

/** Which of a file's genes are read, where a file says of what kind they are. */
const KIND_OPTIONS = grouped('Data:', {
  genome: text('Genome to take from a 10x .h5 file of several'),
  'feature-type': text('Features to take, where there are several types; "Gene Expression" without it'),
  modality: text('Modality to take from a MuData file; "rna" without it, or the only one with counts'),
})

/** How a matrix in text form is turned, and what names its genes and cells. */
const MTX_OPTIONS = grouped('Data:', {
  transpose: flag('mtx: rows are cells, where its names do not tell'),
  'no-transpose': flag('mtx: rows are genes, where its names do not tell'),
  features: text('mtx: file that names the genes, instead of the one beside it'),
  barcodes: text('mtx: file that names the cells, instead of the one beside it'),
})

/** What of a file without layers is read. */
export const PLAIN_OPTIONS = grouped('Data:', { ...KIND_OPTIONS, ...MTX_OPTIONS })

/** Which matrix of a file is read. */
export const MATRIX_OPTIONS = grouped('Data:', {
  layer: text('Layer that holds the counts; X without it'),
  'use-raw': flag('Take the counts from raw/X'),
  ...PLAIN_OPTIONS,
})

/** How counts are read, by the commands that use a model: which matrix, and what of it is missing. */
export const COUNTS_OPTIONS = grouped('Data:', {
  ...MATRIX_OPTIONS,
  missing: text('nan: NaN stands for a count that is missing, and is left out; without it, NaN is refused'),
  'mask-layer': text('Layer that is 1 where a count was observed, and 0 where it is missing and left out'),
})

/** What was given of these options; a command without one of them has it never given. */
export function countsOptions(args: Arguments): CountsOptions {
  const given = {
    layer: args.text('layer'),
    useRaw: args.flag('use-raw') || undefined,
    genome: args.text('genome'),
    featureType: args.text('feature-type'),
    modality: args.text('modality'),
    missing: args.choice('missing', ['nan']),
    maskLayer: args.text('mask-layer'),
    transpose: transposeOf(args),
    features: args.text('features'),
    barcodes: args.text('barcodes'),
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** Whether rows of a matrix in text form are cells, as far as it was told. */
function transposeOf(args: Arguments): boolean | undefined {
  const [cells, genes] = [args.flag('transpose'), args.flag('no-transpose')]
  if (cells && genes) throw new ScvaeError('usage', '--transpose and --no-transpose exclude each other.')
  return cells || genes ? cells : undefined
}
