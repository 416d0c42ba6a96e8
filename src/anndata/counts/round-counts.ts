import { CountMatrix } from './counts.js'
import { packBlock } from './packed-block.js'
import { tidyRows } from './tidy-rows.js'

/** A matrix with every known count as the nearest integer; what is rounded to 0 is no entry any more. */
export function roundedCounts({ blocks, nGenes, missing, absent }: CountMatrix): CountMatrix {
  const rounded = blocks.map((block) =>
    packBlock(tidyRows({ ...block, counts: block.counts.map(Math.round) }, nGenes)),
  )
  return new CountMatrix(nGenes, rounded, missing, absent)
}
