import { type CountBlock, CountMatrix } from './counts.js'
import { readSelection } from './select-counts.js'
import type { StoredMatrix } from './stored-matrix.js'
import { ValueScan } from './value-scan.js'

/** Counts in a file, to be looked through before it is settled which of them are read. */
export class StoredCounts {
  readonly #matrix: StoredMatrix
  #scan: ValueScan | undefined

  constructor(matrix: StoredMatrix) {
    this.#matrix = matrix
  }

  get nCells(): number {
    return this.#matrix.nCells
  }

  get nGenes(): number {
    return this.#matrix.nGenes
  }

  /** Entries in the file, explicit zeros among them. */
  get stored(): number {
    return this.#matrix.stored
  }

  /** What all values are like, once they were looked through. */
  get scan(): ValueScan | undefined {
    return this.#scan
  }

  /** All counts, as {@link StoredMatrix.blocks} gives them; each call reads the file. */
  async *blocks(): AsyncGenerator<CountBlock> {
    const scan = new ValueScan()
    yield* this.#matrix.blocks(scan)
    this.#scan = scan
  }

  /** What all values are like; reads the file unless that is known. */
  async scanned(): Promise<ValueScan> {
    if (this.#scan) return this.#scan
    const scan = new ValueScan()
    await this.#matrix.scan(scan)
    this.#scan = scan
    return scan
  }

  /** Counts of all cells and genes, without those of other genes than these, ascending. */
  async ofGenes(genes: Int32Array): Promise<CountMatrix> {
    const { nGenes } = this
    if (genes.length === 0) return withoutCounts(this)
    const blocks: CountBlock[] = []
    if (this.#matrix.encoding === 'csc_matrix') {
      // other genes are elsewhere in the file
      const { counts } = await readSelection(this.#matrix, { genes })
      for (const block of counts.blocks) blocks.push({ ...block, genes: block.genes.map((i) => genes[i]!) })
      return new CountMatrix(nGenes, blocks)
    }
    const isTaken = new Uint8Array(nGenes)
    for (const gene of genes) isTaken[gene] = 1
    for await (const block of this.blocks()) blocks.push(ofMarked(block, isTaken))
    return new CountMatrix(nGenes, blocks)
  }
}

function withoutCounts({ nCells, nGenes }: StoredCounts): CountMatrix {
  const [genes, counts] = [new Int32Array(), new Float32Array()]
  return new CountMatrix(nGenes, [
    { firstCell: 0, nCells, offsets: new Int32Array(nCells + 1), genes, counts },
  ])
}

/** A copy of a block without what is not marked. */
function ofMarked(
  { firstCell, nCells, offsets, genes, counts }: CountBlock,
  isTaken: Uint8Array,
): CountBlock {
  const newOffsets = new Int32Array(nCells + 1)
  for (let i = 0; i < nCells; i++) {
    let taken = newOffsets[i]!
    for (let k = offsets[i]!; k < offsets[i + 1]!; k++) taken += isTaken[genes[k]!]!
    newOffsets[i + 1] = taken
  }
  const part = {
    ...{ firstCell, nCells, offsets: newOffsets },
    ...{ genes: new Int32Array(newOffsets[nCells]!), counts: new Float32Array(newOffsets[nCells]!) },
  }
  let at = 0
  for (let k = offsets[0]!; k < offsets[nCells]!; k++) {
    if (!isTaken[genes[k]!]) continue
    part.genes[at] = genes[k]!
    part.counts[at++] = counts[k]!
  }
  return part
}
