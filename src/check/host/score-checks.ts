import { aggregatedPosteriorDistance } from '../../analysis/outliers/aggregated-distance.js'
import { MomentSums } from '../../analysis/outliers/moment-sums.js'
import { CountDraws } from '../../analysis/posterior/count-draws.js'
import type { CpuDevice } from '../../device/cpu/cpu-device.js'
import type { CpuTensor } from '../../device/cpu/cpu-tensor.js'
import { MISSING } from '../../device/device.js'
import { aggregatedDistance } from '../oracle/aggregated-distance.js'
import { countAt, uniformOfCount } from '../oracle/counts-drawn.js'
import { Draws } from '../oracle/draws.js'
import { LikelihoodMoments } from '../oracle/likelihood-moments.js'
import type { HostCheck } from './host-check.js'

/** Blocks of genes and vectors of cells are not filled by these. */
const GENES = 150
const CELLS = 21
const FIRST_CELL = 100
const SEED = 11

/** What scores are made of: the mixture of posteriors, moments of log-likelihoods, counts drawn from the decoder. */
export const scoreChecks = (): HostCheck[] => [
  mixtureCheck(),
  ...[false, true].flatMap((inflated) => [momentsCheck(inflated), drawsCheck(inflated)]),
]

function mixtureCheck(): HostCheck {
  const [cells, dims] = [203, 7]
  const draws = new Draws(900)
  const means = draws.normals(cells * dims, 2)
  const variances = draws.normals(cells * dims).map((x) => Math.exp(x))
  const matrix = (values: Float32Array) => ({ values, rows: cells, columns: dims })
  return {
    name: `posterior mixture: ${cells} cells in ${dims} dimensions`,
    async run({ host }) {
      const posterior = { means: matrix(means), variances: matrix(variances) }
      const distance = await aggregatedPosteriorDistance(host, posterior, { components: cells })
      return { distance: Float32Array.from(distance) }
    },
    expected() {
      const everyone = Int32Array.from({ length: cells }, (_, i) => i)
      const values = aggregatedDistance(means, variances, dims, everyone)
      return { distance: { values, tolerance: 1e-4, scale: 1 } }
    },
  }
}

interface Decoder {
  theta: Float32Array
  mean: Float32Array
  zeroLogits?: Float32Array
}

/** Some means are of counts that are not known. */
function decoder(seed: number, inflated: boolean): Decoder {
  const draws = new Draws(seed)
  const theta = draws.normals(GENES, 2).map((x, gene) => (gene % 7 === 3 ? Infinity : Math.exp(x)))
  const mean = draws.normals(CELLS * GENES, 2).map((x) => (draws.uniform() < 0.1 ? MISSING : Math.exp(x - 1)))
  return { theta, mean, ...(inflated && { zeroLogits: draws.normals(CELLS * GENES, 3) }) }
}

/** Gives work the tensors of a decoder, and releases them. */
function withTensors<T>(
  device: CpuDevice,
  { mean, zeroLogits }: Decoder,
  work: (tensors: { mean: CpuTensor; zeroLogits?: CpuTensor }) => T,
): T {
  const tensor = (values: Float32Array) => device.tensor(CELLS, GENES, values) as CpuTensor
  const tensors = { mean: tensor(mean), ...(zeroLogits && { zeroLogits: tensor(zeroLogits) }) }
  try {
    return work(tensors)
  } finally {
    device.release(...Object.values(tensors))
  }
}

const dropoutAt = ({ zeroLogits }: Decoder, at: number): number =>
  zeroLogits === undefined ? 0 : 1 / (1 + Math.exp(-zeroLogits[at]!))

function momentsCheck(inflated: boolean): HostCheck {
  const of = decoder(910, inflated)
  if (inflated) of.theta = of.theta.map((theta) => (theta === Infinity ? 1 : theta))
  return {
    name: `likelihood moments: ${inflated ? 'zinb' : 'nb and poisson'}`,
    async run(device) {
      const sums = new MomentSums(device.host, of.theta, CELLS)
      try {
        return withTensors(device, of, ({ mean, zeroLogits }) => {
          const { expected, variance } = sums.of(CELLS, mean, zeroLogits)
          return { expected: Float32Array.from(expected), variance: Float32Array.from(variance) }
        })
      } finally {
        sums.release()
      }
    },
    expected() {
      const tables = Array.from(of.theta, (theta) => new LikelihoodMoments(theta, inflated))
      const expected = new Float64Array(CELLS)
      const variance = new Float64Array(CELLS)
      const out = { mean: 0, variance: 0 }
      for (let at = 0; at < of.mean.length; at++) {
        if (of.mean[at] === MISSING) continue
        tables[at % GENES]!.at(of.mean[at]!, dropoutAt(of, at), out)
        expected[Math.floor(at / GENES)]! += out.mean
        variance[Math.floor(at / GENES)]! += out.variance
      }
      return {
        expected: { values: expected, tolerance: 1e-4, scale: variance.map(Math.sqrt) },
        variance: { values: variance, tolerance: 1e-4, scale: variance },
      }
    },
  }
}

function drawsCheck(inflated: boolean): HostCheck {
  const of = decoder(920, inflated)
  // larger counts are drawn in another way, from more random words
  of.mean = of.mean.map((mean) => Math.min(mean, 29))
  return {
    name: `counts drawn: ${inflated ? 'zinb' : 'nb and poisson'}`,
    async run(device) {
      const draws = new CountDraws(device.host, [of.theta], SEED)
      try {
        return withTensors(device, of, (tensors) => {
          const cells = Int32Array.from({ length: CELLS }, (_, i) => FIRST_CELL + i)
          const counts = new Float32Array(CELLS * GENES)
          let row = 0
          for (const drawn of draws.of({ cells, ...tensors }, () => 0)) {
            for (const [k, gene] of drawn.genes.entries()) counts[row * GENES + gene] = drawn.counts[k]!
            row++
          }
          return { counts }
        })
      } finally {
        draws.release()
      }
    },
    expected() {
      const values = Float64Array.from(of.mean, (mean, at) => {
        if (mean === MISSING) return MISSING
        const [cell, gene] = [FIRST_CELL + Math.floor(at / GENES), at % GENES]
        if (inflated && uniformOfCount(SEED, cell, gene, 1) < dropoutAt(of, at)) return 0
        return countAt(uniformOfCount(SEED, cell, gene, 0), mean, of.theta[gene]!)
      })
      return { counts: { values, tolerance: 0 } }
    },
  }
}
