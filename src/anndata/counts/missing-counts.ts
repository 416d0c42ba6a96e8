import { MISSING } from '../../numeric/missing.js'
import type { CountBlock } from './count-block.js'
import type { ObservedMask } from './observed-mask.js'

/** What says which counts of a matrix are missing. */
export interface MissingRule {
  /** NaN stands for a missing count. */
  nan: boolean
  mask?: ObservedMask | undefined
}

/**
 * Puts {@link MISSING} for what a rule says is missing into blocks that are not packed yet, which may be changed: in place of NaN, and for each gene that a
 * cell's mask leaves out. Where nothing is, the counts are as they would be without the rule.
 */
export class MissingMarker {
  /** Whether a count was missing so far. */
  found = false
  readonly #rule: MissingRule
  readonly #nGenes: number

  constructor(rule: MissingRule, nGenes: number) {
    this.#rule = rule
    this.#nGenes = nGenes
  }

  mark(block: CountBlock): CountBlock {
    const { nan, mask } = this.#rule
    if (nan && replacedNaN(block.counts)) this.found = true
    const marked = mask ? filledUp(block, this.#nGenes, mask) : block
    if (marked !== block) this.found = true
    return marked
  }
}

/** Whether there was a NaN, in whose place something missing is now. */
function replacedNaN(counts: Float32Array): boolean {
  let found = false
  for (let k = 0; k < counts.length; k++) {
    if (!Number.isNaN(counts[k])) continue
    counts[k] = MISSING
    found = true
  }
  return found
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
  return filled
}
