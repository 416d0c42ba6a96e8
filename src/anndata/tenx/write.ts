import type { CountBlock } from '../counts/counts.js'
import { type Group, withH5File } from '../hdf5/hdf5.js'
import type { AnnData } from '../read.js'
import { writeBeside } from '../write/beside.js'
import { writeChunks } from '../write/parts.js'
import { featureRows } from './feature-rows.js'

/**
 * Writes counts as CellRanger 3 does in HDF5: a group `matrix` with barcodes, features and the entries of genes × cells by
 * columns. Ids, types and genomes of genes come from the var columns `gene_ids`, `feature_types` and `genome`, where there
 * are such. Whole numbers are int32, others float32.
 *
 * @param path the `.h5` file to make, written beside and renamed
 * @throws ScvaeError `usage` when the file exists and `overwrite` is not set
 */
export async function writeTenX(
  path: string,
  adata: Pick<AnnData, 'counts' | 'obsNames' | 'var' | 'varNames' | 'values'>,
  options: { overwrite?: boolean } = {},
): Promise<void> {
  await writeBeside(path, (temporary) => withH5File(temporary, 'w', (file) => fill(file, adata)), options)
}

function fill(file: Group, adata: Parameters<typeof writeTenX>[1]): void {
  const { counts, obsNames, values } = adata
  const { nCells, nGenes, nonzeros, blocks } = counts
  file.create_attribute('filetype', 'matrix', null, 'S')
  file.create_attribute('version', 2, null, '<i8')
  const matrix = file.create_group('matrix')
  writeFixedStrings(matrix, 'barcodes', obsNames)
  const features = matrix.create_group('features')
  for (const [name, texts] of Object.entries(featureRows(adata))) writeFixedStrings(features, name, texts)
  writeFixedStrings(features, '_all_tag_keys', ['genome'])
  matrix.create_dataset({ name: 'shape', data: Int32Array.of(nGenes, nCells), shape: [2] })

  const pointers = new BigInt64Array(nCells + 1)
  for (const { firstCell, nCells: cells, offsets } of blocks) {
    for (let i = 0; i < cells; i++) {
      pointers[firstCell + i + 1] = pointers[firstCell + i]! + BigInt(offsets[i + 1]! - offsets[i]!)
    }
  }
  writeChunks(matrix, 'indptr', [pointers], pointers, [nCells + 1])
  writeChunks(
    matrix,
    'indices',
    pieces(blocks, (block, from, to) => BigInt64Array.from(block.genes.subarray(from, to), BigInt)),
    pointers,
    [nonzeros],
  )
  const whole = values.nonInteger === undefined && values.nonFinite === undefined
  const numbers = whole
    ? pieces(blocks, ({ counts: own }, from, to) => Int32Array.from(own.subarray(from, to)))
    : pieces(blocks, ({ counts: own }, from, to) => own.subarray(from, to))
  writeChunks(matrix, 'data', numbers, whole ? new Int32Array(0) : new Float32Array(0), [nonzeros])
}

/** Entries that are converted at a time. */
const PIECE = 1024 * 1024

function* pieces<T>(
  blocks: readonly CountBlock[],
  convert: (block: CountBlock, from: number, to: number) => T,
): Generator<T> {
  for (const packed of blocks) {
    const block = { ...packed }
    const end = block.offsets[block.nCells]!
    for (let from = block.offsets[0]!; from < end; from += PIECE)
      yield convert(block, from, Math.min(from + PIECE, end))
  }
}

/** Strings of one length, as 10x has them and its readers expect. */
function writeFixedStrings(parent: Group, name: string, values: readonly string[]): void {
  const longest = values.reduce((most, value) => Math.max(most, Buffer.byteLength(value)), 1)
  parent.create_dataset({ name, data: [...values], shape: [values.length], dtype: `S${longest}` })
}
