import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { arrowTable } from '../../src/anndata/frame/arrow-table.js'
import type { AnnData } from '../../src/anndata/read.js'
import { cellData } from '../../src/cells/cell-data.js'
import { joinAnnData } from '../../src/cells/join/join-anndata.js'
import { at } from '../../src/check/oracle/matrix.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { SCVI } from '../../src/models/scvi.js'
import { matrixOf } from '../anndata/fixtures.js'
import { plainTensorFlow } from '../device/plain-tensorflow.js'
import { WEBGPU_IF_ALL } from '../device/webgpu-if-all.js'
import type { LossInput } from './autodiff.js'
import { finiteDifference } from './finite-difference.js'
import { lossInput, MODEL_CASES, modelParameters } from './model-case.js'
import { modelLoss, modelValues } from './model-loss.js'
import { expectGradients, networkRun, withNetworkNoise } from './network-run.js'

/** Of float32 kernels, of a parameter's largest gradient (at least 1). */
const TOLERANCE = 1e-4
const SEED = 31

/** Genes of two files, as they stand there: outer-joined they are 0 to 6 in order. */
const FILES = [
  { path: 'one.h5ad', genes: [0, 1, 2, 3, 4] },
  { path: 'two.h5ad', genes: [4, 2, 5, 1, 6, 3] },
] as const
/** Cells of the first file are those from here on, last first, as a source for the network's run has them. */
const FIRST_OF_ONE = 5

const fileOf = (cell: number) => (cell >= FIRST_OF_ONE ? FILES[0] : FILES[1])
const hasGene = (cell: number, gene: number) => fileOf(cell).genes.some((own) => own === gene)

/** Counts of an input by file: each has only its own genes. */
function filesOf({ cells: { counts } }: LossInput): AnnData[] {
  return FILES.map((file) => {
    const cells = Array.from({ length: counts.rows }, (_, i) => counts.rows - 1 - i).filter(
      (cell) => fileOf(cell) === file,
    )
    return {
      path: file.path,
      nCells: cells.length,
      nGenes: file.genes.length,
      obs: arrowTable([], cells.length),
      var: arrowTable([], file.genes.length),
      obsNames: cells.map(String),
      varNames: file.genes.map((gene) => `g${gene}`),
      counts: matrixOf(cells.map((cell) => file.genes.map((gene) => at(counts, cell, gene)))),
      countsSource: 'X',
      values: { min: 0, max: 9 },
      obsm: {},
      varm: {},
      warnings: [],
    }
  })
}

/** An input of which each cell has a count of a gene of both files. */
function inputOf(name: string): LossInput {
  const input = lossInput(MODEL_CASES[name]!, SEED)
  const { counts } = input.cells
  for (let cell = 0; cell < counts.rows; cell++) counts.values[cell * counts.columns + 3]!++
  return input
}

/** The same input with absent counts marked as the float64 oracle knows them. */
function withAbsence(input: LossInput): LossInput {
  const { counts } = input.cells
  const values = counts.values.map((count, i) =>
    hasGene(Math.floor(i / counts.columns), i % counts.columns) ? count : -1,
  )
  return { ...input, cells: { ...input.cells, counts: { ...counts, values } } }
}

const CASES = [
  'nb, defaults',
  'poisson, no norm',
  'zinb, latent library, covariates in the encoder',
  'nb by gene and batch, latent library',
  'nb, size factor, layer norm, three layers, covariates in the first',
  'nb, linear decoder',
]

const DEVICES: Record<string, () => Promise<Device>> = {
  'CPU threads': () => createCpuDevice({ threads: 2 }),
  'TensorFlow.js in plain JavaScript': plainTensorFlow,
  ...WEBGPU_IF_ALL,
}

describe.each(Object.entries(DEVICES))(
  'files joined by outer join on %s',
  { timeout: 120_000 },
  (_, makeDevice) => {
    let device: Device
    beforeAll(async () => {
      device = await makeDevice()
    })
    afterAll(() => device?.dispose())

    it.each(CASES)(
      'have the loss and the gradients of the float64 oracle, absent genes masked: %s',
      async (name) => {
        const input = withAbsence(withNetworkNoise(inputOf(name), SEED))
        const joined = joinAnnData(filesOf(input), { join: 'outer' })
        expect(joined.varNames).toEqual(['g0', 'g1', 'g2', 'g3', 'g4', 'g5', 'g6'])
        const { cells } = input
        const source = {
          ...cellData(joined, {}).source,
          categorical: cells.categorical.map((codes) => Int32Array.from(codes.toReversed())),
          continuous: cells.continuous.map((values) => Float32Array.from(values.toReversed())),
          size: Float32Array.from(cells.size.toReversed()),
        }
        const parameters = modelParameters(input, 8)
        const { sums, gradients } = await networkRun(device, parameters, input, SEED, [], source)
        const expected = modelValues(parameters, input)
        const total = (values: Float64Array) => values.reduce((sum, x) => sum + x, 0)
        expect(sums.logLikelihood).toBeCloseTo(total(expected.logLikelihood.values), 3)
        expect(sums.klLatent).toBeCloseTo(total(expected.kl.values), 3)
        const oracle = Object.fromEntries(
          Object.entries(parameters).map(([key, matrix]) => [
            key,
            finiteDifference(matrix, () => modelLoss(parameters, input)),
          ]),
        )
        expectGradients(gradients, oracle, TOLERANCE)
        // and they are others than those of zeros
        const zeros = {
          ...input,
          cells: {
            ...cells,
            counts: { ...cells.counts, values: cells.counts.values.map((x) => Math.max(0, x)) },
          },
        }
        expect(Math.abs(modelLoss(parameters, zeros) - expected.loss)).toBeGreaterThan(0.1)
      },
    )
  },
)

it('gives cells latents that do not depend on genes that their file lacks', async () => {
  const joined = joinAnnData(filesOf(inputOf('nb, defaults')), { join: 'outer' })
  await using model = await SCVI.create(joined, { nHidden: 6, nLatent: 3, seed: 4 })
  const latents = async () => {
    const { values, columns } = await model.getLatentRepresentation({ adata: { ...joined } })
    const split = (joined.nCells - FIRST_OF_ONE) * columns
    return [Array.from(values.subarray(0, split)), Array.from(values.subarray(split))]
  }
  const before = await latents()
  for (const [file, lacked] of [
    [0, [5, 6]],
    [1, [0]],
  ] as const) {
    const state = await model.network.state()
    const weight = state.get('z_encoder.fc0.weight')!
    const changed = weight.values.map((x, i) =>
      lacked.some((gene) => gene === Math.floor(i / weight.columns)) ? x + 2 : x,
    )
    model.network.setState(new Map([...state, ['z_encoder.fc0.weight', { ...weight, values: changed }]]))
    const after = await latents()
    expect(after[file]).toEqual(before[file])
    expect(after[1 - file]).not.toEqual(before[1 - file])
    model.network.setState(state)
  }
})
