import { MISSING } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { rowsOf } from '../../device/loaded-rows.js'
import type { Network } from '../../network/network.js'
import { thetaOf } from '../posterior/generate.js'
import { eachPredictive, type PredictiveQuestion, type PredictiveRows } from '../posterior/predictive.js'
import { CountMixture } from './count-mixture.js'

/** Values of draws of one cell: more than this are refused. */
const MOST_VALUES = 2 ** 27

/** Whether so many draws of a cell of so many genes have room. */
export const drawsFit = (nSamples: number, nGenes: number): boolean => nSamples * nGenes <= MOST_VALUES

/** What a network predicts of some counts of a cell, as distributions over draws of the cell's latent. */
export interface EntryDraws {
  /** Position of the cell in the source. */
  cell: number
  /** Which genes, by their positions. */
  genes: Int32Array
  /** The distribution of the count of the k-th of these genes. */
  count(k: number): CountMixture
}

/**
 * Predicts counts of cells, those that are missing too: the mean of a gene is the cell's size times its share of the genes whose counts are
 * known, as the size is that of these genes.
 *
 * @param genesOf positions of the genes of a cell
 * @param visit is called cell by cell, in order; what it gets holds until it returns
 */
export async function eachEntryDraws(
  network: Network,
  host: HostKernels,
  question: PredictiveQuestion,
  genesOf: (cell: number) => Int32Array,
  visit: (draws: EntryDraws) => void | Promise<void>,
): Promise<void> {
  const { source } = question
  const theta = await thetaOf(network, source.nGenes)
  const each = Math.max(1, question.nSamples)
  const codes = source.categorical[0]
  // a softplus gives each gene a mean of its own
  const isShare = network.config.library !== 'size-factor'
  const held = new HeldDraws(each, source.nGenes)
  await eachPredictive(network, host, question, async (rows) => {
    const missing = isShare && source.counts.missing ? await missingGenes(question, rows) : undefined
    const { floats } = host.arena
    for (const [row, cell] of rows.cells.entries()) {
      const draw = Math.max(0, rows.draws[row]!)
      if (draw === 0) held.start(cell, genesOf(cell))
      const from = rows.mean.offset + row * rows.mean.stride
      const factor = missing ? shareFactor(floats, from, source.nGenes, missing.get(cell)!) : 1
      held.take(
        draw,
        floats,
        from,
        factor,
        rows.zeroLogits && rows.zeroLogits.offset + row * rows.zeroLogits.stride,
      )
      if (draw < each - 1) continue
      await visit(held.draws(theta[theta.length > 1 ? codes![cell]! : 0]!))
    }
  })
}

/** The draws of one cell, as they come. */
class HeldDraws {
  readonly #each: number
  readonly #means: Float32Array
  #zeroLogits: Float32Array | undefined
  #cell = -1
  #genes: Int32Array = new Int32Array()

  constructor(each: number, nGenes: number) {
    this.#each = each
    this.#means = new Float32Array(each * nGenes)
  }

  start(cell: number, genes: Int32Array): void {
    this.#cell = cell
    this.#genes = genes
  }

  /** Values of a draw, gene by gene: [gene][draw]. */
  take(
    draw: number,
    floats: Float32Array,
    mean: number,
    factor: number,
    zeroLogits: number | undefined,
  ): void {
    if (zeroLogits !== undefined) this.#zeroLogits ??= new Float32Array(this.#means.length)
    for (const [k, gene] of this.#genes.entries()) {
      this.#means[k * this.#each + draw] = floats[mean + gene]! * factor
      if (zeroLogits !== undefined) this.#zeroLogits![k * this.#each + draw] = floats[zeroLogits + gene]!
    }
  }

  draws(theta: Float32Array): EntryDraws {
    const genes = this.#genes
    const part = (values: Float32Array, k: number) => values.subarray(k * this.#each, (k + 1) * this.#each)
    return {
      cell: this.#cell,
      genes,
      count: (k) =>
        new CountMixture(
          part(this.#means, k),
          theta[genes[k]!]!,
          this.#zeroLogits && part(this.#zeroLogits, k),
        ),
    }
  }
}

/** Of the cells of rows, the genes whose counts are missing. */
async function missingGenes(
  { source }: PredictiveQuestion,
  { cells }: PredictiveRows,
): Promise<Map<number, Int32Array>> {
  const some = Int32Array.from(new Set(cells))
  const rows = await rowsOf(source, some)
  return new Map(rows.map((row, i) => [some[i]!, missingOf(row)]))
}

/** Genes of a row whose counts are missing. */
export const missingOf = ({ genes, counts }: { genes: Int32Array; counts: Float32Array }): Int32Array =>
  genes.filter((_, k) => counts[k] === MISSING)

/** What the means of a row are multiplied by, so that those of the genes that are known add up to its size. */
function shareFactor(floats: Float32Array, from: number, nGenes: number, missing: Int32Array): number {
  if (missing.length === 0) return 1
  let [all, known, next] = [0, 0, 0]
  for (let gene = 0; gene < nGenes; gene++) {
    const value = floats[from + gene]!
    all += value
    if (missing[next] === gene) next++
    else known += value
  }
  return all / known
}
