import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CpuDevice, createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { type ExtraTerm, type Model, SCVI, terms as t, type Value } from '../../src/index.js'
import { bits } from '../train/small-cells.js'
import { smallData } from '../train/small-data.js'

const DATA = smallData()
const OPTIONS = {
  batchKey: 'batch',
  categoricalCovariateKeys: ['day'],
  continuousCovariateKeys: ['score'],
  nHidden: 16,
  nLatent: 3,
  seed: 7,
} as const
const TRAIN = { maxEpochs: 1, batchSize: 40, seed: 2 } as const

const weightsOf = async ({ network }: Model) => bits(await network.state())

describe('terms that cannot be', () => {
  let device: CpuDevice
  beforeAll(async () => {
    device = await createCpuDevice({ threads: 1 })
  })
  afterAll(() => device?.dispose())

  const one = (of: ExtraTerm['of'], more: Partial<ExtraTerm> = {}) => [{ name: 'x', weight: 1, of, ...more }]
  const kl: ExtraTerm['of'] = (nodes) => nodes.kl
  let kept: Value
  const SHAPE = 'a term of the loss is one number, or one for each cell.'
  const SUM = 'Sum it up, or take its mean.'

  it.each<[string, readonly ExtraTerm[], string | RegExp, (string | RegExp)?]>([
    [
      'a function that throws',
      one(() => {
        throw new Error('no luck')
      }),
      'The term "x" cannot be made: no luck.',
    ],
    ['what is no function', one(3 as never), 'The term "x" cannot be made: of is not a function.'],
    [
      'nothing',
      one((() => {}) as never),
      'The term "x" cannot be made: undefined is neither a number nor a value nor a function of values.',
    ],
    [
      'text',
      one((nodes) => t.add(nodes.kl, 'kl' as never)),
      'The term "x" cannot be made: kl is neither a number nor a value nor a function of values.',
    ],
    ['a matrix', one(({ latent }) => latent), `The term "x" is cells × 3; ${SHAPE}`, SUM],
    ['a row', one(({ weight }) => t.square(weight('px_r'))), `The term "x" is 1 × 50; ${SHAPE}`, SUM],
    [
      'one for each row that is no cell',
      one(({ newWeight }) => newWeight('w', 4, 1)),
      `The term "x" is 4 × 1; ${SHAPE}`,
      SUM,
    ],
    ['a name twice', [...one(kl), ...one(kl)], 'Two terms of the loss are called "x".'],
    ['no name', one(kl, { name: '' }), 'A term of the loss needs a name.'],
    [
      'a bad weight',
      one(kl, { weight: Number.NaN }),
      'The weight of the term "x" must be a number, not NaN.',
    ],
    [
      'a weight that is text',
      one(kl, { weight: '3' as never }),
      'The weight of the term "x" must be a number, not 3.',
    ],
    [
      'an unknown weight',
      one(({ weight, sum }) => sum(weight('decoder'), 'all')),
      'The term "x" cannot be made: The model has no weight "decoder".',
      /^It has z_encoder\.fc0\.weight, .*px_r\.$/,
    ],
    [
      'an unknown covariate',
      one(({ categorical }) => categorical(1)),
      'The term "x" cannot be made: The model has no categorical covariate 1 beside the batch: it has 1.',
    ],
    [
      'another unknown covariate',
      one(({ continuous }) => continuous(-1)),
      'The term "x" cannot be made: The model has no continuous covariate -1: it has 1.',
    ],
    [
      'a new weight twice',
      one(({ newWeight }) => t.add(newWeight('w', 1, 1), newWeight('w', 1, 1))),
      'The term "x" cannot be made: Two new weights are called "w".',
    ],
    [
      'a new weight for each cell',
      one(({ newWeight, latent }) => newWeight('w', latent.rows, 1)),
      'The term "x" cannot be made: The new weight "w" cannot be cells × 1.',
    ],
    [
      'a constant of another length',
      one(({ constant }) => constant(2, 2, [1, 2, 3])),
      'The term "x" cannot be made: A constant of 2 × 2 has no 3 values.',
    ],
    [
      'a product with what is no weight',
      one(({ linear, latent }) => linear(latent, latent)),
      /cannot be made: linear takes a weight, and .* \(cells × 3\) is none\.$/,
    ],
    [
      'a product of other shapes',
      one(({ linear, latent, newWeight }) => linear(latent, newWeight('w', 2, 1))),
      'The term "x" cannot be made: term.w has 2 rows for 3 inputs and covariates.',
    ],
    [
      'shapes that differ',
      one(({ latent, constant }) => t.add(latent, constant(1, 4, [1, 2, 3, 4]))),
      'The term "x" cannot be made: Values of 3 and 4 columns do not go together.',
    ],
    [
      'pairs of what is on neither side',
      one(({ latent, latentMean, pairs, sum }) =>
        sum(
          pairs([latent], [latent], ([a]) => t.add(a, latentMean)),
          'all',
        ),
      ),
      /cannot be made: .* \(cells × 3\) is on neither side of the pairs, and has more rows than one\.$/,
    ],
    [
      'a column that there is not',
      one(({ latent, column }) => column(latent, 3)),
      /cannot be made: .* \(cells × 3\) has no column 3\.$/,
    ],
    [
      'rows that there are not',
      one(({ weight, rows, sum }) => sum(rows(weight('z_encoder.mean.weight'), 14, 17), 'all')),
      'The term "x" cannot be made: z_encoder.mean.weight (16 × 3) has no rows from 14 to below 17.',
    ],
    [
      'rows of cells',
      one(({ latent, rows, sum }) => sum(rows(latent, 0, 2), 'all')),
      /cannot be made: .* \(cells × 3\) has a row for each cell, and none by number\.$/,
    ],
    [
      'a value of one side of pairs',
      one(({ latent, pairs, sum }) => {
        let side: Value
        pairs([latent], [latent], ([a]) => {
          side = a as Value
          return a
        })
        return sum(side!, 'columns')
      }),
      /cannot be made: .* \(cells × 3\) is no value of this network\.$/,
    ],
    [
      'a value of another training',
      one((nodes) => {
        kept ??= nodes.kl
        return kept
      }),
      /cannot be made: .* \(cells × 1\) is no value of this network\.$/,
    ],
  ])('are refused: %s', async (_, terms, message, hint) => {
    await using model = await SCVI.create(DATA, { device, ...OPTIONS })
    await model.train({
      ...TRAIN,
      maxEpochs: 1,
      terms: one((nodes) => {
        kept = nodes.kl
        return nodes.kl
      }),
    })
    const { network } = model
    const weights = await weightsOf(model)
    const latent = await model.getLatentRepresentation()
    const { bytes } = device
    const error = await model
      .train({ ...TRAIN, terms })
      .catch(({ kind, message, hint }) => ({ kind, message, hint }))
    expect(error).toEqual({
      kind: 'usage',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
      hint: hint instanceof RegExp ? expect.stringMatching(hint) : hint,
    })
    // as if nothing had been asked
    expect(model.network).toBe(network)
    expect(device.bytes).toBe(bytes)
    expect(await weightsOf(model)).toEqual(weights)
    expect(await model.getLatentRepresentation()).toEqual(latent)
    await model.train(TRAIN)
  })
})
