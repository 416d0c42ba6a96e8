import { CountedBlocks } from '../counts/counted-blocks.js'
import { type CountBlock, CountMatrix } from '../counts/counts.js'
import { LocatedScan } from '../counts/located-scan.js'
import { joinedBlocks } from '../counts/sparse-blocks.js'
import type { StoredValues } from '../counts/stored-values.js'
import { ValueScan } from '../counts/value-scan.js'
import type { ChunkLayout } from '../slices/chunk-layout.js'
import { LARGEST_SLICE_BYTES, type SlicedArray } from '../slices/sliced-array.js'
import { sliceOutcomes, UndecodedSlice } from '../slices/slices.js'

interface Read {
  counts: CountMatrix
  values: StoredValues
}

/**
 * A dense genes × cells array as sparse cells × genes, of which no more than a slice is ever dense: a few columns of chunks
 * at a time where other threads can read them, else by {@link readByRows}.
 */
export async function readLoomMatrix(matrix: SlicedArray): Promise<Read> {
  const { layout } = matrix
  if (layout && columnBytes(layout) <= LARGEST_SLICE_BYTES) {
    try {
      return await readByColumns(layout)
    } catch (error) {
      if (!(error instanceof UndecodedSlice)) throw error
      // a damaged chunk, for which HDF5 has the words
    }
  }
  return readByRows(matrix)
}

/** Bytes of one column of chunks. */
function columnBytes({ rows, chunkColumns, itemBytes }: ChunkLayout): number {
  return rows * chunkColumns * itemBytes
}

/** Bytes that a thread reads at a time. */
const SLICE_BYTES = 4 * 1024 * 1024

async function readByColumns(layout: ChunkLayout): Promise<Read> {
  const { rows: nGenes, columns: nCells, chunkColumns } = layout
  const step = chunkColumns * Math.max(1, Math.floor(SLICE_BYTES / columnBytes(layout)))
  const tasks = Array.from({ length: Math.ceil(nCells / step) }, (_, i) => ({
    region: { rows: [0, nGenes], columns: [i * step, Math.min(nCells, (i + 1) * step)] } as const,
    args: { nCells },
  }))
  const scan = new ValueScan()
  async function* slices() {
    for await (const { region, result } of sliceOutcomes(undefined, [layout], 'denseColumns', tasks)) {
      scan.merge(result.scan)
      yield { firstCell: region.columns[0], slice: result }
    }
  }
  const blocks: CountBlock[] = await joinedBlocks(slices())
  const located = new LocatedScan()
  located.take(scan, (entry) => ({ cell: entry % nCells, gene: Math.floor(entry / nCells) }))
  return { counts: new CountMatrix(nGenes, blocks), values: located.values }
}

/** One pass over the array's rows counts what each cell has, another fills it in. */
async function readByRows(matrix: SlicedArray): Promise<Read> {
  const [nGenes, nCells] = matrix.shape as [number, number]
  const perCell = new Int32Array(nCells)
  const scan = new LocatedScan()
  for (const [start, stop] of matrix.ranges()) {
    const rows = await matrix.read(start, stop)
    scan.add(rows, (k) => ({ cell: k % nCells, gene: start + Math.floor(k / nCells) }))
    for (let k = 0, cell = 0; k < rows.length; k++) {
      if (rows[k] !== 0) perCell[cell]!++
      if (++cell === nCells) cell = 0
    }
  }
  const blocks = new CountedBlocks(perCell, nGenes)
  for (const [start, stop] of matrix.ranges()) {
    const rows = await matrix.read(start, stop)
    for (let k = 0, cell = 0, gene = start; k < rows.length; k++) {
      const value = rows[k]!
      if (value !== 0) blocks.add(cell, gene, value)
      if (++cell === nCells) {
        cell = 0
        gene++
      }
    }
  }
  return { counts: blocks.finish(), values: scan.values }
}
