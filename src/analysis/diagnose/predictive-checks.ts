import type { CellRow, CellSource } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { rowsOf } from '../../device/loaded-rows.js'
import type { Network } from '../../network/network.js'
import { MISSING } from '../../numeric/missing.js'
import { median } from '../../numeric/quantile.js'
import type { CellsDone } from '../posterior/inference.js'
import { eachPredictedCounts, type PredictiveQuestion } from '../posterior/predictive.js'
import type { Estimate } from './estimate.js'

/** Share of the predictive distribution that an interval is to hold. */
export const INTERVAL = 0.9

/** An observed number beside what the model predicts for it; the error is the spread of the predictions. */
export interface Check {
  observed: number
  predicted: Estimate
}

/** A gene as it is and as the model has it. */
export interface GeneCheck {
  /** Position among the model's genes. */
  gene: number
  mean: Check
  variance: Check
  /** Share of cells without a count. */
  zeros: Check
  /** Share of the counts within their intervals of 90 %. */
  coverage: number
}

/** Counts beside counts that the model predicts for the same cells. */
export interface PredictiveFit {
  nCells: number
  /** Share of all counts that are 0. */
  zeros: Check
  /** Share of the counts above 0 that are 1. */
  ones: Check
  /** Mean total of a cell. */
  total: Check
  /** Share of cells whose total is within its interval of 90 %. */
  totalCoverage: number
  /** Median over the cells of the share of counts within intervals of 90 %. */
  cellCoverage: number
  /** Every gene with a count, observed or predicted. */
  genes: GeneCheck[]
}

/**
 * Posterior predictive checks: counts of cells beside counts drawn for them, a latent from the cell's posterior and counts from the decoder. Intervals are
 * by the rank of a count among its draws, ties split evenly, so that a true model holds 90 % whatever the counts are.
 *
 * @param question with a number of draws above 1
 */
export async function predictiveFit(
  network: Network,
  host: HostKernels,
  question: PredictiveQuestion,
  done?: CellsDone,
): Promise<PredictiveFit> {
  const tally = new Tally(question.source, question.nSamples)

  await eachPredictedCounts(network, host, question, async (rows, cells, draws) => {
    const first = cells[0]!
    const n = cells.at(-1)! - first + 1
    const own = await rowsOf(
      question.source,
      Int32Array.from({ length: n }, (_, i) => first + i),
    )
    for (const [i, cell] of cells.entries()) {
      if (draws[i] === 0) {
        tally.observe(own[cell - first]!)
        done?.(1)
      }
      tally.predict(draws[i]!, rows[i]!)
    }
  })
  return tally.fit()
}

/** Sums over the cells, of what was observed (place 0) and of each draw (from 1 on). */
class Tally {
  readonly #draws: number
  readonly #nGenes: number
  readonly #nCells: number
  /** By place and gene. */
  readonly #sums: Float64Array[]
  readonly #squares: Float64Array[]
  readonly #counted: Float64Array[]
  readonly #ones: Float64Array
  readonly #totals: Float64Array
  /** By gene. */
  readonly #known: Float64Array
  readonly #covered: Float64Array
  /** Of the cell under way. */
  readonly #x: Float64Array
  readonly #nonzero: Int32Array
  readonly #below: Int32Array
  readonly #equal: Int32Array
  #ownTotal = 0
  #drawnTotals: number[] = []
  #totalsCovered = 0
  #cellCoverages: number[] = []
  #begun = false

  constructor({ nCells, nGenes }: CellSource, draws: number) {
    const places = () => Array.from({ length: draws + 1 }, () => new Float64Array(nGenes))
    this.#draws = draws
    this.#nGenes = nGenes
    this.#nCells = nCells
    this.#sums = places()
    this.#squares = places()
    this.#counted = places()
    this.#ones = new Float64Array(draws + 1)
    this.#totals = new Float64Array(draws + 1)
    this.#known = new Float64Array(nGenes)
    this.#covered = new Float64Array(nGenes)
    this.#x = new Float64Array(nGenes)
    this.#nonzero = new Int32Array(nGenes)
    this.#below = new Int32Array(nGenes)
    this.#equal = new Int32Array(nGenes)
  }

  /** Begins a cell with its own counts. */
  observe({ genes, counts }: CellRow): void {
    this.#endCell()
    this.#begun = true
    this.#x.fill(0)
    for (const [k, gene] of genes.entries()) this.#x[gene] = counts[k] === MISSING ? Number.NaN : counts[k]!
    this.#ownTotal = this.#add(0, { genes, counts })
  }

  /** Takes one draw of the cell. */
  predict(draw: number, row: CellRow): void {
    this.#drawnTotals.push(this.#add(draw + 1, row))
    for (const [k, gene] of row.genes.entries()) {
      this.#nonzero[gene]!++
      const [x, y] = [this.#x[gene]!, row.counts[k]!]
      if (y < x) this.#below[gene]!++
      else if (y === x) this.#equal[gene]!++
    }
  }

  fit(): PredictiveFit {
    this.#endCell()
    const nKnown = this.#known.reduce((sum, n) => sum + n, 0)
    const all = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0)
    const nonzero = this.#counted.map(all)
    return {
      nCells: this.#nCells,
      zeros: checkOf(nonzero, (n) => 1 - n / nKnown),
      ones: checkOf(nonzero, (n, place) => this.#ones[place]! / Math.max(1, n)),
      total: checkOf(Array.from(this.#totals), (total) => total / this.#nCells),
      totalCoverage: this.#totalsCovered / this.#nCells,
      cellCoverage: median(Float64Array.from(this.#cellCoverages)),
      genes: Array.from({ length: this.#nGenes }, (_, gene) => gene)
        .filter((gene) => this.#known[gene]! > 1 && this.#counted.some((counts) => counts[gene]! > 0))
        .map((gene) => this.#gene(gene)),
    }
  }

  #gene(gene: number): GeneCheck {
    const n = this.#known[gene]!
    const of = (values: readonly Float64Array[]) => values.map((each) => each[gene]!)
    const sums = of(this.#sums)
    return {
      gene,
      mean: checkOf(sums, (sum) => sum / n),
      variance: checkOf(of(this.#squares), (square, place) => (square - sums[place]! ** 2 / n) / (n - 1)),
      zeros: checkOf(of(this.#counted), (counted) => 1 - counted / n),
      coverage: this.#covered[gene]! / n,
    }
  }

  /** Adds a row to the sums of a place; what the cell does not tell of is left out. */
  #add(place: number, { genes, counts }: CellRow): number {
    const [sums, squares, counted] = [this.#sums[place]!, this.#squares[place]!, this.#counted[place]!]
    let total = 0
    for (const [k, gene] of genes.entries()) {
      const x = counts[k]!
      if (x <= 0 || Number.isNaN(this.#x[gene]!)) continue
      sums[gene]! += x
      squares[gene]! += x * x
      counted[gene]!++
      if (x === 1) this.#ones[place]!++
      total += x
    }
    this.#totals[place]! += total
    return total
  }

  #endCell(): void {
    if (!this.#begun) return
    let [covered, known] = [0, 0]
    for (let gene = 0; gene < this.#nGenes; gene++) {
      const x = this.#x[gene]!
      if (!Number.isNaN(x)) {
        const zeros = this.#draws - this.#nonzero[gene]!
        const below = x > 0 ? zeros + this.#below[gene]! : 0
        const inside = insideOf(below, x > 0 ? this.#equal[gene]! : zeros, this.#draws)
        this.#covered[gene]! += inside
        this.#known[gene]!++
        covered += inside
        known++
      }
    }
    this.#nonzero.fill(0)
    this.#below.fill(0)
    this.#equal.fill(0)
    if (known > 0) this.#cellCoverages.push(covered / known)
    const own = this.#ownTotal
    const below = this.#drawnTotals.filter((total) => total < own).length
    const equal = this.#drawnTotals.filter((total) => total === own).length
    this.#totalsCovered += insideOf(below, equal, this.#draws)
    this.#drawnTotals = []
  }
}

/** How much of the interval of ranks that a count takes among its draws lies in the middle. */
function insideOf(below: number, equal: number, draws: number): number {
  const [low, high] = [below / (draws + 1), (below + equal + 1) / (draws + 1)]
  const tail = (1 - INTERVAL) / 2
  return Math.max(0, Math.min(high, 1 - tail) - Math.max(low, tail)) / (high - low)
}

/** What was observed (the first) beside the mean and spread of the draws. */
function checkOf(places: readonly number[], of: (value: number, place: number) => number): Check {
  const [observed, ...drawn] = places.map(of) as [number, ...number[]]
  const mean = drawn.reduce((sum, x) => sum + x, 0) / drawn.length
  const squares = drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0)
  return { observed, predicted: { value: mean, error: Math.sqrt(squares / Math.max(1, drawn.length - 1)) } }
}
