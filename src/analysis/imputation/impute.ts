import { setImmediate } from 'node:timers/promises'
import type { CellSource } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { rowsOf } from '../../device/loaded-rows.js'
import type { Network } from '../../network/network.js'
import { GrowingFloats, GrowingInts } from '../../numeric/growing.js'
import { cellChunks } from '../posterior/inference.js'
import { partOf } from '../posterior/part-of.js'
import type { PredictiveQuestion } from '../posterior/predictive.js'
import { eachEntryDraws, missingOf } from './entry-draws.js'

/** Missing counts of a block, about. */
const BLOCK_ENTRIES = 2 ** 17
/** Cells whose rows are looked through at a time. */
const CHUNK = 1024

/** What stands for the missing counts of some cells, which are in order. */
export interface ImputedBlock {
  /** Positions of the cells that lack something, among those that were asked for. */
  cells: Int32Array
  /** Where the counts of each cell begin in the arrays below, and of the last one end. */
  offsets: Int32Array
  /** Positions of their genes in the model. */
  genes: Int32Array
  /** Expected counts. */
  mean: Float32Array
  /** Medians: what is least far from the count, on average. Of counts that are rare these are 0. */
  median: Float32Array
  /** Lower ends of the intervals. */
  low: Float32Array
  /** Upper ends. */
  high: Float32Array
}

/** Cells that lack counts of some genes. */
export interface LackingCells {
  /** Positions of the cells, ascending. */
  cells: Int32Array
  /** Where the genes of each begin, and those of the last one end. */
  offsets: Int32Array
  genes: Int32Array
}

/** Of each cell of a source that lacks counts of some genes, these genes. */
export async function lackingCells(source: CellSource, genes: Int32Array | undefined): Promise<LackingCells> {
  const found = { cells: new GrowingInts(), offsets: new GrowingInts(), genes: new GrowingInts() }
  const wanted = genes && new Set(genes)
  found.offsets.push(0)
  for (const cells of source.counts.missing ? cellChunks(source.nCells, CHUNK) : []) {
    for (const [i, row] of (await rowsOf(source, cells)).entries()) {
      const before = found.genes.length
      for (const gene of missingOf(row)) if (!wanted || wanted.has(gene)) found.genes.push(gene)
      if (found.genes.length === before) continue
      found.cells.push(cells[i]!)
      found.offsets.push(found.genes.length)
    }
    // so that a signal is heard
    await setImmediate()
  }
  return { cells: found.cells.taken(), offsets: found.offsets.taken(), genes: found.genes.taken() }
}

/**
 * Fills in missing counts: means, medians and central intervals of the posterior predictive, as mixtures over draws of the latent.
 *
 * @param interval probability that a count lies in its interval
 * @param visit gets blocks in the order of the cells, and is waited for
 */
export async function eachImputedBlock(
  network: Network,
  host: HostKernels,
  question: PredictiveQuestion,
  { cells, offsets, genes: lacking }: LackingCells,
  interval: number,
  visit: (block: ImputedBlock) => void | Promise<void>,
): Promise<void> {
  const probabilities = [(1 - interval) / 2, 0.5, (1 + interval) / 2]
  const part = partOf(question, cells)
  let block = new GrowingBlock()
  await eachEntryDraws(
    network,
    host,
    part,
    (i) => lacking.subarray(offsets[i]!, offsets[i + 1]!),
    async ({ cell, genes, count }) => {
      for (const [k, gene] of genes.entries()) {
        const distribution = count(k)
        const [low, median, high] = distribution.quantiles(probabilities)
        block.add(gene, distribution.mean(), median!, low!, high!)
      }
      block.endCell(cells[cell]!)
      if (block.length < BLOCK_ENTRIES) return
      await visit(block.take())
      block = new GrowingBlock()
    },
  )
  if (block.length > 0) await visit(block.take())
}

class GrowingBlock {
  readonly #cells = new GrowingInts()
  readonly #offsets = new GrowingInts()
  readonly #genes = new GrowingInts()
  readonly #values = {
    mean: new GrowingFloats(),
    median: new GrowingFloats(),
    low: new GrowingFloats(),
    high: new GrowingFloats(),
  }

  constructor() {
    this.#offsets.push(0)
  }

  get length(): number {
    return this.#genes.length
  }

  add(gene: number, mean: number, median: number, low: number, high: number): void {
    this.#genes.push(gene)
    this.#values.mean.push(mean)
    this.#values.median.push(median)
    this.#values.low.push(low)
    this.#values.high.push(high)
  }

  endCell(cell: number): void {
    this.#cells.push(cell)
    this.#offsets.push(this.#genes.length)
  }

  take(): ImputedBlock {
    const { mean, median, low, high } = this.#values
    return {
      cells: this.#cells.taken(),
      offsets: this.#offsets.taken(),
      genes: this.#genes.taken(),
      mean: mean.taken(),
      median: median.taken(),
      low: low.taken(),
      high: high.taken(),
    }
  }
}
