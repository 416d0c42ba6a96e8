import { NOISE } from '../../numeric/philox.js'
import type { AdamSettings, CellSource, Device } from '../device.js'
import { SELF_TEST_VALUES } from './self-test-values.js'

/** Sizes that are no multiples of a vector, so that remainders are computed too. */
export const SELF_TEST = {
  cells: 5,
  genes: 37,
  hidden: 19,
  latent: 3,
  dropout: 0.25,
  seed: 11,
  step: 2,
} as const

export const SELF_TEST_ADAM = {
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 0.01,
  weightDecay: 1e-4,
  step: 1,
} as const satisfies AdamSettings

/** Share of an output's largest value by which another element may be off. */
const TOLERANCE = 1e-4

/** Weights that look like some: whole 101sts, so that they are the same everywhere. */
export function selfTestWeights(length: number, start: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 37 + start * 53) % 101) / 101 - 0.5)
}

/** Counts of some cells, a third of them zero. */
export function selfTestCells(): CellSource {
  const { cells: nCells, genes: nGenes } = SELF_TEST
  const count = (cell: number, gene: number) => ((gene * 7 + cell * 5) % 9) * ((gene + cell) % 3)
  const row = (cell: number) => {
    const genes = Int32Array.from({ length: nGenes }, (_, gene) => gene).filter(
      (gene) => count(cell, gene) > 0,
    )
    return { genes, counts: Float32Array.from(genes, (gene) => count(cell, gene)) }
  }
  const rows = Array.from({ length: nCells }, (_, cell) => row(cell))
  return {
    nCells,
    nGenes,
    counts: { nCells, nGenes, load: (cells) => Array.from(cells, (cell) => rows[cell]!) },
    categorical: [new Int32Array(nCells)],
    continuous: [],
    size: Float32Array.from(rows, ({ counts }) => counts.reduce((sum, x) => sum + x, 0)),
  }
}

/**
 * A step of a small network: sparse and dense layers, dropout, the draw of the latent, the count head, its gradient and Adam.
 *
 * @param device one that computes at once
 */
export async function runSelfTest(device: Device): Promise<Record<string, Float32Array>> {
  const { cells, genes, hidden, latent, dropout, seed, step } = SELF_TEST
  const parameter = (name: string, rows: number, columns: number, start: number) => ({
    name,
    rows,
    columns,
    values: selfTestWeights(rows * columns, start),
  })
  const [weight, bias, toLatent, toLatentBias, out, outBias, zero, zeroBias, dispersion] = device.parameters([
    parameter('weight', genes, hidden, 1),
    parameter('bias', 1, hidden, 2),
    parameter('toLatent', hidden, latent, 3),
    parameter('toLatentBias', 1, latent, 4),
    parameter('out', genes, latent, 5),
    parameter('outBias', 1, genes, 6),
    parameter('zero', genes, latent, 7),
    parameter('zeroBias', 1, genes, 8),
    parameter('dispersion', 1, genes, 9),
  ])
  const batch = await device.minibatch(selfTestCells(), cells)
  const chosen = Int32Array.from({ length: cells }, (_, cell) => cells - 1 - cell)
  await device.load(batch, chosen)
  device.gather(batch, chosen)
  device.step({})
  const tensor = (columns: number) => device.tensor(cells, columns)
  const covariates = { categories: [], continuous: 0 }
  const [first, dropped, mean, draw] = [tensor(hidden), tensor(hidden), tensor(latent), tensor(latent)]
  const [kl, logLikelihood, drawGradient] = [tensor(1), tensor(1), tensor(latent)]
  const { kernels } = device
  kernels.sparseLinear({ batch, weight: weight!, bias: bias!, covariates, output: first })
  const noise = { seed, step, purpose: NOISE.dropoutEncoder }
  kernels.reluDropout({ batch, input: first, output: dropped, dropout, noise })
  const layer = { weight: toLatent!, bias: toLatentBias!, covariates }
  kernels.linear({ batch, ...layer, input: dropped, output: mean })
  const latentNoise = { seed, step, purpose: NOISE.latent }
  kernels.sampleLatent({ batch, mean, rawVariance: mean, output: draw, kl, noise: latentNoise })
  const weights = { weight: out!, bias: outBias!, zeroWeight: zero!, zeroBias: zeroBias! }
  const head = { likelihood: 'zinb', scale: 'softmax', weights, logDispersion: dispersion! } as const
  kernels.countHead({ batch, head, hidden: draw, logLikelihood })
  const gradients = { hiddenGradient: drawGradient, adam: SELF_TEST_ADAM }
  kernels.countHeadGradient({ batch, head, hidden: draw, logLikelihood, ...gradients })
  return {
    kl: await device.read(kl),
    logLikelihood: await device.read(logLikelihood),
    drawGradient: await device.read(drawGradient),
    weightMoment: (await device.read(out!.firstMoment)).slice(0, 8),
    dispersion: (await device.read(dispersion!.value)).slice(0, 8),
  }
}

/** Whether a device computes what it should on a small network: nothing, or what is wrong in a few words. */
export async function selfTest(device: Device): Promise<string | undefined> {
  const outputs = await runSelfTest(device)
  for (const [name, expected] of Object.entries(SELF_TEST_VALUES)) {
    const actual = outputs[name]!
    const scale = Math.max(...expected.map(Math.abs))
    // a NaN is not near anything
    const isNear = expected.every((value, i) => Math.abs(actual[i]! - value) <= TOLERANCE * scale)
    if (!isNear) return 'computes wrong numbers'
  }
  return undefined
}
