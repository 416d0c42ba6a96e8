import { padded } from '../../device/cpu/cpu-tensor.js'
import type { CellSource } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'
import { KeyedRandom } from '../../numeric/keyed-random.js'
import type { Matrix } from '../../numeric/matrix.js'
import { NOISE } from '../../numeric/philox.js'
import type { CellPosterior } from '../posterior/cell-posterior.js'
import { thetaOf } from '../posterior/generate.js'
import { eachPredictive, type PredictiveQuestion, type PredictiveRows } from '../posterior/predictive.js'
import { cellsOfQuestions } from '../posterior/room-for-questions.js'
import { GammaDraws } from './gamma-draws.js'
import { ProductSums } from './product-sums.js'
import { RankBins } from './rank-bins.js'

/** Correlations of genes, and of what. */
export interface CorrelationQuestion extends Omit<PredictiveQuestion, 'batch'> {
  /** Positions of the genes. */
  genes: Int32Array
  /** Codes of batches that cells are decoded in, over which correlations are averaged; undefined for their own. */
  batches: readonly (number | undefined)[]
  /** What the shares of the genes are multiplied by before the gammas are drawn. */
  sizeFactor: number
  type: 'pearson' | 'spearman'
  /** Called with the share of the work that is done. */
  done?: (share: number) => void
}

/**
 * Correlations of genes over draws from the posteriors of cells, genes × genes: of gammas with the decoder's mean at one size for all cells, and
 * the gene's inverse dispersion as the shape. These are counts without the noise of counting, and of cells of one size.
 */
export async function correlateGenes(
  network: Network,
  host: HostKernels,
  question: CorrelationQuestion,
): Promise<Matrix> {
  const { genes, batches, type, done } = question
  const n = genes.length
  const passes = batches.length * (type === 'spearman' ? 2 : 1)
  const values = new Float32Array(n * n)
  for (const [i, batch] of batches.entries()) {
    const first = i * (passes / batches.length)
    const drawn = new DrawnRows(network, host, { ...question, ...(batch !== undefined && { batch }) })
    const step = (pass: number) => (share: number) => done?.((first + pass + share) / passes)
    const found =
      type === 'spearman' ? await spearman(host, drawn, n, step) : await pearson(host, drawn, n, step(0))
    for (let at = 0; at < values.length; at++) values[at]! += found[at]! / batches.length
  }
  return { values, rows: n, columns: n }
}

async function spearman(
  host: HostKernels,
  drawn: DrawnRows,
  n: number,
  step: (pass: number) => (share: number) => void,
): Promise<Float32Array> {
  const bins = new RankBins(n)
  await drawn.each(step(0), (row) => bins.add(host.arena.floats, row, n))
  bins.close()
  return summed(host, drawn, n, step(1), () => (value, k) => bins.rank(value, k))
}

async function pearson(
  host: HostKernels,
  drawn: DrawnRows,
  n: number,
  step: (share: number) => void,
): Promise<Float32Array> {
  // in units and from an origin of their size, so that little is lost in single precision
  return summed(host, drawn, n, step, (usual) => (value, k) => value / usual[k]! - 1)
}

/** @param taken what is taken of a value, by the usual sizes of the genes */
async function summed(
  host: HostKernels,
  drawn: DrawnRows,
  n: number,
  step: (share: number) => void,
  taken: (usual: Float32Array) => (value: number, k: number) => number,
): Promise<Float32Array> {
  const sums = new ProductSums(host, n, padded(n))
  let of: ReturnType<typeof taken> | undefined
  try {
    await drawn.each(step, (row, usual) => {
      of ??= taken(usual)
      sums.add(row, of)
    })
    return sums.correlations()
  } finally {
    sums.release()
  }
}

/** Gammas of all draws of all cells, the same each time that they are asked for. */
class DrawnRows {
  readonly #network: Network
  readonly #host: HostKernels
  readonly #question: PredictiveQuestion
  readonly #genes: Int32Array

  constructor(
    network: Network,
    host: HostKernels,
    {
      genes,
      sizeFactor,
      ...question
    }: Omit<CorrelationQuestion, 'batches'> & Pick<PredictiveQuestion, 'batch'>,
  ) {
    this.#network = network
    this.#host = host
    this.#genes = genes
    this.#question = { ...question, ...ofOneSize(question.source, question.posterior, sizeFactor) }
  }

  /**
   * @param step called with the share of the rows that are done
   * @param visit gets where a row lies in the arena, and what the genes have in the first cells on average
   */
  async each(
    step: (share: number) => void,
    visit: (row: number, usual: Float32Array) => void,
  ): Promise<void> {
    const { source, keys, seed, batch } = this.#question
    const codes = source.categorical[0]
    const random = new KeyedRandom(seed, NOISE.countNumber)
    const theta = await thetaOf(this.#network, source.nGenes)
    const capacity = cellsOfQuestions(this.#network)
    const gammas = new GammaDraws(this.#host, theta, this.#genes, capacity, seed)
    let usual: Float32Array | undefined
    try {
      await eachPredictive(this.#network, this.#host, this.#question, async (rows) => {
        const { cells, draws } = rows
        usual ??= this.#usual(rows)
        const numbers = cells.map((cell, row) => random.words(keys, cell, draws[row]!, 0)[0]!)
        const rowCodes = cells.map((cell) => batch ?? codes?.[cell] ?? 0)
        gammas.draw(rows, rowCodes, numbers)
        for (let row = 0; row < cells.length; row++) visit(gammas.values + row * gammas.width, usual)
        step((cells.at(-1)! + 1) / source.nCells)
      })
    } finally {
      gammas.release()
    }
  }

  #usual({ mean, cells }: PredictiveRows): Float32Array {
    const { floats } = this.#host.arena
    // as many as training takes at a time: how many a question takes depends on the threads
    const n = Math.min(cells.length, this.#network.block)
    return Float32Array.from(this.#genes, (gene) => {
      let sum = 0
      for (let row = 0; row < n; row++) sum += floats[mean.offset + row * mean.stride + gene]!
      return sum > 0 ? sum / n : 1
    })
  }
}

/** Cells of one size, where it is latent too. */
function ofOneSize(
  source: CellSource,
  posterior: CellPosterior,
  size: number,
): Pick<PredictiveQuestion, 'source' | 'posterior'> {
  const all = (value: number) => new Float32Array(source.nCells).fill(value)
  const { latent, logSize } = posterior
  return {
    source: { ...source, size: all(size) },
    posterior: { latent, ...(logSize && { logSize: { mean: all(Math.log(size)), variance: all(0) } }) },
  }
}
