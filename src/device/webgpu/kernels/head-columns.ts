import type { CountHeadGradientArgs, Parameter } from '../../device.js'
import { mini } from '../cells/gpu-minibatch.js'
import type { HeadSpace } from '../cells/head-space.js'
import { placeOf, sharedArena, view } from '../gpu-tensor.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { type Launch, launch } from '../queue/launch.js'
import { adamScalars } from '../steps/adam-scalars.js'
import {
  columnGenes,
  headColumnGradient,
  headColumnUpdate,
  unusualHeadColumnGradient,
  unusualHeadColumnUpdate,
} from '../wgsl/head-columns.js'

/**
 * The sums over the cells that are a head's gradients by biases and dispersions.
 *
 * @param first one of the parameters that are summed for
 */
export function headColumns(
  context: KernelContext,
  { batch, head, codes, adam }: CountHeadGradientArgs,
  { all, starts }: HeadSpace,
  first: Parameter,
  threads: number,
): Launch {
  const { metadata, capacity, nCells, source } = mini(batch)
  const { likelihood, weights, logDispersion } = head
  const { bias, zeroBias } = weights ?? {}
  const { value, gradient, firstMoment, secondMoment } = sharedArena(first, zeroBias, logDispersion)
  const rows = logDispersion?.value.rows ?? 1
  const { gradientAt, dispersionAt, zeroAt, sumAt } = starts
  const columns = {
    gradientAt,
    dispersionAt,
    zeroAt,
    sumAt,
    capacity,
    cells: nCells,
    genes: source.nGenes,
    byBatch: rows > 1 ? 1 : 0,
    biasAt: placeOf(bias),
    zeroBiasAt: placeOf(zeroBias),
    logDispersionAt: placeOf(logDispersion),
  }
  const groups = [Math.ceil(source.nGenes / columnGenes(threads)), rows, 1] as const
  const biased = weights !== undefined
  const usual = biased && !codes
  const given = codes ? view(codes) : context.nothing
  if (!adam) {
    const buffers = { metadata, work: all, gradient }
    if (usual) return launch(headColumnGradient(likelihood, threads), { buffers, scalars: columns, groups })
    const kernel = unusualHeadColumnGradient(likelihood, threads, biased, codes !== undefined)
    return launch(kernel, { buffers: { ...buffers, codes: given }, scalars: columns, groups })
  }
  const buffers = { metadata, work: all, value, firstMoment, secondMoment }
  const scalars = { ...adamScalars(adam), ...columns }
  if (usual) return launch(headColumnUpdate(likelihood, threads), { buffers, scalars, groups })
  const kernel = unusualHeadColumnUpdate(likelihood, threads, biased, codes !== undefined)
  return launch(kernel, { buffers: { ...buffers, codes: given }, scalars, groups })
}
