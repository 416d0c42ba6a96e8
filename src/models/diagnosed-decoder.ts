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

/** What the decoder does with single dimensions, and where no cell lies. */
export interface DecoderFit {
  crossTalk: CrossTalk | undefined
  holeCells: HoleCells | undefined
}

/**
 * @param order the cells in an order of chance
 * @param aggregated of these cells
 */
export function decoderFit(
  network: Network,
  { asked: { source }, posterior, seed }: CellQuestion,
  { variance }: LatentUse,
  { emptyPlaces }: Pick<AggregatedFit, 'emptyPlaces'>,
  order: Int32Array,
): Promise<DecoderFit> {
  const { nLatent } = network.config
  const matrix = (values: Float32Array): Matrix => ({
    values,
    rows: values.length / nLatent,
    columns: nLatent,
  })
  const means = matrix(posterior.mean)
  const active = Int32Array.from(variance.keys()).filter((k) => variance[k]! > ACTIVE)
  return withProfiles(network, source, commonest(source.categorical[0]), async (decode) => {
    const some = order.slice(0, JACOBIANS)
    const nReal = Math.min(REAL, Math.floor(order.length / 2))
    const real = order.slice(0, nReal)
    const others = order.slice(nReal, nReal + MADE)
    const places = matrix(emptyPlaces)
    const holes = rowsOf(places, 0, Math.min(MADE, places.rows))
    return {
      crossTalk: await crossTalk(decode, some, takeRows(means, some), active),
      holeCells: await holeCells(
        decode,
        { cells: Int32Array.from({ length: holes.rows }, (_, i) => order[i % order.length]!), latent: holes },
        { cells: others, latent: takeRows(matrix(drawLatents(posterior, seed)), others) },
        { cells: real, latent: takeRows(means, real) },
      ),
    }
  })
}

/** The batch of the most cells, so that what differs between profiles is not the batch. */
function commonest(codes: Int32Array | undefined): number | undefined {
  if (!codes) return undefined
  const counts = new Map<number, number>()
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]?.[0]
}

/**
 * How far single dimensions stand for columns of obs, of some cells.
 *
 * @throws ScvaeError (bad-input) for a column that the data does not have.
 */
export function informationGaps(
  { asked, posterior, seed }: CellQuestion,
  nLatent: number,
  names: readonly string[],
  cells: Int32Array,
): InformationGap[] {
  if (names.length === 0) return []
  const { data, positions } = asked
  if (!data) throw new ScvaeError('usage', 'Columns of obs are compared with the latent of data at hand.')
  const draws = {
    values: drawLatents(posterior, seed),
    rows: posterior.mean.length / nLatent,
    columns: nLatent,
  }
  const latent = takeRows(draws, cells)
  const found = names.map((name) => {
    const { codes, categories } = obsColumn(data, name)
    const own = cells.map((cell) => codes[positions ? positions[cell]! : cell]!)
    return informationGap(name, latent, { codes: own, names: categories }, seed)
  })
  return found.filter((one) => one !== undefined)
}
