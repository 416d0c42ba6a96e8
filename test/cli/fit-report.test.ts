import { makeVector, Table, vectorFromArray } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { obsColorings, settingLists } from '../../src/cli/fit/fit-report.js'
import { snakeCase } from '../../src/cli/fit/metrics.js'
import { DEFAULT_MODEL } from '../../src/network/config.js'
import { DEFAULT_TRAINING } from '../../src/train/options.js'

describe('settings on the page', () => {
  const lists = (model: object, training: object, batchKey: string | null = null) => {
    const { settings, defaults } = settingLists({
      batch_key: batchKey,
      categorical_covariates: [],
      continuous_covariates: ['age', 'dose'],
      model: snakeCase({ ...DEFAULT_MODEL, ...model }),
      training: snakeCase({ ...DEFAULT_TRAINING, ...training }),
      chosen: { batch_size: 512 },
    })
    return { settings: Object.fromEntries(settings), defaults: Object.fromEntries(defaults) }
  }

  it('are those that are not the defaults, the others apart', () => {
    const { settings, defaults } = lists({ nLatent: 11 }, {})
    expect(settings).toEqual({ continuous_covariates: 'age, dose', n_latent: '11' })
    expect(defaults).toMatchObject({
      batch_key: 'none',
      categorical_covariates: 'none',
      n_hidden: String(DEFAULT_MODEL.nHidden),
    })
    expect(lists({}, {}, 'donor').settings).toMatchObject({ batch_key: 'donor' })
  })

  it('say what was taken where that was left to the program', () =>
    expect(lists({}, { batchSize: 'auto' }).settings).toMatchObject({ batch_size: 'auto: 512' }))

  it('are none that say nothing beside the others', () => {
    const plain = lists({ prior: 'normal' }, {})
    for (const name of ['prior_components', 'decoder_bias', 'kl_cycles'])
      expect({ ...plain.settings, ...plain.defaults }).not.toHaveProperty(name)
    expect(lists({ prior: 'vamp' }, {}).defaults).toHaveProperty('prior_components')
    expect(lists({ decoder: 'linear' }, {}).defaults).toHaveProperty('decoder_bias')
  })
})

describe('columns that cells are coloured by', () => {
  it('are those with few categories and those of numbers, without the columns of an earlier run', () => {
    const n = 70
    const each = (value: (cell: number) => string) =>
      vectorFromArray(Array.from({ length: n }, (_, i) => value(i)))
    const obs = new Table({
      type: each((cell) => `t${cell % 3}`),
      sixty: each((cell) => `t${cell % 60}`),
      more: each((cell) => `t${cell % 61}`),
      score: makeVector(Float64Array.from({ length: n }, (_, cell) => cell / 2)),
      scvae_leiden: each(() => '0'),
    })
    const keys = {
      present: new Set<string>(),
      listed: new Set(['obs/scvae_leiden']),
      copies: new Set<string>(),
    }
    const cells = Int32Array.of(4, 60, 2)
    const found = obsColorings({ adata: { path: 'a.h5ad', nCells: n, obs }, cells, keys })
    expect(found.map(({ name, kind }) => [name, kind])).toEqual([
      ['type', 'categorical'],
      ['sixty', 'categorical'],
      ['score', 'numeric'],
    ])
    const [type, , score] = found
    expect(type?.kind === 'categorical' && Array.from(type.codes, (code) => type.categories[code])).toEqual([
      't1',
      't0',
      't2',
    ])
    expect(score?.kind === 'numeric' && Array.from(score.values)).toEqual([2, 30, 1])
  })
})
