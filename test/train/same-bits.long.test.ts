import { createHash } from 'node:crypto'
import { makeVector, Table, type Vector } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import { DEFAULT_MODEL, type ModelConfig } from '../../src/network/config.js'
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
      latent: 'cd1b1e34401e84e2',
      losses: 'ff4a9760e34e100b',
      weights: '2664975e16ea9b14',
    },
    rich: {
      latent: '195e085a4609cc2b',
      losses: 'f8db2923cfde9d6a',
      weights: 'c87303abb4cf1057',
    },
    sized: {
      latent: 'c8560fd1fadfecab',
      losses: '78b752274ea39759',
      weights: '9fb3c0cf27755cc9',
    },
  },
  'wasm relaxed': {
    plain: {
      latent: '9f3fb596a2896ee5',
      losses: '1e21a8ed933b4a77',
      weights: 'f34bbbcc138dad71',
    },
    rich: {
      latent: '8128a1f1acbd0e44',
      losses: 'f80744e8f6b7b386',
      weights: 'e46232af9c38b3b3',
    },
    sized: {
      latent: 'b02e3359d6351ec4',
      losses: '8b5378cde0f7e1a0',
      weights: '17925ac6a724faef',
    },
  },
  'native avx2': {
    plain: {
      latent: '53ad86453dcd6779',
      losses: '62ee524622c426ca',
      weights: '712e32dbb4986c82',
    },
    rich: {
      latent: '370a24cbeb85d38d',
      losses: 'c6666c3c27847db0',
      weights: '2ba8062df1a074f0',
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
      model: { ...DEFAULT_MODEL, ...model, ...(name === 'sized' && { library: 'size-factor' }) },
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
