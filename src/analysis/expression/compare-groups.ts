import { setImmediate } from 'node:timers/promises'
import type { CellSource, Device } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'
import { quantile } from '../../numeric/quantile.js'
import { networkJoint } from '../diagnose/log-joint.js'
import { CellDraws } from '../posterior/cell-draws.js'
import type { CellPosterior } from '../posterior/cell-posterior.js'
import { type ScaleDecoder, withDecoders } from '../posterior/scale-decoder.js'
import type { Draws } from './draws-in-turn.js'
import type { GeneEffect } from './gene-effect.js'
import { importancePairs, type WeightedGroup } from './importance-pairs.js'
import { type OrderedScales, PairScales } from './pair-scales.js'
import { firstsOf, type PairQuestion, type Pairs, pairsOf } from './pairs.js'
import type { SampleScales } from './sample-effects.js'
import { SampleMeans } from './sample-means.js'

/** What weighing draws takes, in comparisons of as many. */
const WEIGHING = 20
/** The least pseudocount. */
const LEAST = 1e-10
/** Which of the largest scales of genes without counts is taken for noise. */
const NOISE_QUANTILE = 0.9

/** Two groups of cells and how they are compared. */
export interface GroupQuestion extends PairQuestion {
  source: CellSource
  /** With log sizes where draws are weighted and these are latent. */
  posterior: CellPosterior
  /** Whether draws are weighted by importance. */
  weighted: boolean
  delta: number
  /** Added to scales; from `rareGenes` when left out. */
  pseudocount?: number
  /** Genes with hardly a count in each of the groups. */
  rareGenes: readonly [Int32Array, Int32Array]
  /** Sample of every cell of the source, −1 for none, and how many there are: the scales of each are averaged then. */
  samples?: { codes: Int32Array; n: number }
  /** Scales of the second group's draws, where they are there already; without weights and samples, and in one batch. */
  second?: OrderedScales
  /** Is told how many of how many pairs are done. */
  onProgress?: (done: number, total: number) => void
}

/** What a comparison says. */
export interface GroupAnswer {
  pseudocount: number
  genes: GeneEffect[]
  samples?: SampleScales
  /** Where draws are weighted. */
  weighted?: readonly [WeightedGroup, WeightedGroup]
}

/**
 * Compares two groups of cells gene by gene, by pairs of draws from their posteriors (Lopez et al. 2018; Boyeau et al. 2019). Memory is
 * bounded: where scales of all genes do not go into it, cells are decoded once for each lot of genes.
 */
export function compareGroups(
  network: Network,
  host: HostKernels,
  question: GroupQuestion,
): Promise<GroupAnswer> {
  const { source, groups, batches, nPairs } = question
  return withDecoders(network, host, source, batches, async (decoders) => {
    const scales = new PairScales(host, source.nGenes, nPairs, question.second)
    const noise = new CellDraws(question.posterior, question.keys, question.seed, host)
    const bySample =
      question.samples && new SampleMeans(host, source.nGenes, decoders[0]!.capacity, question.samples)
    try {
      const weighing = question.weighted ? WEIGHING * nPairs : 0
      const total = weighing + Math.ceil(source.nGenes / scales.lot) * nPairs
      const onShare = (share: number) => question.onProgress?.(Math.floor(share * weighing), total)
      const weighted = question.weighted ? await weightedPairs(network, noise, question, onShare) : undefined
      const pairs = weighted?.pairs ?? (question.second ? firstsOf(question) : pairsOf(question))
      const genes: GeneEffect[] = []
      let pseudocount = question.pseudocount
      for (let firstGene = 0; firstGene < source.nGenes; firstGene += scales.lot) {
        const before = weighing + (firstGene / scales.lot) * nPairs
        const onProgress = (done: number) => question.onProgress?.(before + done, total)
        if (firstGene === 0) bySample?.expect(pairs)
        await decodePairs(network.device, decoders, pairs, noise, { scales, bySample }, firstGene, onProgress)
        pseudocount ??= pseudocountOf(scales, question.rareGenes, source.nGenes)
        genes.push(...scales.effects(firstGene, pseudocount, question.delta))
      }
      const compared = weighted?.groups.map(({ cells }) => cells) as [Int32Array, Int32Array] | undefined
      const samples = bySample?.take(compared ?? groups)
      return {
        pseudocount: pseudocount!,
        genes,
        ...(samples && { samples }),
        ...(weighted && { weighted: weighted.groups }),
      }
    } finally {
      bySample?.release()
      noise.release()
      scales.release()
    }
  })
}

/** Pairs of draws that are weighted by a network. */
async function weightedPairs(
  network: Network,
  noise: CellDraws,
  question: GroupQuestion,
  onShare: (share: number) => void,
) {
  const joint = await networkJoint(network, question.source)
  try {
    return await importancePairs({ ...question, joint, noise, onShare })
  } finally {
    joint.release()
  }
}

/** Fills scales with those of a lot of genes in all pairs, and seeks the largest of every gene on the first time. */
async function decodePairs(
  device: Device,
  decoders: readonly ScaleDecoder[],
  pairs: readonly Pairs[],
  noise: CellDraws,
  { scales, bySample }: { scales: PairScales; bySample: SampleMeans | undefined },
  firstGene: number,
  onProgress: (done: number) => void,
): Promise<void> {
  let firstPair = 0
  for (const [k, { first, second }] of pairs.entries()) {
    const decoder = decoders[k]!
    for (let at = 0; at < first.cells.length; at += decoder.capacity) {
      const n = Math.min(decoder.capacity, first.cells.length - at)
      for (const [side, draws] of [[0, first] as const, [1, second] as const]) {
        if (!draws) continue
        const { cells, draws: which } = part(draws, at, n)
        const latents = noise.fed(device, cells, which)
        const whole = bySample ? undefined : scales.whole(side)
        if (whole) {
          await whole.decode(decoder, cells, latents, firstPair + at)
          continue
        }
        const mean = await decoder.decodeByGene(cells, latents)
        scales.put(side, mean, n, firstGene, firstPair + at)
        if (firstGene === 0) bySample?.add(side, mean, cells)
      }
      onProgress(firstPair + at + n)
      // so that a signal is heard
      await setImmediate()
    }
    firstPair += first.cells.length
  }
}

const part = ({ cells, draws }: Draws, at: number, n: number): Draws => ({
  cells: cells.slice(at, at + n),
  draws: draws.slice(at, at + n),
})

/** What scales of genes without counts reach, a gene: the pseudocount of scvi-tools. */
function pseudocountOf(scales: PairScales, rare: readonly [Int32Array, Int32Array], nGenes: number): number {
  const noise = ([0, 1] as const).map((side) =>
    rare[side].length > 0 ? quantile(scales.largest(side, rare[side]), NOISE_QUANTILE) : LEAST,
  )
  return Math.max(LEAST, Math.max(...noise) / nGenes)
}
