import { CountMatrix } from '../../dist/src/anndata/counts/counts.js'
import { Random } from '../../dist/src/numeric/random.js'

/** Faults that may be planted in a cell, each with a milder and a stronger dose. */
export const FAULTS = {
  ambient: [0.5, 0.8],
  swap: [0.2, 0.5],
  thin: [0.3, 0.1],
  mitochondrial: [0.4, 0.7],
  doublet: [0.6, 1],
}

/**
 * Counts of which a share of cells is damaged, kind after kind, and which cell has which fault ('none').
 *
 * `ambient` draws a dose of a cell's counts anew from the mean profile; `swap` moves the counts of a dose of its genes to genes
 * drawn at random; `thin` keeps a dose of its counts; `mitochondrial` draws a dose anew from 13 genes, which are given; `doublet` adds a dose of the counts
 * of another cell.
 *
 * @param {import('../../dist/src/anndata/counts/counts.js').CountMatrix} counts
 */
export function plantFaults(counts, share, seed, mitochondrial) {
  const { nCells, nGenes } = counts
  const random = new Random(seed)
  const kinds = Object.keys(FAULTS)
  const fault = new Array(nCells).fill('none')
  const dose = new Float64Array(nCells)
  const planted = random.permutation(nCells).slice(0, Math.round(share * nCells))
  for (const [i, cell] of planted.entries()) {
    fault[cell] = kinds[i % kinds.length]
    dose[cell] = FAULTS[fault[cell]][Math.floor(i / kinds.length) % 2]
  }
  const profile = cumulative(counts)
  const rows = Array.from({ length: nCells }, (_, cell) => {
    const row = new Float32Array(nGenes)
    const { genes, counts: values } = counts.row(cell)
    for (const [k, gene] of genes.entries()) row[gene] = values[k]
    if (fault[cell] === 'doublet') {
      const other = counts.row(random.integer(nCells))
      for (const [k, gene] of other.genes.entries()) row[gene] += thinned(other.counts[k], dose[cell], random)
    } else if (fault[cell] !== 'none') damage(row, fault[cell], dose[cell], random, profile, mitochondrial)
    return row
  })
  return { counts: matrixOf(rows, nGenes), fault, dose }
}

/** Sums of the mean profile, gene by gene. */
function cumulative(counts) {
  const totals = new Float64Array(counts.nGenes)
  for (let cell = 0; cell < counts.nCells; cell++) {
    const { genes, counts: values } = counts.row(cell)
    for (const [k, gene] of genes.entries()) totals[gene] += values[k]
  }
  let sum = 0
  return totals.map((total) => (sum += total))
}

function damage(row, fault, dose, random, profile, mitochondrial) {
  const total = row.reduce((a, b) => a + b, 0)
  if (fault === 'swap') {
    const present = Array.from(row.keys()).filter((gene) => row[gene] > 0)
    const moved = random.permutation(present.length).slice(0, Math.round(dose * present.length))
    const to = random.permutation(row.length)
    for (const [i, at] of moved.entries()) {
      const gene = present[at]
      const kept = row[gene]
      row[gene] = row[to[i]]
      row[to[i]] = kept
    }
    return
  }
  const keep = fault === 'thin' ? dose : 1 - dose
  for (const [gene, count] of row.entries()) row[gene] = thinned(count, keep, random)
  if (fault === 'thin') return
  for (let n = Math.round(dose * total); n > 0; n--) {
    row[fault === 'ambient' ? drawn(profile, random) : mitochondrial[random.integer(mitochondrial.length)]]++
  }
}

function thinned(count, keep, random) {
  let kept = 0
  for (let n = 0; n < count; n++) if (random.next() < keep) kept++
  return kept
}

function drawn(profile, random) {
  const x = random.next() * profile.at(-1)
  let low = 0
  let high = profile.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (profile[middle] <= x) low = middle + 1
    else high = middle
  }
  return low
}

function matrixOf(rows, nGenes) {
  const offsets = [0]
  const genes = []
  const counts = []
  for (const row of rows) {
    for (const [gene, count] of row.entries()) {
      if (count === 0) continue
      genes.push(gene)
      counts.push(count)
    }
    offsets.push(genes.length)
  }
  const block = {
    firstCell: 0,
    nCells: rows.length,
    offsets: Int32Array.from(offsets),
    genes: Int32Array.from(genes),
    counts: Float32Array.from(counts),
  }
  return new CountMatrix(nGenes, [block])
}
