import { compareGroups, type GroupQuestion } from '../analysis/expression/compare-groups.js'
import { inKeyOrder } from '../analysis/expression/draws-in-turn.js'
import type { GeneEffect } from '../analysis/expression/gene-effect.js'
import type { WeightedGroup } from '../analysis/expression/importance-pairs.js'
import { type RawMeans, type RawSums, rawMeans, rawSums } from '../analysis/expression/raw-counts.js'
import { RestScales } from '../analysis/expression/rest-scales.js'
import { type SampleScales, sampleEffects } from '../analysis/expression/sample-effects.js'
import { logSizePosteriorOf } from '../analysis/posterior/cell-posterior.js'
import type { HostKernels } from '../device/host-kernels.js'
import type { Network } from '../network/network.js'
import { cellGroups, cellsOfGroup, type GroupPair, groupPairs, groupsOfColumn } from './cell-groups.js'
import type {
  DifferentialOptions,
  differentialSettings,
  GeneDifference,
  GroupComparison,
  WeightedDraws,
} from './differential-options.js'
import type { CellQuestion } from './own-cells.js'

/** Mean count below which a gene is one without counts, for the pseudocount. */
const RARE = 0.01
/** Keeps the logarithms of probabilities finite, as in scvi-tools. */
const EPSILON = 1e-8

/** Compares groups of cells, one pair of groups after another. */
export async function differences(
  network: Network,
  host: HostKernels,
  genes: readonly string[],
  { asked, keys, posterior, seed }: CellQuestion,
  batches: readonly (number | undefined)[],
  options: DifferentialOptions,
  settings: ReturnType<typeof differentialSettings>,
): Promise<GroupComparison[]> {
  const { source } = asked
  const groups = cellGroups(asked, options)
  const pairs = groupPairs(groups, options)
  const labelled = Int32Array.from(groups.codes.keys()).filter((cell) => groups.codes[cell]! >= 0)
  const raw = await rawSums(source, inKeyOrder(labelled, keys), groups.codes, groups.names.length)
  const samples = options.sampleKey === undefined ? undefined : groupsOfColumn(asked, options.sampleKey)
  const weighted = settings.weights === 'importance'
  const logSize = weighted ? await logSizePosteriorOf(network, source) : undefined
  const shared =
    samples || weighted || batches.length > 1 || pairs.some(({ second }) => second >= 0)
      ? undefined
      : await RestScales.decode(network, host, {
          source,
          posterior: { latent: posterior },
          keys,
          seed,
          codes: groups.codes,
          groups: pairs.map(({ first }) => first),
          batch: batches[0],
          nPairs: settings.nSamples,
          onProgress: (done, total) => options.onProgress?.(done, total + pairs.length * settings.nSamples),
        })
  const decoded = shared?.nDraws ?? 0
  const { mode, delta, fdrTarget } = settings
  const compare = async (pair: GroupPair, i: number): Promise<GroupComparison> => {
    const cells = cellsOfGroup(groups, pair)
    const means = [rawMeans([raw[pair.first]!]), rawMeans(otherSums(raw, pair))] as const
    const question: GroupQuestion = {
      source,
      posterior: { latent: posterior, ...(logSize && { logSize }) },
      keys,
      seed,
      groups: cells,
      againstRest: pair.second < 0,
      ...(shared && { second: shared.beside(pair.first, settings.nSamples) }),
      batches,
      nPairs: settings.nSamples,
      weighted,
      delta: settings.delta,
      ...(settings.pseudocount !== undefined && { pseudocount: settings.pseudocount }),
      rareGenes: [rareGenes(means[0]), rareGenes(means[1])],
      ...(samples && { samples: { codes: samples.codes, n: samples.names.length } }),
      onProgress: (done, total) =>
        options.onProgress?.(decoded + i * total + done, decoded + pairs.length * total),
    }
    const answer = await compareGroups(network, host, question)
    const behind =
      answer.samples && samplesBehind(answer.samples, samples!.names, genes.length, answer.pseudocount, delta)
    return {
      group1: groups.names[pair.first]!,
      group2: pair.second < 0 ? 'Rest' : groups.names[pair.second]!,
      nCells1: cells[0].length,
      nCells2: cells[1].length,
      mode,
      delta,
      pseudocount: answer.pseudocount,
      fdrTarget,
      ...(behind && { samples: behind.samples }),
      ...(answer.weighted && { weighted: weightedDraws(answer.weighted) }),
      genes: ranked(
        answer.genes.map((effect, gene) => ({
          ...difference(genes[gene]!, gene, effect, means, mode),
          ...behind?.genes[gene],
        })),
        mode,
        fdrTarget,
      ),
    }
  }
  try {
    const answers: GroupComparison[] = []
    for (const [i, pair] of pairs.entries()) answers.push(await compare(pair, i))
    return answers
  } finally {
    shared?.release()
  }
}

const weightedDraws = ([first, second]: readonly [WeightedGroup, WeightedGroup]): WeightedDraws => ({
  nCells1: first.cells.length,
  nCells2: second.cells.length,
  effectiveDraws1: first.effectiveDraws,
  effectiveDraws2: second.effectiveDraws,
})

/** What a comparison has behind it when samples count. */
function samplesBehind(
  scales: SampleScales,
  names: readonly string[],
  nGenes: number,
  pseudocount: number,
  delta: number,
) {
  const { support, genes } = sampleEffects(scales, nGenes, pseudocount, delta)
  const { paired, nSamples1, nSamples2, samples } = support
  const cells = (side: 0 | 1) => samples.map((sample) => scales.nCells[side][sample]!)
  return {
    samples: {
      paired,
      nSamples1,
      nSamples2,
      names: samples.map((sample) => names[sample]!),
      nCells1: cells(0),
      nCells2: cells(1),
    },
    genes: genes.map(({ carrier, bySample, ...gene }) => ({
      ...gene,
      oneSample: names[carrier] ?? null,
      effectBySample: bySample,
    })),
  }
}

const otherSums = (raw: readonly RawSums[], { first, second }: { first: number; second: number }) =>
  second < 0 ? raw.filter((_, code) => code !== first) : [raw[second]!]

const rareGenes = ({ mean }: RawMeans): Int32Array =>
  Int32Array.from(mean.keys()).filter((gene) => mean[gene]! < RARE)

function difference(
  name: string,
  gene: number,
  { probaUp, probaDown, probaMore, ...effect }: GeneEffect,
  [first, second]: readonly [RawMeans, RawMeans],
  mode: 'change' | 'vanilla',
): GeneDifference {
  const proba = mode === 'change' ? Math.max(probaUp, probaDown) : probaMore
  return {
    gene: name,
    ...(mode === 'change'
      ? { probaDe: proba, probaNotDe: 1 - proba }
      : { probaM1: proba, probaM2: 1 - proba }),
    bayesFactor: Math.log(proba + EPSILON) - Math.log(1 - proba + EPSILON),
    ...effect,
    rawMean1: first.mean[gene]!,
    rawMean2: second.mean[gene]!,
    nonZerosProportion1: first.nonzeroShare[gene]!,
    nonZerosProportion2: second.nonzeroShare[gene]!,
    rawNormalizedMean1: first.scaledMean[gene]!,
    rawNormalizedMean2: second.scaledMean[gene]!,
  }
}

/**
 * Genes from the most probable to the least; in change mode marked as long as the expected share of false ones allows, and where there
 * are samples, as they say so too.
 */
function ranked(genes: GeneDifference[], mode: 'change' | 'vanilla', fdrTarget: number): GeneDifference[] {
  const sorted = genes.sort((a, b) => b.bayesFactor - a.bayesFactor)
  if (mode === 'vanilla') return sorted
  let wrong = 0
  for (const [i, gene] of sorted.entries()) {
    wrong += gene.probaNotDe!
    const { samplePAdjusted } = gene
    const bySamples = samplePAdjusted === undefined || samplePAdjusted <= fdrTarget
    gene.isDe = wrong / (i + 1) <= fdrTarget && bySamples
  }
  return sorted
}
