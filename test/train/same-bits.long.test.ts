import { createHash } from 'node:crypto'
import { makeVector, Table, type Vector } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import { type ModelConfig, PLAIN_MODEL } from '../../src/network/config.js'
import type { TrainOptions } from '../../src/train/options.js'

/** Of latents, of the losses of every epoch, and of all weights. */
interface Hashes {
  latent: string
  losses: string
  weights: string
}

/**
 * What version 0.1.0 of this project trains, bit for bit. Where results are changed on purpose these are taken anew, and the change
 * is shown to be none in the held-out loss. What a C compiler makes of the kernels is its own affair: the native ones are those of
 * GCC 12, and compared where the environment says SCVAE_TEST_BITS.
 */
const EXPECTED: Record<string, Record<string, Hashes>> = {
  'wasm simd': {
    plain: {
      latent: '6936f0f90f18e161',
      losses: '03d66e3829239e04',
      weights: '75820ac2daada068',
    },
    rich: {
      latent: '914389abd49b9728',
      losses: 'b4350da263f6eb6d',
      weights: 'd924a464e252ef7c',
    },
    sized: {
      latent: 'c8560fd1fadfecab',
      losses: '78b752274ea39759',
      weights: '9fb3c0cf27755cc9',
    },
  },
  'wasm relaxed': {
    plain: {
      latent: '328cc6ebd52315d8',
      losses: '5e174b5cee8666d4',
      weights: 'f9272dae60e6226a',
    },
    rich: {
      latent: 'f962d55bac12f2f4',
      losses: '76e044c9fa23ff85',
      weights: '2805c93ff9208b21',
    },
    sized: {
      latent: 'b02e3359d6351ec4',
      losses: '8b5378cde0f7e1a0',
      weights: '17925ac6a724faef',
    },
  },
  'native avx2': {
    plain: {
      latent: '4c9266da8e9557f5',
      losses: 'f9665ef5f8489059',
      weights: 'b3b75f8025b7b98d',
    },
    rich: {
      latent: '72def2afca50c361',
      losses: '52bb8c5edb4d3403',
      weights: 'd63c621752b0288d',
    },
    sized: {
      latent: 'a5fbd997ddb73bdc',
      losses: 'ad7914694d16ef56',
      weights: 'b5dc3ca63c070324',
    },
  },
}

const SHARED: Partial<ModelConfig> = {
  nHidden: 128,
  nLatent: 10,
  dropoutRate: 0.1,
  deeplyInjectCovariates: true,
  batchNorm: 'both',
  layerNorm: 'none',
  beta: 1,
}

const CASES: Record<string, { model: Partial<ModelConfig>; keys: object }> = {
  plain: { model: { ...SHARED, likelihood: 'nb', library: 'observed' }, keys: {} },
  rich: {
    model: { ...SHARED, likelihood: 'zinb', nLayers: 2, library: 'latent', encodeCovariates: true },
    keys: { batchKey: 'batch', continuousCovariateKeys: ['score'] },
  },
  sized: {
    model: { ...SHARED, likelihood: 'nb', dispersion: 'gene-batch' },
    keys: { batchKey: 'batch', sizeFactorKey: 'size_f' },
  },
}

const TRAINING: TrainOptions = {
  maxEpochs: 30,
  batchSize: 128,
  learningRate: 1e-3,
  weightDecay: 1e-6,
  adamEpsilon: 0.01,
  trainSize: 0.9,
  klSchedule: 'linear',
  klWarmup: 10,
  klCycles: 4,
  validateEvery: 5,
  earlyStopping: false,
  patience: 45,
  reduceLearningRate: false,
  keepBest: true,
  precision: 'auto',
  splitSeed: 'auto',
  seed: 3,
}

/** The demo's cells with a size factor and a continuous covariate. */
async function demo(): Promise<ModelData> {
  const adata = await readAnnData('data/demo.h5ad')
  const column = (of: (i: number) => number) =>
    makeVector(Float64Array.from({ length: adata.nCells }, (_, i) => of(i)))
  const columns: Record<string, Vector> = {
    size_f: column((i) => 0.5 + ((i * 7919) % 1000) / 1000),
    score: column((i) => ((i * 104729) % 2003) / 1000 - 1),
  }
  for (const [i, { name }] of adata.obs.schema.fields.entries()) columns[name] = adata.obs.getChildAt(i)!
  return { ...adata, path: adata.path, obs: new Table(columns) }
}

const hash = (...parts: readonly ArrayBufferView[]): string => {
  const all = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of parts)
    all.update(new Uint8Array(buffer, byteOffset, byteLength))
  return all.digest('hex').slice(0, 16)
}

const compared = availableBuilds().filter(
  (build) => build in EXPECTED && (build.startsWith('wasm') || process.env.SCVAE_TEST_BITS !== undefined),
)

describe.each(compared)('on %s', (kernels) => {
  it.each(Object.entries(CASES))('a training is what it was, %s', async (name, { model, keys }) => {
    const device = await createCpuDevice({ threads: 2, kernels })
    await using fitted = await SCVI.create(await demo(), {
      ...keys,
      model: { ...PLAIN_MODEL, ...model, ...(name === 'sized' && { library: 'size-factor' }) },
      device,
      seed: 3,
      batchSize: 128,
    })
    const losses: number[] = []
    await fitted.train({
      ...TRAINING,
      onEpoch: (epoch) =>
        losses.push(epoch.trainElbo, epoch.trainReconstruction, epoch.trainKl, epoch.heldoutElbo ?? 0),
    })
    const state = await fitted.network.state()
    const found: Hashes = {
      latent: hash((await fitted.getLatentRepresentation()).values),
      losses: hash(Float64Array.from(losses)),
      weights: hash(...[...state.keys()].sort().map((key) => state.get(key)!.values)),
    }
    expect(found).toEqual(EXPECTED[kernels]![name])
    await device.dispose()
  })
})

it('is compared on a build at least', () => {
  expect(compared.length).toBeGreaterThan(0)
})
