import type { AggregatedFit } from '../analysis/diagnose/aggregated.js'
import { ACTIVE, type LatentUse } from '../analysis/diagnose/collapse.js'
import { type CrossTalk, crossTalk } from '../analysis/diagnose/cross-talk.js'
import { type HoleCells, holeCells } from '../analysis/diagnose/hole-cells.js'
import { type InformationGap, informationGap } from '../analysis/diagnose/information-gap.js'
import { withProfiles } from '../analysis/diagnose/profiles.js'
import { drawLatents } from '../analysis/posterior/draw-latents.js'
import { obsColumn } from '../anndata/frame/obs-column.js'
import { ScvaeError } from '../errors.js'
import type { Network } from '../network/network.js'
import { type Matrix, rowsOf, takeRows } from '../numeric/matrix.js'
import type { CellQuestion } from './own-cells.js'

/** Cells at which the Jacobian is taken. */
const JACOBIANS = 200
/** Cells made in holes and as many made from posteriors; real ones that they are compared with. */
const MADE = 300
const REAL = 500

/** What cells look like that the decoder makes where no cell lies; undefined where there is no such place. */
export function cellsOfHoles(
  network: Network,
  { asked: { source }, posterior, seed }: CellQuestion,
  { emptyPlaces }: AggregatedFit,
  order: Int32Array,
): Promise<HoleCells | undefined> {
  const { nLatent } = network.config
  const nReal = Math.min(REAL, Math.floor(order.length / 2))
  const real = order.slice(0, nReal)
  const others = order.slice(nReal, nReal + MADE)
  const places = matrixOf(emptyPlaces, nLatent)
  const holes = rowsOf(places, 0, Math.min(MADE, places.rows))
  const draws = matrixOf(drawLatents(posterior, seed), nLatent)
  return withProfiles(network, source, commonest(source.categorical[0]), (decode) =>
    holeCells(
      decode,
      { cells: Int32Array.from({ length: holes.rows }, (_, i) => order[i % order.length]!), latent: holes },
      { cells: others, latent: takeRows(draws, others) },
      { cells: real, latent: takeRows(matrixOf(posterior.mean, nLatent), real) },
    ),
  )
}

/** What single dimensions of a latent mean by themselves. */
export interface SingleDimensions {
  /** Dimensions in use. */
  active: number
  /** Whether they change the same genes; undefined where fewer than two are in use. */
  crossTalk: CrossTalk | undefined
  /** How far they stand for columns of obs. */
  columns: InformationGap[]
}

/**
 * @param names columns of obs
 * @param cells that are looked at, in an order of chance
 * @throws ScvaeError (bad-input) for a column that the data does not have.
 */
export async function singleDimensions(
  network: Network,
  question: CellQuestion,
  { variance, active }: LatentUse,
  names: readonly string[],
  cells: Int32Array,
): Promise<SingleDimensions> {
  const { asked, posterior } = question
  const { nLatent } = network.config
  const columns = informationGaps(question, nLatent, names, cells)
  const used = Int32Array.from(variance.keys()).filter((k) => variance[k]! > ACTIVE)
  const some = cells.slice(0, JACOBIANS)
  const latent = takeRows(matrixOf(posterior.mean, nLatent), some)
  const talk = await withProfiles(network, asked.source, commonest(asked.source.categorical[0]), (decode) =>
    crossTalk(decode, some, latent, used),
  )
  return { active, crossTalk: talk, columns }
}

const matrixOf = (values: Float32Array, columns: number): Matrix => ({
  values,
  rows: values.length / columns,
  columns,
})

/** The batch of the most cells, so that what differs between profiles is not the batch. */
function commonest(codes: Int32Array | undefined): number | undefined {
  if (!codes) return undefined
  const counts = new Map<number, number>()
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0]
}

function informationGaps(
  { asked, posterior, seed }: CellQuestion,
  nLatent: number,
  names: readonly string[],
  cells: Int32Array,
): InformationGap[] {
  if (names.length === 0) return []
  const { data, positions } = asked
  if (!data) throw new ScvaeError('usage', 'Columns of obs are compared with the latent of data at hand.')
  const latent = takeRows(matrixOf(drawLatents(posterior, seed), nLatent), cells)
  const found = names.map((name) => {
    const { codes, categories } = obsColumn(data, name)
    const own = cells.map((cell) => codes[positions ? positions[cell]! : cell]!)
    return informationGap(name, latent, { codes: own, names: categories }, seed)
  })
  return found.filter((one) => one !== undefined)
}
