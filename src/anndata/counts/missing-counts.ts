import { MISSING } from '../../numeric/missing.js'
import { type CountBlock, CountMatrix } from './counts.js'
import type { ObservedMask } from './observed-mask.js'
import { packBlock } from './packed-block.js'

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
    const known = nan ? withoutNaN(block) : block
    const marked = mask ? filledUp(known, counts.nGenes, mask) : known
    if (marked !== block) missing = true
    return marked
  })
  return new CountMatrix(counts.nGenes, blocks, missing)
}

/** A block with what is missing in place of NaN; the same where there is none. */
function withoutNaN(block: CountBlock): CountBlock {
  const { counts } = block
  if (!counts.some(Number.isNaN)) return block
  return packBlock({ ...block, counts: counts.map((count) => (Number.isNaN(count) ? MISSING : count)) })
}

/** A block with an entry for every gene that was not observed; its other entries were. */
function filledUp(block: CountBlock, nGenes: number, mask: ObservedMask): CountBlock {
  const { firstCell, nCells, offsets, genes, counts } = block
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
      const isStored = k < offsets[i + 1]! && genes[k] === gene
      if (isObserved && !isStored) continue
      filled.genes[at] = gene
      filled.counts[at++] = isStored ? counts[k++]! : MISSING
    }
    filled.offsets[i + 1] = at
  }
  return packBlock(filled)
}
