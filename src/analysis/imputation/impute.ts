import { setImmediate } from 'node:timers/promises'
import type { CellSource } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { rowsOf } from '../../device/loaded-rows.js'
import type { Network } from '../../network/network.js'
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

/** Of each cell of a source that lacks counts of some genes, these genes. */
export async function lackingCells(
  source: CellSource,
  genes: Int32Array | undefined,
): Promise<Map<number, Int32Array>> {
  const lacking = new Map<number, Int32Array>()
  if (!source.counts.missing) return lacking
  const wanted = genes && new Set(genes)
  for (const cells of cellChunks(source.nCells, CHUNK)) {
    for (const [i, row] of (await rowsOf(source, cells)).entries()) {
      const missing = missingOf(row)
      const asked = wanted ? missing.filter((gene) => wanted.has(gene)) : missing
      if (asked.length > 0) lacking.set(cells[i]!, asked)
    }
    // so that a signal is heard
    await setImmediate()
  }
  return lacking
}

/**
 * Fills in missing counts: means, medians and central intervals of the posterior predictive, as mixtures over draws of the latent.
 *
 * @param lacking from {@link lackingCells}
 * @param interval probability that a count lies in its interval
 * @param visit gets blocks in the order of the cells, and is waited for
 */
export async function eachImputedBlock(
  network: Network,
  host: HostKernels,
  question: PredictiveQuestion,
  lacking: ReadonlyMap<number, Int32Array>,
  interval: number,
  visit: (block: ImputedBlock) => void | Promise<void>,
): Promise<void> {
  const cells = Int32Array.from(lacking.keys())
  const probabilities = [(1 - interval) / 2, 0.5, (1 + interval) / 2]
  const part = partOf(question, cells)
  let block = new GrowingBlock()
  await eachEntryDraws(
    network,
    host,
    part,
    (i) => lacking.get(cells[i]!)!,
    async ({ cell, genes, count }) => {
      for (const [k, gene] of genes.entries()) {
        const distribution = count(k)
        const [low, median, high] = distribution.quantiles(probabilities)
        block.add(gene, [distribution.mean(), median!, low!, high!])
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
  readonly #cells: number[] = []
  readonly #offsets: number[] = [0]
  readonly #genes: number[] = []
  readonly #values: number[] = []

  get length(): number {
    return this.#genes.length
  }

  /** @param values mean, median, low and high */
  add(gene: number, values: readonly [number, number, number, number]): void {
    this.#genes.push(gene)
    this.#values.push(...values)
  }

  endCell(cell: number): void {
    this.#cells.push(cell)
    this.#offsets.push(this.#genes.length)
  }

  take(): ImputedBlock {
    const every = (from: number) =>
      Float32Array.from({ length: this.#genes.length }, (_, i) => this.#values[4 * i + from]!)
    return {
      cells: Int32Array.from(this.#cells),
      offsets: Int32Array.from(this.#offsets),
      genes: Int32Array.from(this.#genes),
      mean: every(0),
      median: every(1),
      low: every(2),
      high: every(3),
    }
  }
}
