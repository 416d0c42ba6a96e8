import { takeAbsent } from './absent-genes.js'
import { CountMatrix } from './counts.js'
import { packBlock } from './packed-block.js'
import { tidyRows } from './tidy-rows.js'

/**
 * A copy of counts with some cells and genes, both in the orders given. Genes that ascend are taken as they come; in another order,
 * every row is sorted anew.
 *
 * @param genes positions, each once; −1 for a gene that the counts lack, which has none
 */
export function takeCounts(counts: CountMatrix, cells: Int32Array, genes: Int32Array): CountMatrix {
  const ascending = genes.filter((gene) => gene >= 0).toSorted()
  const part = counts.select(cells, ascending)
  if (genes.every((gene, i) => gene === ascending[i])) return part
  const placeOf = new Int32Array(counts.nGenes)
  for (const [place, gene] of genes.entries()) if (gene >= 0) placeOf[gene] = place
  const place = ascending.map((gene) => placeOf[gene]!)
  return new CountMatrix(
    genes.length,
    part.blocks.map((block) =>
      packBlock(tidyRows({ ...block, genes: block.genes.map((g) => place[g]!) }, genes.length)),
    ),
    counts.missing,
    part.absent && takeAbsent(part.absent, undefined, place),
  )
}
