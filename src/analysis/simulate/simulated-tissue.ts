import { NOISE } from '../../numeric/philox.js'
import { Random } from '../../numeric/random.js'

/** Each cell type is this much as frequent as the one before. */
const TYPE_DECLINE = 0.8

/** Standard deviations in the latent space: of type centres, and of cells around theirs. */
const TYPE_SPREAD = 1.6
const CELL_SPREAD = 0.5

/** Hidden units of the decoder for each latent dimension, and how many of them a gene follows. */
const UNITS_PER_DIMENSION = 4
const UNITS_PER_GENE = 3

/** The largest standard deviation of a gene's weights on its hidden units. */
const MARKER_STRENGTH = 1.3

/** Standard deviations of log quantities: gene abundance, batch factors, library size in and between batches. */
const ABUNDANCE_SPREAD = 1
const BATCH_SPREAD = 0.3
const LIBRARY_SPREAD = 0.3
const BATCH_LIBRARY_SPREAD = 0.2

/** Centre and spread of log dispersion. */
const LOG_DISPERSION = Math.log(4)
const DISPERSION_SPREAD = 0.5

/** Cells drawn to learn which library size gives a density. */
const PILOT_CELLS = 128

/**
 * The part of a simulation that all cells share: type centres, decoder, gene abundances and dispersions, batch factors.
 *
 * It is drawn from its own random stream, so the same seed gives the same tissue for any number of cells.
 */
export class SimulatedTissue {
  /** The inverse dispersion θ of every gene. */
  readonly dispersion: Float64Array
  readonly #nTypes: number
  readonly #nLatent: number
  readonly #seed: number
  readonly #centres: Float64Array
  /** The hidden layer h = tanh(A·z + a): A by rows of hidden units, and a. */
  readonly #hiddenWeights: Float64Array
  readonly #hiddenBias: Float64Array
  readonly #hidden: Float64Array
  /** Every gene's hidden units and its weights on them, UNITS_PER_GENE a gene. */
  readonly #units: Int32Array
  readonly #loadings: Float64Array
  /** Log abundance plus log batch factor, nBatches × nGenes. */
  readonly #abundance: Float64Array
  readonly #batchLibrary: Float64Array

  constructor(size: { nGenes: number; nTypes: number; nBatches: number; nLatent: number; seed: number }) {
    const { nGenes, nTypes, nBatches, nLatent, seed } = size
    const random = new Random(seed, NOISE.init)
    const normals = (n: number, sd: number) => Float64Array.from({ length: n }, () => sd * random.normal())
    const nHidden = UNITS_PER_DIMENSION * nLatent
    this.#nTypes = nTypes
    this.#nLatent = nLatent
    this.#seed = seed
    this.#centres = normals(nTypes * nLatent, TYPE_SPREAD)
    this.#hiddenWeights = normals(nHidden * nLatent, 1 / Math.sqrt(nLatent))
    this.#hiddenBias = normals(nHidden, 0.5)
    this.#hidden = new Float64Array(nHidden)
    this.#units = Int32Array.from({ length: nGenes * UNITS_PER_GENE }, () => random.integer(nHidden))
    this.#loadings = new Float64Array(nGenes * UNITS_PER_GENE)
    for (let g = 0; g < nGenes; g++) {
      // a strength for each gene: some are nearly flat, some are strong markers
      const strength = MARKER_STRENGTH * random.next()
      for (let k = 0; k < UNITS_PER_GENE; k++) {
        this.#loadings[g * UNITS_PER_GENE + k] = strength * random.normal()
      }
    }
    const abundance = normals(nGenes, ABUNDANCE_SPREAD)
    this.#abundance = normals(nBatches * nGenes, nBatches > 1 ? BATCH_SPREAD : 0)
    for (let i = 0; i < this.#abundance.length; i++) this.#abundance[i]! += abundance[i % nGenes]!
    this.dispersion = normals(nGenes, DISPERSION_SPREAD).map((log) => Math.exp(LOG_DISPERSION + log))
    this.#batchLibrary = normals(nBatches, BATCH_LIBRARY_SPREAD).map(Math.exp)
    const mean = this.#batchLibrary.reduce((a, b) => a + b) / nBatches
    for (let b = 0; b < nBatches; b++) this.#batchLibrary[b]! /= mean
  }

  /** A cell type, by the types' frequencies. */
  drawType(random: Random): number {
    let left = random.next() * (1 - TYPE_DECLINE ** this.#nTypes)
    let share = 1 - TYPE_DECLINE
    let type = 0
    while (type < this.#nTypes - 1 && left >= share) {
      left -= share
      share *= TYPE_DECLINE
      type++
    }
    return type
  }

  /** A library size relative to the mean over all batches. */
  drawLibraryFactor(batch: number, random: Random): number {
    const log = LIBRARY_SPREAD * random.normal() - LIBRARY_SPREAD ** 2 / 2
    return this.#batchLibrary[batch]! * Math.exp(log)
  }

  /** Fills `z` with the latent position of a cell of a type. */
  drawLatent(type: number, random: Random, z: Float64Array): void {
    for (let d = 0; d < z.length; d++) {
      z[d] = this.#centres[type * this.#nLatent + d]! + CELL_SPREAD * random.normal()
    }
  }

  /** Fills `rates` with the expected share of each gene in a cell's counts; they sum to 1. */
  rates(z: Float64Array, batch: number, rates: Float64Array): void {
    const hidden = this.#hidden
    for (let j = 0; j < hidden.length; j++) {
      let sum = this.#hiddenBias[j]!
      for (let d = 0; d < z.length; d++) sum += this.#hiddenWeights[j * z.length + d]! * z[d]!
      hidden[j] = Math.tanh(sum)
    }
    const nGenes = rates.length
    const units = this.#units
    const loadings = this.#loadings
    const abundance = this.#abundance
    let total = 0
    for (let g = 0; g < nGenes; g++) {
      let log = abundance[batch * nGenes + g]!
      for (let k = g * UNITS_PER_GENE; k < (g + 1) * UNITS_PER_GENE; k++)
        log += loadings[k]! * hidden[units[k]!]!
      const rate = Math.exp(log)
      rates[g] = rate
      total += rate
    }
    for (let g = 0; g < nGenes; g++) rates[g]! /= total
  }

  /** The mean library size at which the expected share of nonzero counts is `density`, by bisection on pilot cells. */
  libraryScaleFor(density: number): number {
    const random = new Random(this.#seed, NOISE.split)
    const nGenes = this.dispersion.length
    const nBatches = this.#batchLibrary.length
    const z = new Float64Array(this.#nLatent)
    const pilots = Array.from({ length: PILOT_CELLS }, () => {
      const batch = random.integer(nBatches)
      const rates = new Float64Array(nGenes)
      this.drawLatent(this.drawType(random), random, z)
      this.rates(z, batch, rates)
      const factor = this.drawLibraryFactor(batch, random)
      return rates.map((rate) => rate * factor)
    })
    let low = Math.log(density)
    let high = Math.log(1e9)
    while (high - low > 1e-4) {
      const middle = (low + high) / 2
      if (this.#nonzeroShare(pilots, Math.exp(middle)) < density) low = middle
      else high = middle
    }
    return Math.exp((low + high) / 2)
  }

  #nonzeroShare(means: readonly Float64Array[], scale: number): number {
    let nonzero = 0
    for (const row of means) {
      for (let g = 0; g < row.length; g++) {
        const theta = this.dispersion[g]!
        nonzero -= Math.expm1(-theta * Math.log1p((scale * row[g]!) / theta))
      }
    }
    return nonzero / (means.length * this.dispersion.length)
  }
}
