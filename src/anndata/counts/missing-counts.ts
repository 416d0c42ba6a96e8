import { MISSING } from '../../numeric/missing.js'
import { type CountBlock, CountMatrix } from './counts.js'
import type { ObservedMask } from './observed-mask.js'

/** What says which counts of a matrix are missing. */
export interface MissingRule {
  /** NaN stands for a missing count. */
  nan: boolean
  mask?: ObservedMask | undefined
}

/**
 * Counts with {@link MISSING} for what a rule says is missing: in place of NaN, and for each gene that a cell's mask leaves out. Where
 * nothing is, the counts are as they would be without the rule.
 */
export function markMissing(counts: CountMatrix, { nan, mask }: MissingRule): CountMatrix {
  let missing = false
  const blocks = counts.blocks.map((block) => {
    if (nan && replaceNaN(block)) missing = true
    const marked = mask ? filledUp(block, counts.nGenes, mask) : block
    if (marked !== block) missing = true
    return marked
  })
  return new CountMatrix(counts.nGenes, blocks, missing)
}

/** In place; whether there was one. */
function replaceNaN({ counts }: CountBlock): boolean {
  let found = false
  for (let k = 0; k < counts.length; k++) {
    if (!Number.isNaN(counts[k]!)) continue
    counts[k] = MISSING
    found = true
  }
  return found
}

/** A block with an entry for every gene that was not observed; its other entries were. */
function filledUp(block: CountBlock, nGenes: number, mask: ObservedMask): CountBlock {
  const { firstCell, nCells, offsets } = block
  let unobserved = 0
  for (let i = 0; i < nCells; i++) unobserved += nGenes - mask.genesOf(firstCell + i).length
  if (unobserved === 0) return block
  const entries = offsets[nCells]! - offsets[0]! + unobserved
  const filled: CountBlock = {
    firstCell,
    nCells,
    offsets: new Int32Array(nCells + 1),
    genes: new Int32Array(entries),
    counts: new Float32Array(entries),
  }
  let at = 0
  for (let i = 0; i < nCells; i++) {
    const observed = mask.genesOf(firstCell + i)
    let [k, o] = [offsets[i]!, 0]
    for (let gene = 0; gene < nGenes; gene++) {
      const isObserved = observed[o] === gene
      if (isObserved) o++
      const isStored = k < offsets[i + 1]! && block.genes[k] === gene
      if (isObserved && !isStored) continue
      filled.genes[at] = gene
      filled.counts[at++] = isStored ? block.counts[k++]! : MISSING
    }
    filled.offsets[i + 1] = at
  }
  return filled
}
