import { describe, expect, it } from 'vitest'
import { decodeCells, encodeCells, type ModelCells } from '../../src/files/model-cells.js'
import type { ModelDescription } from '../../src/files/model-description.js'
import { decodeTensors, encodeTensors, type StoredTensor } from '../../src/files/safetensors.js'
import { modelConfig } from '../../src/network/config.js'

const DESCRIPTION: ModelDescription = {
  version: '0.0.0',
  config: modelConfig({ nLatent: 2 }),
  genes: ['a'],
  categorical: [
    { key: 'batch', categories: ['x', 'y'] },
    { key: 'day', categories: ['1'] },
  ],
  continuous: ['score'],
  sizeFactorKey: null,
  libraryPrior: null,
  batchSize: 128,
  seed: 0,
}

const CELLS: ModelCells = {
  mean: Float32Array.of(1, 2, 3, 4, 5, 6),
  variance: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
  size: Float32Array.of(100, 200, 300),
  categorical: [Int32Array.of(0, 1, 1), Int32Array.of(0, 0, 0)],
  continuous: [Float32Array.of(-1, 0.5, 2)],
  names: ['AAAC-1', '', 'zellé 3'],
}

describe('cells of a model', () => {
  it('come back, with and without names', () => {
    expect(decodeCells(encodeCells(CELLS), DESCRIPTION, 'c')).toEqual(CELLS)
    const { names: _, ...nameless } = CELLS
    expect(decodeCells(encodeCells(nameless), DESCRIPTION, 'c')).toEqual(nameless)
    const plain = { ...DESCRIPTION, categorical: DESCRIPTION.categorical.slice(0, 1), continuous: [] }
    const few = { ...nameless, categorical: CELLS.categorical.slice(0, 1), continuous: [] }
    expect(decodeCells(encodeCells(few), plain, 'c')).toEqual(few)
  })

  it('lie as the guide says', () => {
    const { tensors } = decodeTensors(encodeCells(CELLS), 'c')
    const shapes = Array.from(tensors, ([name, { shape, values }]) => [name, values.constructor.name, shape])
    expect(shapes).toEqual([
      ['latent_mean', 'Float32Array', [3, 2]],
      ['latent_variance', 'Float32Array', [3, 2]],
      ['size', 'Float32Array', [3]],
      ['categorical', 'Int32Array', [2, 3]],
      ['continuous', 'Float32Array', [1, 3]],
      ['name_ends', 'Int32Array', [3]],
      ['names', 'Uint8Array', [14]],
    ])
    expect(tensors.get('name_ends')!.values).toEqual(Int32Array.of(6, 6, 14))
  })

  it.each<[string, (tensors: Map<string, StoredTensor>) => void, string]>([
    ['no cells', (t) => t.set('size', { shape: [0], values: new Float32Array() }), 'size'],
    [
      'another number of cells',
      (t) => t.set('size', { shape: [1], values: new Float32Array(1) }),
      'categorical',
    ],
    ['no sizes', (t) => t.delete('size'), 'size'],
    ['no means', (t) => t.delete('latent_mean'), 'latent_mean'],
    [
      'other latents',
      (t) => t.set('latent_variance', { shape: [2, 3], values: new Float32Array(6) }),
      'latent_variance',
    ],
    [
      'codes that are no whole numbers',
      (t) => t.set('categorical', { shape: [2, 3], values: new Float32Array(6) }),
      'categorical',
    ],
    [
      'other covariates',
      (t) => t.set('continuous', { shape: [0, 3], values: new Float32Array() }),
      'continuous',
    ],
    [
      'names that end before they begin',
      (t) => t.set('name_ends', { shape: [3], values: Int32Array.of(6, 5, 14) }),
      'name_ends',
    ],
    [
      'names that end too early',
      (t) => t.set('name_ends', { shape: [3], values: Int32Array.of(6, 6, 13) }),
      'name_ends',
    ],
    ['names without ends', (t) => t.delete('name_ends'), 'name_ends'],
  ])('are refused with %s', (_, change, name) => {
    const { tensors } = decodeTensors(encodeCells(CELLS), 'c')
    change(tensors)
    expect(() => decodeCells(encodeTensors(tensors), DESCRIPTION, 'c')).toThrow(
      expect.objectContaining({
        kind: 'bad-input',
        message: `c does not belong to its model: "${name}" is missing or differs.`,
      }),
    )
  })

  it.each([2, -1])('are refused with a category that the model does not have: %i', (code) => {
    const cells = { ...CELLS, categorical: [Int32Array.of(0, code, 1), CELLS.categorical[1]!] }
    expect(() => decodeCells(encodeCells(cells), DESCRIPTION, 'c')).toThrow(
      'c has cells of categories that its model does not have.',
    )
  })
})
