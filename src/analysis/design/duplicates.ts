import type { CountMatrix } from '../../anndata/counts/counts.js'

/** Cells with fewer genes than this may be alike by chance. */
const FEWEST_GENES = 50
/** Hashes of a cell's entries that a signature keeps the least of, in bands of this many. */
const BANDS = 6
const BAND = 3
/** Share of entries that two cells must have in common. */
const ALIKE = 0.9

/** Two cells with the same counts, or nearly. */
export interface AlikeCells {
  first: number
  second: number
  /** Entries (gene and count) that both have, of those that either has. */
  jaccard: number
}

/**
 * Pairs of cells that are nearly the same cell: at least 90 % of their entries (gene and count) in common. Two cells of one type share
 * far fewer. Found by min-hashing; of a group of copies each is paired with the first.
 *
 * @param cells positions that are looked at
 */
export function alikeCells(counts: CountMatrix, cells: Int32Array): AlikeCells[] {
  const firstOf = new Map<string, number>()
  const pairs: AlikeCells[] = []
  const least = new Uint32Array(BANDS * BAND)
  for (const cell of cells) {
    const row = counts.storedRow(cell)
    if (row.genes.length < FEWEST_GENES) continue
    least.fill(0xffffffff)
    for (let k = 0; k < row.genes.length; k++) {
      let h = Math.imul(row.genes[k]! + 1, 0x9e3779b1) ^ Math.imul(Math.round(row.counts[k]!) + 1, 0x85ebca6b)
      for (let s = 0; s < least.length; s++) {
        h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d + 2 * s)
        h ^= h >>> 13
        if (h >>> 0 < least[s]!) least[s] = h >>> 0
      }
    }
    let paired = false
    for (let band = 0; band < BANDS; band++) {
      const key = `${band}:${least.subarray(band * BAND, (band + 1) * BAND).join()}`
      const first = firstOf.get(key)
      if (first === undefined) {
        firstOf.set(key, cell)
        continue
      }
      if (paired) continue
      const jaccard = common(counts, first, cell)
      if (jaccard < ALIKE) continue
      pairs.push({ first, second: cell, jaccard })
      paired = true
    }
  }
  return pairs
}

function common(counts: CountMatrix, first: number, second: number): number {
  const a = counts.storedRow(first)
  const b = counts.storedRow(second)
  let both = 0
  let i = 0
  let j = 0
  while (i < a.genes.length && j < b.genes.length) {
    const difference = a.genes[i]! - b.genes[j]!
    if (difference === 0 && a.counts[i] === b.counts[j]) both++
    if (difference <= 0) i++
    if (difference >= 0) j++
  }
  return both / (a.genes.length + b.genes.length - both)
}
