import type { ReferenceProfiles } from './reference-profiles.js'
import { type KnownCounts, logLikelihood, sharesAt, type TwoSources, twoSources } from './two-sources.js'

/** What may have mixed with the counts of a cell of some cluster. */
export const SOURCES = ['cluster', 'mean', 'any'] as const
export type Source = (typeof SOURCES)[number]

/** Clusters that counts may mostly be of: those that explain them best by themselves. */
const FIRST_SOURCES = 3

/** A cell's counts as a cluster's, mixed with another source. */
export interface Mixed extends TwoSources {
  source: Source
  /** The cluster. */
  first: number
  /** The other cluster, where the other source is one. */
  second?: number
  /** By how much likelier the counts are than as those of the best cluster alone, in nats; less log of the ways to choose. */
  gain: number
}

/** What explains a cell's counts, from the profiles of ordinary cells. */
export interface Explained {
  /** The cluster that explains them best by itself. */
  cluster: number
  mixed: Readonly<Record<Source, Mixed | undefined>>
}

/**
 * Explains counts as a multinomial draw from the profile of a cluster, and from that mixed with the profile of another cluster,
 * with the mean profile of all cells, or with all genes alike.
 */
export function explainCounts(cell: KnownCounts, profiles: ReferenceProfiles): Explained {
  const clusters = profiles.clusters.map((profile) => sharesAt(cell, profile))
  const alone = clusters.map((shares) => logLikelihood(cell, shares))
  const order = Array.from(alone.keys()).sort((a, b) => alone[b]! - alone[a]! || a - b)
  const first = order.slice(0, FIRST_SOURCES)
  const best = alone[order[0]!]!
  const mean = sharesAt(cell, profiles.mean)
  const any = new Float64Array(cell.genes.length).fill(1 / (profiles.mean.length - cell.missing.length))
  const likeliest = (ways: readonly Mixed[]) =>
    ways.reduce<Mixed | undefined>((a, b) => (a && a.logLikelihood >= b.logLikelihood ? a : b), undefined)
  const mix = (source: Source, a: number, other: Float64Array, second?: number): Mixed => {
    const two = twoSources(cell, clusters[a]!, other)
    const ways = second === undefined ? 1 : clusters.length - 1
    const gain = two.logLikelihood - best - Math.log(ways)
    return { source, ...two, first: a, gain, ...(second !== undefined && { second }) }
  }
  return {
    cluster: order[0]!,
    mixed: {
      cluster: likeliest(
        first.flatMap((a) => order.filter((b) => b !== a).map((b) => mix('cluster', a, clusters[b]!, b))),
      ),
      mean: likeliest(first.map((a) => mix('mean', a, mean))),
      any: likeliest(first.map((a) => mix('any', a, any))),
    },
  }
}

/** The shares of all genes in a mixture. */
export function profileOf(
  { source, first, second, weight }: Mixed,
  profiles: ReferenceProfiles,
): Float64Array {
  const a = profiles.clusters[first]!
  const other = second === undefined ? profiles.mean : profiles.clusters[second]!
  const any = 1 / a.length
  return a.map((share, g) => (1 - weight) * share + weight * (source === 'any' ? any : other[g]!))
}
