import type { AnnData, GeneChooser } from '../anndata/read.js'
import { genePositions, type ModelGenes, selectionOf } from './gene-positions.js'
import type { GeneMatch } from './match-genes.js'

/** Data as far as a model needs it. */
export interface ModelGenesRead {
  adata: AnnData
  match: GeneMatch
  /** Genes of the file, of which the model's alone may have been read; {@link match} has positions among them. */
  nFileGenes: number
  /** Positions of the model's genes in what was read, −1 for one that is absent. */
  positions: Int32Array
}

/**
 * Reads data for a model: where the reader asks which genes it is to take, what there is of the model's. A large file has many more.
 *
 * @param geneKey the one column of var to find them by
 * @throws ScvaeError (bad-input) for data with none of them, a key that is not there, and what the reader refuses.
 */
export async function readModelGenes(
  read: (choose: GeneChooser) => Promise<AnnData>,
  model: ModelGenes,
  geneKey?: string,
): Promise<ModelGenesRead> {
  const chosen: { match?: GeneMatch; part?: Int32Array; nGenes?: number } = {}
  const adata = await read((genes) => {
    chosen.match = genePositions(model, genes, geneKey)
    chosen.nGenes = genes.nGenes
    const { positions } = chosen.match
    if (!selectionOf(positions, genes.nGenes)) return undefined
    chosen.part = positions.filter((position) => position >= 0)
    return chosen.part
  })
  const match = chosen.match ?? genePositions(model, adata, geneKey)
  const data = { adata, match, nFileGenes: chosen.nGenes ?? adata.nGenes }
  if (!chosen.part) return { ...data, positions: match.positions }
  let next = 0
  return { ...data, positions: match.positions.map((at) => (at < 0 ? -1 : next++)) }
}
