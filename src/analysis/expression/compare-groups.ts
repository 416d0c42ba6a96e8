import type { CellSource } from '../../device/device.js'
import type { Network } from '../../network/network.js'
import type { RandomKeys } from '../../numeric/keyed-random.js'
import { quantile } from '../../numeric/quantile.js'
import { CellDraws } from '../posterior/cell-draws.js'
import type { CellPosterior } from '../posterior/cell-posterior.js'
import { type ScaleDecoder, withDecoders } from '../posterior/scale-decoder.js'
import { type GeneEffect, geneEffect } from './gene-effect.js'
import { type Draws, type Pairs, pairsOf } from './pairs.js'

/** Bytes of the scales that are kept at a time: those of as many genes as go into it. */
const SCALE_BYTES = 128 * 2 ** 20
/** The least pseudocount. */
const LEAST = 1e-10
/** Which of the largest scales of genes without counts is taken for noise. */
const NOISE_QUANTILE = 0.9

/** Two groups of cells and how they are compared. */
export interface GroupQuestion {
  source: CellSource
  posterior: CellPosterior
  keys: RandomKeys
  seed: number
  /** Positions of the cells of the two groups. */
  groups: readonly [Int32Array, Int32Array]
  /** Codes of batches that both groups are decoded in; undefined for the cells' own. */
  batches: readonly (number | undefined)[]
  nPairs: number
  delta: number
  /** Added to scales; from `rareGenes` when left out. */
  pseudocount?: number
  /** Genes with hardly a count in each of the groups. */
  rareGenes: readonly [Int32Array, Int32Array]
  /** Is told how many of how many pairs are done. */
  onProgress?: (done: number, total: number) => void
}

/** What a comparison says. */
export interface GroupAnswer {
  pseudocount: number
  genes: GeneEffect[]
}

/** Scales of genes in all pairs, gene by gene. */
interface Scales {
  firstGene: number
  nGenes: number
  of: readonly [Float32Array, Float32Array]
}

/**
 * Compares two groups of cells gene by gene, by pairs of draws from their posteriors (Lopez et al. 2018; Boyeau et al. 2019). Memory is
 * bounded: where scales of all genes do not go into it, cells are decoded once for each lot of genes.
 */
export function compareGroups(network: Network, question: GroupQuestion): Promise<GroupAnswer> {
  const { source, keys, seed, groups, batches, nPairs } = question
  const pairs = pairsOf(groups, keys, batches, nPairs, seed)
  const lot = Math.max(1, Math.min(source.nGenes, Math.floor(SCALE_BYTES / (8 * nPairs))))
  const space = () => new Float32Array(lot * nPairs)
  const of = [space(), space()] as const
  const sorted = new Float32Array(nPairs)
  return withDecoders(network, source, batches, async (decoders) => {
    const genes: GeneEffect[] = []
    const largest = [new Float32Array(source.nGenes), new Float32Array(source.nGenes)] as const
    let pseudocount = question.pseudocount
    const total = Math.ceil(source.nGenes / lot) * nPairs
    for (let firstGene = 0; firstGene < source.nGenes; firstGene += lot) {
      const scales = { firstGene, nGenes: Math.min(lot, source.nGenes - firstGene), of }
      const seen = firstGene === 0 ? largest : undefined
      const before = (firstGene / lot) * nPairs
      const onProgress = (done: number) => question.onProgress?.(before + done, total)
      await decodePairs(decoders, pairs, question, scales, seen, onProgress)
      pseudocount ??= pseudocountOf(largest, question.rareGenes)
      for (let gene = 0; gene < scales.nGenes; gene++) {
        const [a, b] = of.map((all) => all.subarray(gene * nPairs, (gene + 1) * nPairs))
        genes.push(geneEffect(a!, b!, { pseudocount, delta: question.delta }, sorted))
      }
    }
    return { pseudocount: pseudocount!, genes }
  })
}

/** Fills scales with those of some genes in all pairs, and the largest scale of every gene where it is asked for. */
async function decodePairs(
  decoders: readonly ScaleDecoder[],
  pairs: readonly Pairs[],
  { posterior, keys, seed, nPairs }: GroupQuestion,
  scales: Scales,
  largest: readonly [Float32Array, Float32Array] | undefined,
  onProgress: (done: number) => void,
): Promise<void> {
  const noise = new CellDraws(posterior, keys, seed)
  let firstPair = 0
  for (const [k, { first, second }] of pairs.entries()) {
    const decoder = decoders[k]!
    for (let at = 0; at < first.cells.length; at += decoder.capacity) {
      const n = Math.min(decoder.capacity, first.cells.length - at)
      for (const [side, draws] of [first, second].entries()) {
        const { cells, draws: which } = part(draws, at, n)
        const { mean } = await decoder.decode(cells, noise.latents(cells, which))
        take(mean, n, scales, scales.of[side]!, firstPair + at, nPairs)
        if (largest) raise(largest[side]!, mean, n)
      }
      onProgress(firstPair + at + n)
    }
    firstPair += first.cells.length
  }
}

const part = ({ cells, draws }: Draws, at: number, n: number): Draws => ({
  cells: cells.slice(at, at + n),
  draws: draws.slice(at, at + n),
})

/** Puts rows of scales into those of each gene. */
function take(
  mean: Float32Array,
  rows: number,
  { firstGene, nGenes }: Scales,
  to: Float32Array,
  firstPair: number,
  nPairs: number,
): void {
  const all = mean.length / rows
  for (let gene = 0; gene < nGenes; gene++) {
    const start = gene * nPairs + firstPair
    for (let row = 0, from = firstGene + gene; row < rows; row++, from += all) to[start + row] = mean[from]!
  }
}

function raise(largest: Float32Array, mean: Float32Array, rows: number): void {
  const { length } = largest
  for (let row = 0; row < rows; row++)
    for (let gene = 0; gene < length; gene++)
      if (mean[row * length + gene]! > largest[gene]!) largest[gene] = mean[row * length + gene]!
}

/** What scales of genes without counts reach, a gene: the pseudocount of scvi-tools. */
function pseudocountOf(
  largest: readonly [Float32Array, Float32Array],
  rare: readonly [Int32Array, Int32Array],
): number {
  const noise = largest.map((all, side) => {
    const values = Float32Array.from(rare[side]!, (gene) => all[gene]!)
    return values.length > 0 ? quantile(values, NOISE_QUANTILE) : LEAST
  })
  return Math.max(LEAST, Math.max(...noise) / largest[0].length)
}
