import type { CountBlock } from './counts.js'

/**
 * Makes sparse rows as {@link CountBlock} promises them: genes ascending, no explicit zero, entries of one gene summed.
 * Sorts in place; copies only where entries fall away.
 *
 * @throws RangeError for a gene position outside the matrix
 */
export function tidyRows(block: CountBlock, nGenes: number): CountBlock {
  const { nCells, offsets, genes, counts } = block
  let superfluous = 0
  for (let i = 0; i < nCells; i++) {
    const start = offsets[i]!
    const stop = offsets[i + 1]!
    if (isTidy(genes, counts, start, stop, nGenes)) continue
    let last = -1
    let unsorted = false
    for (let k = start; k < stop; k++) {
      const gene = genes[k]!
      if (gene < 0 || gene >= nGenes) throw new RangeError(`gene position ${gene} of ${nGenes}`)
      if (gene < last) unsorted = true
      last = gene
    }
    if (unsorted) sortRow(genes.subarray(start, stop), counts.subarray(start, stop))
    for (let k = start; k < stop; k++) {
      if (counts[k] === 0 || (k > start && genes[k] === genes[k - 1])) superfluous++
    }
  }
  return superfluous === 0 ? block : compact(block)
}

/** Whether a row is as it should be, which most are: one quick look at each entry. */
function isTidy(
  genes: Int32Array,
  counts: Float32Array,
  start: number,
  stop: number,
  nGenes: number,
): boolean {
  let last = -1
  for (let k = start; k < stop; k++) {
    const gene = genes[k]!
    if (gene <= last || counts[k] === 0) return false
    last = gene
  }
  return last < nGenes
}

/** Sorts one row by gene; entries of one gene keep their order, so that their sum is the same every time. */
function sortRow(genes: Int32Array, counts: Float32Array): void {
  const n = genes.length
  const keys = new Float64Array(n)
  for (let k = 0; k < n; k++) keys[k] = genes[k]! * n + k
  keys.sort()
  const unsorted = counts.slice()
  for (let k = 0; k < n; k++) {
    const gene = Math.floor(keys[k]! / n)
    genes[k] = gene
    counts[k] = unsorted[keys[k]! - gene * n]!
  }
}

/** Drops zeros and sums entries of one gene, into buffers of the size that is left. */
function compact(block: CountBlock): CountBlock {
  const { nCells, genes, counts } = block
  const offsets = new Int32Array(nCells + 1)
  let at = 0
  for (let i = 0; i < nCells; i++) {
    const stop = block.offsets[i + 1]!
    for (let k = block.offsets[i]!; k < stop; ) {
      const gene = genes[k]!
      let sum = counts[k++]!
      while (k < stop && genes[k] === gene) sum += counts[k++]!
      if (sum === 0) continue
      genes[at] = gene
      counts[at++] = sum
    }
    offsets[i + 1] = at
  }
  return { ...block, offsets, genes: genes.slice(0, at), counts: counts.slice(0, at) }
}
