import { byCell, type SparseSlice, sparseColumns, sparseRows } from '../counts/sparse-slices.js'
import { type ScannedValues, ValueScan } from '../counts/value-scan.js'
import type { NumericArray } from '../store/store.js'
import type { Region, Tile } from './chunk-tiles.js'

/** One region of some arrays, as a kernel sees it. */
export interface SliceSource {
  readonly region: Region
  /** All values of an array in the region, row-major. */
  numbers(array: number): NumericArray
  /** The same in pieces, see {@link Tile}. */
  tiles(array: number): Iterable<Tile>
}

/**
 * What can be made of a slice in another thread. Typed arrays of a result are handed over to the calling thread; so a
 * result shares no buffer with anything that stays.
 */
export const SLICE_KERNELS = {
  /** The values of the arrays. */
  numbers: (slice: SliceSource, { arrays }: { arrays: number }) => ({
    values: Array.from({ length: arrays }, (_, i) => slice.numbers(i)),
  }),
  /** The values of lists, of which the first one's are scanned. */
  scannedNumbers(slice: SliceSource, { arrays }: { arrays: number }) {
    const { values } = SLICE_KERNELS.numbers(slice, { arrays })
    const scan = new ValueScan()
    scan.add(values[0]!, slice.region.rows[0])
    return { values, scan: scan as ScannedValues }
  },
  /** Scans the first array, of so many columns. */
  scan(slice: SliceSource, { columns }: { columns: number }) {
    const scan = new ValueScan()
    for (const { row, column, rows, columns: width, values, offset, stride } of slice.tiles(0)) {
      const tile = new ValueScan()
      const run = width === stride ? rows : 1
      for (let i = 0; i < rows; i += run) {
        const start = offset + i * stride
        tile.add(values.subarray(start, start + run * width), (row + i) * columns + column)
      }
      scan.merge(tile)
    }
    return { scan: scan as ScannedValues }
  },
  /** Values and cells of a matrix by genes, in the order of the cells; `pointers` are of the genes from `firstGene` on. */
  cscByCell(
    slice: SliceSource,
    { firstGene, pointers, nCells }: { firstGene: number; pointers: Float64Array; nCells: number },
  ): SparseSlice {
    const [start, stop] = slice.region.rows
    const values = slice.numbers(0)
    const scan = new ValueScan()
    scan.add(values, start)
    const genes = new Int32Array(stop - start)
    for (let k = start, i = 0; k < stop; k++) {
      while (pointers[i + 1]! <= k) i++
      genes[k - start] = firstGene + i
    }
    const entries = { n: stop - start, cells: slice.numbers(1), genes, counts: values, firstCell: 0, nCells }
    return { ...byCell(entries), scan }
  },
  /** Rows of cells × genes. */
  denseRows(slice: SliceSource, { nGenes }: { nGenes: number }): SparseSlice {
    const [first, last] = slice.region.rows
    return sparseRows(slice.tiles(0), first, last - first, nGenes)
  },
  /** Columns of genes × cells. */
  denseColumns(slice: SliceSource, { nCells }: { nCells: number }): SparseSlice {
    const [first, last] = slice.region.columns
    return sparseColumns(slice.tiles(0), first, last - first, nCells)
  },
}

export type SliceKernel = keyof typeof SLICE_KERNELS
export type KernelArguments<K extends SliceKernel> = Parameters<(typeof SLICE_KERNELS)[K]>[1]
export type KernelResult<K extends SliceKernel> = ReturnType<(typeof SLICE_KERNELS)[K]>

/** Runs a kernel that is known by its name. */
export function runKernel<K extends SliceKernel>(
  kernel: K,
  slice: SliceSource,
  args: KernelArguments<K>,
): KernelResult<K> {
  const run = SLICE_KERNELS[kernel] as (slice: SliceSource, args: KernelArguments<K>) => KernelResult<K>
  return run(slice, args)
}

/** A region whose values are all there, as one tile. */
export function sliceOf(region: Region, arrays: readonly NumericArray[]): SliceSource {
  const [row, lastRow] = region.rows
  const [column, lastColumn] = region.columns
  const columns = lastColumn - column
  return {
    region,
    numbers: (i) => arrays[i]!,
    tiles: (i) => [
      { row, column, rows: lastRow - row, columns, values: arrays[i]!, offset: 0, stride: columns },
    ],
  }
}
