import { thetaOf } from '../analysis/posterior/generate.js'
import { eachPredictive, type PredictiveQuestion } from '../analysis/posterior/predictive.js'
import type { CpuTensor } from '../device/cpu/cpu-tensor.js'
import type { HostKernels } from '../device/host-kernels.js'
import type { Network } from '../network/network.js'
import type { Matrix } from '../numeric/matrix.js'

/** Parameters of the distributions of counts. */
export interface LikelihoodParameters {
  /** Expected counts before dropout, cells × genes. */
  mean: Matrix
  /** Inverse dispersions, cells × genes; absent for a Poisson. */
  dispersions?: Matrix
  /** Probabilities of dropout, cells × genes; zinb only. */
  dropout?: Matrix
}

/**
 * Means of parameters over draws of cells.
 *
 * @param genes which ones, by their positions; all when left out
 */
export async function likelihoodParameters(
  network: Network,
  host: HostKernels,
  question: PredictiveQuestion,
  genes: Int32Array | undefined,
): Promise<LikelihoodParameters> {
  const { source, nSamples, batch } = question
  const taken = genes ?? Int32Array.from({ length: source.nGenes }, (_, gene) => gene)
  const columns = taken.length
  const zeros = () => ({ values: new Float32Array(source.nCells * columns), rows: source.nCells, columns })
  const mean = zeros()
  const dropout = network.config.likelihood === 'zinb' ? zeros() : undefined
  const share = 1 / Math.max(1, nSamples)
  const add = (to: Matrix, tensor: CpuTensor, cells: Int32Array, of: (value: number) => number) => {
    const { floats } = host.arena
    for (const [row, cell] of cells.entries()) {
      const from = tensor.offset + row * tensor.stride
      for (let k = 0; k < columns; k++)
        to.values[cell * columns + k]! += of(floats[from + taken[k]!]!) * share
    }
  }
  await eachPredictive(network, host, question, (rows) => {
    add(mean, rows.mean, rows.cells, (value) => value)
    if (dropout && rows.zeroLogits)
      add(dropout, rows.zeroLogits, rows.cells, (logit) => 1 / (1 + Math.exp(-logit)))
  })
  if (network.config.likelihood === 'poisson') return { mean }
  const theta = await thetaOf(network, source.nGenes)
  const codes = source.categorical[0]
  const dispersions = zeros()
  for (let cell = 0; cell < source.nCells; cell++) {
    const row = theta.length > 1 ? theta[batch ?? codes?.[cell] ?? 0]! : theta[0]!
    for (let k = 0; k < columns; k++) dispersions.values[cell * columns + k] = row[taken[k]!]!
  }
  return { mean, dispersions, ...(dropout && { dropout }) }
}
