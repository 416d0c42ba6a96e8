import { type AbsentGenes, unlessNone } from '../../anndata/counts/absent-genes.js'
import { type CountBlock, CountMatrix } from '../../anndata/counts/counts.js'
import { blockFrom, packBlock } from '../../anndata/counts/packed-block.js'
import { tidyRows } from '../../anndata/counts/tidy-rows.js'
import { uniqueNames } from './file-names.js'
import type { JoinedGenes } from './join-genes.js'

/** What is kept of a file's counts, with genes as the list had them when the file was added. */
interface FileCounts {
  nCells: number
  blocks: CountBlock[]
  missing: boolean
  /** Places of all of its genes. */
  place: Int32Array
  absent: AbsentGenes | undefined
}

/**
 * Counts of several files over one list of genes, one file after another. A block whose genes keep their places is shared with
 * its file. What a file lacks is absent in its cells, which is not zero.
 */
export class CountList {
  readonly #files: FileCounts[] = []

  /** @param place of each of the file's genes in the list so far; −1 for one that falls away */
  add(counts: CountMatrix, place: Int32Array): void {
    const { nCells, missing, absent } = counts
    this.#files.push({ nCells, blocks: renumbered(counts.blocks, place), missing, place, absent })
  }

  /**
   * The joined counts; what is not shared of files goes while they are made.
   *
   * @param names of the files, each once
   */
  finish({ nGenes, newPlace }: JoinedGenes, names: readonly string[]): CountMatrix {
    const blocks: CountBlock[] = []
    let firstCell = 0
    const absent = this.#absentGenes(nGenes, newPlace, names)
    const missing = this.#files.some((file) => file.missing)
    for (const file of this.#files) {
      for (let block = file.blocks.shift(); block; block = file.blocks.shift()) {
        const [joined] = renumbered([block], newPlace)
        blocks.push(blockFrom(joined!, firstCell))
        firstCell += block.nCells
      }
    }
    return new CountMatrix(nGenes, blocks, missing, absent)
  }

  /** A group for each file, or for each group of cells of a file that was joined itself. */
  #absentGenes(nGenes: number, newPlace: Int32Array, names: readonly string[]): AbsentGenes | undefined {
    const groupNames: string[] = []
    const genes: Int32Array[] = []
    const groups = new Int32Array(this.#files.reduce((sum, { nCells }) => sum + nCells, 0))
    let firstCell = 0
    for (const [i, { nCells, place, absent }] of this.#files.entries()) {
      const lacked = lackedGenes(nGenes, place, newPlace)
      const groupOf = new Map<number, number>()
      for (let cell = 0; cell < nCells; cell++) {
        const own = absent?.groups[cell] ?? -1
        let group = groupOf.get(own)
        if (group === undefined) {
          group = genes.length
          groupOf.set(own, group)
          // a slash would be a path in HDF5
          groupNames.push(names[i]!.replaceAll('/', '_'))
          genes.push(
            united(
              lacked,
              absent?.genes[own]?.map((gene) => newPlace[place[gene]!] ?? -1),
            ),
          )
        }
        groups[firstCell + cell] = group
      }
      firstCell += nCells
    }
    return unlessNone({ names: uniqueNames(groupNames), genes, groups })
  }
}

function lackedGenes(nGenes: number, place: Int32Array, newPlace: Int32Array): Int32Array {
  const present = new Uint8Array(nGenes)
  for (const at of place) if (at >= 0 && newPlace[at]! >= 0) present[newPlace[at]!] = 1
  return Int32Array.from(present.keys()).filter((gene) => present[gene] === 0)
}

function united(lacked: Int32Array, own: Int32Array | undefined): Int32Array {
  return own ? Int32Array.from(new Set([...lacked, ...own.filter((gene) => gene >= 0)])).sort() : lacked
}

function renumbered(blocks: readonly CountBlock[], place: Int32Array): CountBlock[] {
  if (place.every((gene, own) => gene === own)) return [...blocks]
  return blocks.map((block) => withGenesAt(block, place))
}

function withGenesAt(block: CountBlock, place: Int32Array): CountBlock {
  const { nCells, offsets, genes: oldGenes, counts: oldCounts } = block
  const newOffsets = new Int32Array(nCells + 1)
  for (let i = 0; i < nCells; i++) {
    let kept = 0
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) if (place[oldGenes[k]!]! >= 0) kept++
    newOffsets[i + 1] = newOffsets[i]! + kept
  }
  const genes = new Int32Array(newOffsets[nCells]!)
  const counts = new Float32Array(genes.length)
  let at = 0
  for (let k = offsets[0]!; k < offsets[nCells]!; k++) {
    const gene = place[oldGenes[k]!]!
    if (gene < 0) continue
    genes[at] = gene
    counts[at++] = oldCounts[k]!
  }
  const nGenes = place.reduce((most, gene) => Math.max(most, gene), -1) + 1
  return packBlock(tidyRows({ firstCell: 0, nCells, offsets: newOffsets, genes, counts }, nGenes))
}
