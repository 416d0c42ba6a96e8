import { type CountBlock, CountMatrix } from '../../anndata/counts/counts.js'
import { packBlock } from '../../anndata/counts/packed-block.js'
import { checkOptionKeys } from '../../anndata/option-keys.js'
import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import { NOISE } from '../../numeric/philox.js'
import { Random } from '../../numeric/random.js'
import { SimulatedTissue } from './simulated-tissue.js'

/** Options of {@link simulateCells}. */
export interface SimulationOptions {
  nCells: number
  nGenes: number
  /** Cell types, 6 by default; each next one is a fifth rarer than the one before. */
  nTypes?: number
  /** Batches, 2 by default, equally likely. */
  nBatches?: number
  /** Dimensions of the latent space, 8 by default. */
  nLatent?: number
  /** Share of cells planted as outliers, 0 by default. */
  outlierFraction?: number
  /** Share of cells planted as doublets, 0 by default; they need two types. */
  doubletFraction?: number
  /** Expected share of nonzero counts, 0.1 by default; sets the library sizes. */
  density?: number
  /** Mean library size, instead of `density`. */
  meanLibrarySize?: number
  /** A whole number in [0, 2³²), 0 by default. */
  seed?: number
}

/** Simulated counts with the truth behind them; every array of `obs` has one entry a cell. */
export interface SimulatedCells {
  counts: CountMatrix
  obs: {
    cell_type: string[]
    batch: string[]
    /** 1 for a planted outlier. */
    is_outlier: Uint8Array
    /** 'none', 'scrambled' or 'contaminated'. */
    outlier_kind: OutlierKind[]
    /** 1 for a planted doublet; `cell_type` is then the type of its first cell. */
    is_doublet: Uint8Array
    /** The type of a doublet's second cell, else null. */
    second_cell_type: (string | null)[]
    /** The expected total count that the cell was drawn with. */
    library_size: Float64Array
  }
  /** The inverse dispersion θ of every gene: variance = mean + mean²/θ. */
  dispersion: Float64Array
  obsNames: string[]
  varNames: string[]
  /** Latent positions, cells × dimensions; of a doublet, its first cell's. */
  latent: Matrix
}

/** How a planted outlier was made. */
export type OutlierKind = 'none' | 'scrambled' | 'contaminated'

const OPTION_KEYS = [
  'nCells',
  'nGenes',
  'nTypes',
  'nBatches',
  'nLatent',
  'outlierFraction',
  'doubletFraction',
  'density',
  'meanLibrarySize',
  'seed',
]

const BLOCK_CELLS = 4096

/** Share of the genes whose rates a scrambled cell exchanges among each other. */
const SCRAMBLED_GENES = 0.5

/** Share of a contaminated cell's counts that comes from a programme of its own, and of the genes in that programme. */
const CONTAMINATION = 0.5
const PROGRAMME_GENES = 0.1

/**
 * Simulates a tissue: negative binomial counts from a low-dimensional latent.
 *
 * Cell types are clusters in the latent space with continuous variation inside; a random smooth decoder with softmax
 * gives gene proportions, which every batch multiplies by its own factors; library sizes are log-normal with a mean of
 * their own in each batch; every gene has its dispersion. On request, outliers (half of them with the rates of half the
 * genes exchanged, half with a programme that no other cell has) and doublets (the sum of two cells of different
 * types in one batch) are planted at random places. The same options give the same cells.
 *
 * The cost is one uniform number a cell and gene; exponentials and gamma functions are met at likely nonzeros only.
 *
 * @throws ScvaeError `usage` for an unknown option or one out of its range
 */
export function simulateCells(options: SimulationOptions): SimulatedCells {
  const { nCells, nGenes, nTypes, nBatches, nLatent, outlierFraction, doubletFraction, density, seed } =
    checkOptions(options)
  const tissue = new SimulatedTissue({ nGenes, nTypes, nBatches, nLatent, seed })
  const libraryScale = options.meanLibrarySize ?? tissue.libraryScaleFor(density)
  const random = new Random(seed, NOISE.sample)

  const places = random.permutation(nCells)
  const nOutliers = Math.round(outlierFraction * nCells)
  const nDoublets = Math.min(Math.round(doubletFraction * nCells), nCells - nOutliers)
  const is_outlier = new Uint8Array(nCells)
  const is_doublet = new Uint8Array(nCells)
  const outlier_kind = new Array<OutlierKind>(nCells).fill('none')
  for (let i = 0; i < nOutliers; i++) {
    is_outlier[places[i]!] = 1
    outlier_kind[places[i]!] = i % 2 === 0 ? 'scrambled' : 'contaminated'
  }
  for (let i = nOutliers; i < nOutliers + nDoublets; i++) is_doublet[places[i]!] = 1

  const cell_type: string[] = []
  const batch: string[] = []
  const second_cell_type: (string | null)[] = []
  const library_size = new Float64Array(nCells)
  const latent = new Float32Array(nCells * nLatent)
  const rates = new Float64Array(nGenes)
  const z = new Float64Array(nLatent)
  const counts = collectRows(nCells, nGenes, (cell, row) => {
    const type = tissue.drawType(random)
    const inBatch = random.integer(nBatches)
    const librarySize = libraryScale * tissue.drawLibraryFactor(inBatch, random)
    tissue.drawLatent(type, random, z)
    tissue.rates(z, inBatch, rates)
    if (outlier_kind[cell] === 'scrambled') scramble(rates, random)
    if (outlier_kind[cell] === 'contaminated') contaminate(rates, random)
    addCounts(row, rates, librarySize, tissue.dispersion, random)
    cell_type.push(typeName(type))
    batch.push(`batch_${inBatch + 1}`)
    library_size[cell] = librarySize
    latent.set(z, cell * nLatent)
    if (is_doublet[cell] === 0) {
      second_cell_type.push(null)
      return
    }
    let second = tissue.drawType(random)
    while (second === type) second = tissue.drawType(random)
    const secondSize = libraryScale * tissue.drawLibraryFactor(inBatch, random)
    tissue.drawLatent(second, random, z)
    tissue.rates(z, inBatch, rates)
    addCounts(row, rates, secondSize, tissue.dispersion, random)
    second_cell_type.push(typeName(second))
    library_size[cell]! += secondSize
  })

  return {
    counts,
    obs: { cell_type, batch, is_outlier, outlier_kind, is_doublet, second_cell_type, library_size },
    dispersion: tissue.dispersion,
    obsNames: numberedNames('cell', nCells),
    varNames: numberedNames('gene', nGenes),
    latent: { values: latent, rows: nCells, columns: nLatent },
  }
}

type CheckedOptions = Required<Omit<SimulationOptions, 'meanLibrarySize'>>

function checkOptions(options: SimulationOptions): CheckedOptions {
  checkOptionKeys('simulateCells', options, OPTION_KEYS)
  const defaults = {
    nTypes: 6,
    nBatches: 2,
    nLatent: 8,
    outlierFraction: 0,
    doubletFraction: 0,
    density: 0.1,
    seed: 0,
  }
  const checked: CheckedOptions = { ...defaults, ...options }
  for (const key of ['nCells', 'nGenes', 'nTypes', 'nBatches', 'nLatent'] as const) {
    demand(Number.isInteger(checked[key]) && checked[key] > 0, key, 'a positive whole number', checked[key])
  }
  for (const key of ['outlierFraction', 'doubletFraction'] as const) {
    demand(checked[key] >= 0 && checked[key] <= 1, key, 'from 0 to 1', checked[key])
  }
  const { density, seed, doubletFraction, nTypes } = checked
  demand(density > 0 && density < 1, 'density', 'above 0 and below 1', density)
  demand(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32, 'seed', 'a whole number below 2^32', seed)
  const { meanLibrarySize } = options
  if (meanLibrarySize !== undefined) {
    demand(
      meanLibrarySize > 0 && meanLibrarySize < 1e9,
      'meanLibrarySize',
      'positive and below 1e9',
      meanLibrarySize,
    )
    if (options.density !== undefined) {
      throw new ScvaeError('usage', 'The simulation takes either density or meanLibrarySize, not both.', {
        hint: 'Each follows from the other.',
      })
    }
  }
  if (doubletFraction > 0 && nTypes < 2) {
    throw new ScvaeError('usage', 'Doublets join cells of two types, but nTypes is 1.', {
      hint: 'Ask for at least two types, or for no doublets.',
    })
  }
  return checked
}

function demand(condition: boolean, key: string, range: string, value: number): void {
  if (!condition) throw new ScvaeError('usage', `The simulation's ${key} must be ${range}, not ${value}.`)
}

function typeName(type: number): string {
  return `type_${type + 1}`
}

function numberedNames(stem: string, n: number): string[] {
  const width = String(n).length
  return Array.from({ length: n }, (_, i) => `${stem}_${String(i + 1).padStart(width, '0')}`)
}

/** Builds a count matrix from rows that `fill` adds up in a dense scratch row of zeros. */
function collectRows(
  nCells: number,
  nGenes: number,
  fill: (cell: number, row: Float32Array) => void,
): CountMatrix {
  const row = new Float32Array(nGenes)
  const blocks: CountBlock[] = []
  let genes = new Int32Array(nGenes * 64)
  let values = new Float32Array(nGenes * 64)
  for (let firstCell = 0; firstCell < nCells; firstCell += BLOCK_CELLS) {
    const cells = Math.min(BLOCK_CELLS, nCells - firstCell)
    const offsets = new Int32Array(cells + 1)
    let used = 0
    for (let i = 0; i < cells; i++) {
      if (used + nGenes > genes.length) {
        genes = enlarged(genes, new Int32Array(genes.length * 2))
        values = enlarged(values, new Float32Array(values.length * 2))
      }
      fill(firstCell + i, row)
      for (let g = 0; g < nGenes; g++) {
        const count = row[g]!
        if (count === 0) continue
        genes[used] = g
        values[used++] = count
        row[g] = 0
      }
      offsets[i + 1] = used
    }
    blocks.push(
      packBlock({
        firstCell,
        nCells: cells,
        offsets,
        genes: genes.slice(0, used),
        counts: values.slice(0, used),
      }),
    )
  }
  return new CountMatrix(nGenes, blocks)
}

function enlarged<T extends Int32Array | Float32Array>(old: T, larger: T): T {
  larger.set(old)
  return larger
}

/** Adds negative binomial draws with means `librarySize · rates` to a dense row. */
function addCounts(
  row: Float32Array,
  rates: Float64Array,
  librarySize: number,
  dispersion: Float64Array,
  random: Random,
): void {
  for (let g = 0; g < rates.length; g++) {
    const mean = librarySize * rates[g]!
    const u = random.coarse()
    // P(count > 0) = 1 − (θ/(θ+mean))^θ ≤ mean: most zeros are settled here
    if (u < mean)
      row[g]! += mean > 20 ? random.negativeBinomial(mean, dispersion[g]!) : countAt(u, mean, dispersion[g]!)
  }
}

/** The smallest k with P(count > k) ≤ u: a negative binomial draw by inversion from the upper tail. */
function countAt(u: number, mean: number, theta: number): number {
  const odds = mean / (theta + mean)
  let probability = Math.exp(-theta * Math.log1p(mean / theta))
  let tail = 1 - probability
  let k = 0
  while (u < tail) {
    k++
    probability *= ((k - 1 + theta) / k) * odds
    tail -= probability
  }
  return k
}

/** Exchanges the rates of a random part of the genes among each other. */
function scramble(rates: Float64Array, random: Random): void {
  const chosen = random.permutation(rates.length).subarray(0, Math.ceil(SCRAMBLED_GENES * rates.length))
  const held = random.shuffle(Float64Array.from(chosen, (g) => rates[g]!))
  for (const [i, g] of chosen.entries()) rates[g] = held[i]!
}

/** Mixes in a programme over a random few genes that no other cell has. */
function contaminate(rates: Float64Array, random: Random): void {
  const chosen = random.permutation(rates.length).subarray(0, Math.ceil(PROGRAMME_GENES * rates.length))
  const programme = Float64Array.from(chosen, () => random.gamma(1))
  const total = programme.reduce((a, b) => a + b)
  for (let g = 0; g < rates.length; g++) rates[g]! *= 1 - CONTAMINATION
  for (const [i, g] of chosen.entries()) rates[g]! += (CONTAMINATION * programme[i]!) / total
}
