import {
  decodedHidden,
  geneLogits,
  logDenominators,
  logSumExp,
  rateOf,
  rowLogits,
  type Stretch,
} from './forward.js'
import type { UnpackedModel } from './unpack-model.js'

/** Cells that are decoded together. */
const BLOCK = 1024
/** Hidden units that are kept; beyond, they are computed again for each gene. */
const MOST_KEPT = 2 ** 26
/** Cells of a group that a comparison decodes at most, evenly over the group. */
const MOST_COMPARED = 5000
/** Added to both means before their ratio: a gene that neither group has is not to differ by much. In shares of all counts. */
const PSEUDOCOUNT = 1e-6

/** Means of all genes in two groups of cells. */
export interface Comparison {
  /** By gene: the mean over the group's cells. */
  meanA: Float32Array
  meanB: Float32Array
  /** log2 of the first over the second. */
  logFoldChange: Float32Array
  /** Cells of each group that were decoded. */
  decodedA: number
  decodedB: number
}

/** Hears of the share of the work that is done; the work goes on when what it returns is done. */
export type OnShare = (share: number) => Promise<void> | void

/** Answers for the cells of a page, from their posterior means. */
export class CellModel {
  readonly #model: UnpackedModel
  readonly #nCells: number
  readonly #keptByBatch = new Map<number | undefined, { hidden?: Float32Array; logs: Float32Array }>()

  constructor(model: UnpackedModel) {
    this.#model = model
    this.#nCells = model.logDenominators.length
  }

  /** A gene's share of each cell's counts, or its rate for one unit of the size factor. */
  async geneRates(gene: number, batch?: number, onShare: OnShare = () => {}): Promise<Float32Array> {
    const { decoder } = this.#model
    const { hidden, logs } = await this.#kept(batch, onShare)
    const rates = new Float32Array(this.#nCells)
    for (const block of this.#blocks()) {
      const units = hidden
        ? hidden.subarray(block.from * decoder.head.inputs, block.to * decoder.head.inputs)
        : this.#hidden(block, batch)
      const logits = geneLogits(decoder.head, units, gene)
      for (const [i, logit] of logits.entries()) {
        const cell = block.from + i
        rates[cell] = rateOf(decoder.scale, logit, logs[cell]!)
      }
    }
    return rates
  }

  /** Means of all genes in two groups of cells. */
  async compare(
    a: Uint32Array,
    b: Uint32Array,
    batch?: number,
    onShare: OnShare = () => {},
  ): Promise<Comparison> {
    const [some, others] = [spread(a), spread(b)]
    const all = some.length + others.length
    const meanA = await this.#means(some, batch, (done) => onShare(done / all))
    const meanB = await this.#means(others, batch, (done) => onShare((some.length + done) / all))
    const logFoldChange = meanA.map((mean, gene) =>
      Math.log2((mean + PSEUDOCOUNT) / (meanB[gene]! + PSEUDOCOUNT)),
    )
    return { meanA, meanB, logFoldChange, decodedA: some.length, decodedB: others.length }
  }

  /** The cells whose posterior means are nearest to that of a cell, nearest first. */
  nearest(cell: number, k: number): Uint32Array {
    const { latent } = this.#model
    const d = latent.length / this.#nCells
    const squared = new Float32Array(this.#nCells)
    for (let other = 0; other < this.#nCells; other++) {
      let sum = 0
      for (let f = 0; f < d; f++) sum += (latent[other * d + f]! - latent[cell * d + f]!) ** 2
      squared[other] = sum
    }
    squared[cell] = Number.POSITIVE_INFINITY
    const bound = squared.toSorted()[Math.min(k, this.#nCells - 1) - 1] ?? 0
    const near: number[] = []
    for (let other = 0; other < this.#nCells; other++) {
      if (squared[other]! <= bound && other !== cell) near.push(other)
    }
    return Uint32Array.from(near.sort((x, y) => squared[x]! - squared[y]!).slice(0, k))
  }

  /** A cell's posterior mean. */
  latentOf(cell: number): Float32Array {
    const d = this.#model.latent.length / this.#nCells
    return this.#model.latent.slice(cell * d, (cell + 1) * d)
  }

  async #means(
    cells: Uint32Array,
    batch: number | undefined,
    onCells: (done: number) => Promise<void> | void,
  ): Promise<Float32Array> {
    const { decoder } = this.#model
    const { head, scale } = decoder
    const sums = new Float64Array(head.outputs)
    for (const [i, cell] of cells.entries()) {
      const hidden = this.#hidden({ from: cell, to: cell + 1 }, batch)
      const logits = rowLogits(head, hidden, 0)
      const log =
        batch === undefined || scale === 'softplus' ? this.#model.logDenominators[cell]! : logSumExp(logits)
      for (const [gene, logit] of logits.entries()) sums[gene]! += rateOf(scale, logit, log)
      if (i % 64 === 63) await onCells(i + 1)
    }
    return Float32Array.from(sums, (sum) => sum / cells.length)
  }

  #hidden(cells: Stretch, batch: number | undefined): Float32Array {
    const { decoder, latent, covariates } = this.#model
    return decodedHidden(decoder, latent, covariates, cells, batch)
  }

  async #kept(batch: number | undefined, onShare: OnShare) {
    const known = this.#keptByBatch.get(batch)
    if (known) return known
    const { decoder, logDenominators: own } = this.#model
    const { inputs } = decoder.head
    const hidden = this.#nCells * inputs <= MOST_KEPT ? new Float32Array(this.#nCells * inputs) : undefined
    const logs = batch === undefined ? own : new Float32Array(this.#nCells)
    for (const block of this.#blocks()) {
      const units = this.#hidden(block, batch)
      hidden?.set(units, block.from * inputs)
      if (batch !== undefined) logs.set(logDenominators(decoder, units), block.from)
      await onShare(block.to / this.#nCells)
    }
    const kept = { ...(hidden && { hidden }), logs }
    // one other batch at a time: hidden units are the largest thing that a page holds
    for (const one of this.#keptByBatch.keys()) if (one !== undefined) this.#keptByBatch.delete(one)
    this.#keptByBatch.set(batch, kept)
    return kept
  }

  *#blocks(): Generator<Stretch> {
    for (let from = 0; from < this.#nCells; from += BLOCK) {
      yield { from, to: Math.min(this.#nCells, from + BLOCK) }
    }
  }
}

function spread(cells: Uint32Array): Uint32Array {
  if (cells.length <= MOST_COMPARED) return cells
  return Uint32Array.from(
    { length: MOST_COMPARED },
    (_, i) => cells[Math.floor((i * cells.length) / MOST_COMPARED)]!,
  )
}
