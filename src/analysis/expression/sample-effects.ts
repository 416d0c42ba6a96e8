import { benjaminiHochberg } from '../../numeric/multiple-testing.js'
import { mean, pairedP, welchP } from '../../numeric/t-test.js'

/** Mean scales of the samples in the two groups that are compared. */
export interface SampleScales {
  /** Cells of each sample in each group. */
  nCells: readonly [Int32Array, Int32Array]
  /** Samples × genes each; without meaning for a sample that has no cell in the group. */
  scales: readonly [Float32Array, Float32Array]
}

/** How a comparison looks from its samples. */
export interface SampleSupport {
  /** Whether samples have cells in both groups, and each is compared with itself. */
  paired: boolean
  /** Samples behind each of the groups. */
  nSamples1: number
  nSamples2: number
  /** Positions of the samples behind either. */
  samples: readonly number[]
}

/** What samples say of a gene. */
export interface GeneSupport {
  /** Log2 fold change, with every sample counting the same. */
  sampleEffect: number
  /** Of the t test over samples, as it is and adjusted over genes (Benjamini and Hochberg 1995); NaN where there are too few. */
  sampleP: number
  samplePAdjusted: number
  /** Position of the sample without which less than half of the effect is left; −1 where there is none. */
  carrier: number
  /** Log2 fold change of each of {@link SampleSupport.samples}: against itself, or against the mean of the other group's. */
  bySample: Float64Array
}

/** With fewer cells in a group, a sample says nothing of it. */
const LEAST_CELLS = 5

/**
 * What a comparison has behind it when samples count, and not cells. Where at least two samples have cells in both groups, those alone
 * are looked at, each against itself (a paired t test); else samples of the one group against those of the other (Welch's t test).
 *
 * @param pseudocount added to mean scales before their logarithms
 * @param delta least absolute effect that can have a carrier
 */
export function sampleEffects(
  { nCells, scales }: SampleScales,
  nGenes: number,
  pseudocount: number,
  delta: number,
): { support: SampleSupport; genes: GeneSupport[] } {
  const enough = nCells.map((of) => Array.from(of.keys()).filter((sample) => of[sample]! >= LEAST_CELLS))
  const [first, second] = enough as [number[], number[]]
  const shared = first.filter((sample) => second.includes(sample))
  const paired = shared.length >= 2
  const [ones, others] = paired ? [shared, shared] : [first, second]
  const samples = paired ? shared : [...new Set([...first, ...second])].sort((a, b) => a - b)
  const log = (side: 0 | 1, sample: number, gene: number) =>
    Math.log2(scales[side][sample * nGenes + gene]! + pseudocount)
  const genes = Array.from({ length: nGenes }, (_, gene) => {
    const a = ones.map((sample) => log(0, sample, gene))
    const b = others.map((sample) => log(1, sample, gene))
    const changes = a.map((value, i) => value - b[i]!)
    const [meanA, meanB] = [mean(a), mean(b)]
    const sampleEffect = meanA - meanB
    const left = (sample: number) =>
      meanWithout(a, ones.indexOf(sample)) - meanWithout(b, others.indexOf(sample))
    const ofSample = (sample: number) => {
      if (paired) return changes[shared.indexOf(sample)]!
      const at = first.indexOf(sample)
      return at >= 0 ? a[at]! - meanB : meanA - b[second.indexOf(sample)]!
    }
    const carried = (sample: number) => left(sample) * Math.sign(sampleEffect) < Math.abs(sampleEffect) / 2
    return {
      sampleEffect,
      sampleP: paired ? pairedP(changes) : welchP(a, b),
      samplePAdjusted: Number.NaN,
      carrier: Math.abs(sampleEffect) >= delta ? (samples.find(carried) ?? -1) : -1,
      bySample: Float64Array.from(samples, ofSample),
    }
  })
  const adjusted = benjaminiHochberg(genes.map(({ sampleP }) => sampleP))
  for (const [gene, one] of genes.entries()) one.samplePAdjusted = adjusted[gene]!
  return { support: { paired, nSamples1: ones.length, nSamples2: others.length, samples }, genes }
}

/** NaN where nothing is left, which carries nothing. */
const meanWithout = (values: readonly number[], at: number): number =>
  at < 0 ? mean(values) : mean(values.filter((_, i) => i !== at))
