import { checkCounts } from '../../anndata/counts/check-counts.js'
import { type ReadOptions, readAnnData } from '../../anndata/read.js'
import { dropEmptyCells } from '../../cells/empty-cells.js'
import type { ModelGenes } from '../../cells/gene-positions.js'
import { type ModelGenesRead, readModelGenes } from '../../cells/read-model-genes.js'
import { ScvaeError } from '../../errors.js'
import { encoderSource, type ModelCovariates } from '../../files/encoder-source.js'
import { MISSING } from '../../numeric/missing.js'
import { encodedMeans } from './forward.js'
import type { PageEncoder } from './layers.js'

/** How cells of a file go into a page's encoder. */
export interface PageQuery {
  genes: ModelGenes
  covariates: ModelCovariates & { encodeCovariates: boolean }
  /** Which of a file's matrices the model was fitted to, where that is known. */
  countsSource: string | null
}

/** Cells of a file in the space of a page's model. */
export interface EmbeddedFile {
  /** Of all cells of the file. */
  names: readonly string[]
  /** Posterior means, all cells × dimensions; NaN for a cell without a count in the model's genes. */
  latent: Float32Array
  dimensions: number
  /** Cells without a count. */
  empty: number
  /** Genes of the model that the file has, and what they were found by. */
  found: number
  by: string
  countsSource: string
}

/** Cells that are encoded together. */
const BLOCK = 256

/**
 * Encodes all cells of an `.h5ad` as `scvae embed` does.
 *
 * @param onShare hears of the share of the cells that is encoded
 * @throws ScvaeError `bad-input` for a file that cannot be read, has no counts, or has none of the model's genes
 */
export async function embedFile(
  path: string,
  query: PageQuery,
  encoder: PageEncoder,
  onShare: (share: number) => void = () => {},
): Promise<EmbeddedFile> {
  const { adata, match, positions } = await readCounts(path, query)
  const present = positions.filter((position) => position >= 0)
  const all = Int32Array.from({ length: adata.nCells }, (_, cell) => cell)
  const { cells, empty } = dropEmptyCells(adata, all, present.length === adata.nGenes ? undefined : present)
  const source = encoderSource(query.covariates, adata, cells, positions)
  const dimensions = encoder.head.outputs
  const latent = new Float32Array(adata.nCells * dimensions).fill(Number.NaN)
  for (let from = 0; from < cells.length; from += BLOCK) {
    const block = Int32Array.from({ length: Math.min(BLOCK, cells.length - from) }, (_, i) => from + i)
    const rows = await source.counts.load(block)
    const counts = new Float32Array(block.length * source.nGenes)
    for (const [i, row] of rows.entries()) {
      for (const [at, gene] of row.genes.entries()) {
        const count = row.counts[at]!
        if (count !== MISSING) counts[i * source.nGenes + gene] = count
      }
    }
    const own = <T extends Int32Array | Float32Array>(values: T) =>
      values.subarray(from, from + block.length) as T
    const means = encodedMeans(encoder, counts, {
      codes: source.categorical.map(own),
      values: source.continuous.map(own),
    })
    for (const [i, at] of block.entries())
      latent.set(means.subarray(i * dimensions, (i + 1) * dimensions), cells[at]! * dimensions)
    onShare((from + block.length) / cells.length)
  }
  const { found, by } = match
  const { obsNames: names, countsSource } = adata
  return { names, latent, dimensions, empty: empty.length, found, by, countsSource }
}

/** X as the command reads it; where that holds no counts, the matrix that the model was fitted to. */
async function readCounts(path: string, query: PageQuery): Promise<ModelGenesRead> {
  const read = async (options: ReadOptions) => {
    const data = await readModelGenes((genes) => readAnnData(path, { ...options, genes }), query.genes)
    await checkCounts(data.adata)
    return data
  }
  try {
    return await read({})
  } catch (error) {
    const other = otherSource(query.countsSource)
    if (!other || !(error instanceof ScvaeError)) throw error
    return read(other).catch(() => {
      throw error
    })
  }
}

function otherSource(source: string | null): ReadOptions | undefined {
  if (source === 'raw/X') return { useRaw: true }
  const layer = source?.startsWith('layers/') && source.slice('layers/'.length)
  return layer ? { layer } : undefined
}
