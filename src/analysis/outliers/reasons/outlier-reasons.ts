import type { CellRow } from '../../../device/device.js'
import { quantile } from '../../../numeric/quantile.js'
import type { Neighbors } from '../../neighbors/neighbors.js'
import type { CellScores } from '../cell-scores.js'
import {
  type Explained,
  explainCounts,
  type Mixed,
  profileOf,
  SOURCES,
  type Source,
} from './explain-counts.js'
import {
  cellsOfProfiles,
  drawnTo,
  geneSums,
  type ReferenceProfiles,
  referenceProfiles,
  spread,
} from './reference-profiles.js'
import { type KnownCounts, knownCounts, logLikelihood, sharesAt } from './two-sources.js'

/** Why a cell may be unusual; what each means is in docs/outliers.md. */
export const OUTLIER_REASONS = [
  'few counts',
  'mitochondrial',
  'doublet-like',
  'ambient-like',
  'unexplained counts',
  'far from all others',
  'rare group',
] as const
export type OutlierReason = (typeof OUTLIER_REASONS)[number]

/** Why flagged cells are unusual. */
export interface OutlierReasons {
  /** Position in {@link OUTLIER_REASONS}, −1 for a cell that is not flagged. */
  codes: Int32Array
  /** Of each cell with unexplained counts, the genes with most counts beyond what is expected, the first first. */
  genes: ReadonlyMap<number, Int32Array>
}

export interface ReasonsInput {
  /** Counts of some of the cells. */
  load: (cells: Int32Array) => readonly CellRow[] | Promise<readonly CellRow[]>
  nGenes: number
  scores: CellScores
  /** Cluster of each cell. */
  clusters: ArrayLike<number>
}

/** p-values of size and mitochondrial share from which on they are the reason. */
const SMALL_P = 1e-3
/** p-values of the distances from which on a cell lies apart. */
const APART_P = 0.01
/** Cells that are not flagged and tell what is ordinary, at most. */
const ORDINARY = 300
/** An explanation gains more than in this share of the ordinary cells, count by count, and by so many nats on top. */
const BEYOND = 0.95
const NATS = 5
/** Neighbours of a cell that make a group with it. */
const FEWEST_IN_GROUP = 4
/** Counts of the best other explanation that a group's profile is drawn to it by. */
const GROUP_PRIOR = 500
const GENES_NAMED = 3
/** Cells whose rows, and those of their neighbours, are held at a time. */
const BLOCK = 256

const REASON_OF: Readonly<Record<Source, OutlierReason>> = {
  cluster: 'doublet-like',
  mean: 'ambient-like',
  any: 'unexplained counts',
}

/** A cell's explanations, beside how well its neighbours' counts explain it. */
interface Looked extends Explained {
  counts: KnownCounts
  best: Mixed | undefined
  /** Gain of the neighbours' profile over the best other explanation, in nats; −∞ where there are too few. */
  group: number
}

/**
 * Names why flagged cells are unusual: by size or mitochondrial share where these by themselves are rare enough, else by what explains
 * their counts best, where that explains them better than it does ordinary cells, count by count.
 */
export async function outlierReasons(input: ReasonsInput): Promise<OutlierReasons> {
  const { scores, load } = input
  const { flag } = scores.outliers
  const every = Int32Array.from(flag.keys())
  const isFlagged = (cell: number) => flag[cell] === 1
  const isOrdinary = (cell: number) => !isFlagged(cell)
  const codes = new Int32Array(flag.length).fill(-1)
  const genes = new Map<number, Int32Array>()
  const flagged = every.filter(isFlagged)
  if (flagged.length === 0) return { codes, genes }
  const profiles = await profilesOf(input)
  const ordinary = spread(every.filter(isOrdinary), ORDINARY)
  const limits = limitsOf(await lookAt(ordinary, isOrdinary))
  for (let from = 0; from < flagged.length; from += BLOCK) {
    const block = flagged.subarray(from, from + BLOCK)
    for (const [i, looked] of (await lookAt(block, isFlagged)).entries()) {
      const cell = block[i]!
      const reason = reasonOf(cell, looked, scores, limits)
      codes[cell] = OUTLIER_REASONS.indexOf(reason)
      if (reason === 'unexplained counts') genes.set(cell, genesBeyond(looked, profiles))
    }
  }
  return { codes, genes }

  /** @param isKin which neighbours may make a group with a cell */
  async function lookAt(cells: Int32Array, isKin: (cell: number) => boolean): Promise<Looked[]> {
    const kin = Array.from(cells, (cell) => othersOf(scores.neighbors, cell).filter(isKin))
    const wanted = Int32Array.from(new Set([...cells, ...kin.flatMap((of) => [...of])]))
    const loaded = await load(wanted)
    const rows = new Map(Array.from(wanted, (cell, i) => [cell, loaded[i]!]))
    return Array.from(cells, (cell, i) => {
      const counts = knownCounts(rows.get(cell)!)
      const explained = explainCounts(counts, profiles)
      const best = likeliest(explained)
      const group = best
        ? groupGain(
            counts,
            Array.from(kin[i]!, (other) => rows.get(other)!),
            best,
            profiles,
          )
        : Number.NEGATIVE_INFINITY
      return { ...explained, counts, best, group }
    })
  }
}

async function profilesOf({ scores, clusters, load, nGenes }: ReasonsInput): Promise<ReferenceProfiles> {
  const { flag } = scores.outliers
  const found = cellsOfProfiles(clusters, (cell) => flag[cell] === 0)
  // where no cluster has enough ordinary cells, all of them make one
  const members = found.length > 0 ? found : cellsOfProfiles(new Int32Array(flag.length), () => true)
  const sizes = new Map<number, number>()
  for (let cell = 0; cell < flag.length; cell++)
    sizes.set(clusters[cell]!, (sizes.get(clusters[cell]!) ?? 0) + 1)
  const rows = []
  for (const cells of members) rows.push(await load(cells))
  return referenceProfiles(
    rows,
    members.map((cells) => sizes.get(clusters[cells[0]!]!)!),
    nGenes,
  )
}

function othersOf({ indices, k }: Neighbors, cell: number): Int32Array {
  return Int32Array.from(indices.subarray(cell * k, (cell + 1) * k)).filter((other) => other !== cell)
}

function likeliest({ mixed }: Explained): Mixed | undefined {
  const ways = SOURCES.flatMap((source) => mixed[source] ?? [])
  return ways.sort((a, b) => b.gain - a.gain)[0]
}

/** By how much the profile of a cell's kin explains it better than the best of the other explanations, in nats. */
function groupGain(
  counts: KnownCounts,
  kin: readonly CellRow[],
  best: Mixed,
  profiles: ReferenceProfiles,
): number {
  if (kin.length < FEWEST_IN_GROUP) return Number.NEGATIVE_INFINITY
  const profile = drawnTo(geneSums(kin, profiles.mean.length), profileOf(best, profiles), GROUP_PRIOR)
  return logLikelihood(counts, sharesAt(counts, profile)) - best.logLikelihood
}

type Limits = Readonly<Record<Source | 'group', number>>

/** What each explanation gains by each count of ordinary cells, at most but for a few of them. */
function limitsOf(ordinary: readonly Looked[]): Limits {
  const limit = (gainOf: (looked: Looked) => number | undefined) => {
    const gains = ordinary.flatMap((looked) => {
      const gain = gainOf(looked)
      return gain !== undefined && Number.isFinite(gain) ? [gain / looked.counts.total] : []
    })
    return gains.length > 0 ? Math.max(0, quantile(gains, BEYOND)) : 0
  }
  return {
    cluster: limit(({ mixed }) => mixed.cluster?.gain),
    mean: limit(({ mixed }) => mixed.mean?.gain),
    any: limit(({ mixed }) => mixed.any?.gain),
    group: limit(({ group }) => group),
  }
}

function reasonOf(cell: number, looked: Looked, { outliers }: CellScores, limits: Limits): OutlierReason {
  const size = outliers.sizeP[cell]!
  const mitochondrial = outliers.mitochondrialP?.[cell] ?? 1
  if (Math.min(size, mitochondrial) < SMALL_P) return mitochondrial <= size ? 'mitochondrial' : 'few counts'
  const { counts, group, mixed } = looked
  if ((outliers.newGroupP?.[cell] ?? 1) < SMALL_P) return 'rare group'
  if (group > limits.group * counts.total + NATS) return 'rare group'
  const [source] = SOURCES.filter(
    (name) => (mixed[name]?.gain ?? 0) > limits[name] * counts.total + NATS,
  ).sort((a, b) => mixed[b]!.gain - mixed[a]!.gain)
  if (source) return REASON_OF[source]
  const isApart = Math.min(outliers.neighborP[cell]!, outliers.aggregatedP[cell]!) < APART_P
  return isApart ? 'far from all others' : 'unexplained counts'
}

/** Genes with most counts beyond what the cell's cluster leads one to expect, by their part of the deviance. */
function genesBeyond({ counts, cluster }: Looked, { clusters }: ReferenceProfiles): Int32Array {
  const shares = sharesAt(counts, clusters[cluster]!)
  const beyond = counts.counts.map((count, k) => {
    const expected = counts.total * shares[k]!
    return count > expected ? count * Math.log(count / expected) - (count - expected) : 0
  })
  const order = Int32Array.from(beyond.keys()).sort((a, b) => beyond[b]! - beyond[a]! || a - b)
  return order.slice(0, GENES_NAMED).map((k) => counts.genes[k]!)
}
