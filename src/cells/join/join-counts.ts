import { type CountBlock, CountMatrix } from '../../anndata/counts/counts.js'
import { tidyRows } from '../../anndata/counts/tidy-rows.js'
import { MISSING } from '../../numeric/missing.js'
import type { JoinedGenes } from './join-genes.js'

/**
 * Counts of all files, one after another, over the joined genes. A block whose genes keep their positions is shared with its
 * file. The genes that a file lacks are missing in its cells, which is not zero.
 */
export function joinCounts(files: readonly CountMatrix[], { nGenes, places }: JoinedGenes): CountMatrix {
  const blocks: CountBlock[] = []
  let firstCell = 0
  let missing = false
  for (const [i, counts] of files.entries()) {
    const place = places[i]!
    const absent = absentGenes(place, nGenes)
    missing ||= counts.missing || absent.length > 0
    const same = absent.length === 0 && place.every((gene, own) => gene === own)
    for (const block of counts.blocks) {
      const joined = same ? block : renumbered(block, place, absent, nGenes)
      blocks.push({ ...joined, firstCell })
      firstCell += block.nCells
    }
  }
  return new CountMatrix(nGenes, blocks, missing)
}

function absentGenes(place: Int32Array, nGenes: number): Int32Array {
  const present = new Uint8Array(nGenes)
  for (const gene of place) if (gene >= 0) present[gene] = 1
  return Int32Array.from(present.keys()).filter((gene) => present[gene] === 0)
}

function renumbered(block: CountBlock, place: Int32Array, absent: Int32Array, nGenes: number): CountBlock {
  const { nCells, offsets } = block
  const newOffsets = new Int32Array(nCells + 1)
  for (let i = 0; i < nCells; i++) {
    let kept = absent.length
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) if (place[block.genes[k]!]! >= 0) kept++
    newOffsets[i + 1] = newOffsets[i]! + kept
  }
  const genes = new Int32Array(newOffsets[nCells]!)
  const counts = new Float32Array(genes.length)
  let at = 0
  for (let i = 0; i < nCells; i++) {
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
      const gene = place[block.genes[k]!]!
      if (gene < 0) continue
      genes[at] = gene
      counts[at++] = block.counts[k]!
    }
    genes.set(absent, at)
    counts.fill(MISSING, at, at + absent.length)
    at += absent.length
  }
  return tidyRows({ firstCell: 0, nCells, offsets: newOffsets, genes, counts }, nGenes)
}
