import { makeVector, Table, vectorFromArray } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import type { CovariateKeys } from '../../src/cells/cell-data.js'
import { checkCovariates } from '../../src/cells/check-covariates.js'
import { smallData } from '../train/small-data.js'

const data = {
  ...smallData(),
  obsNames: Array.from({ length: 120 }, (_, cell) => `c${cell}`),
}
const ALL = Int32Array.from({ length: 120 }, (_, cell) => cell)

const check = (cells: Int32Array, keys: CovariateKeys, numericBatch = false) =>
  checkCovariates(data, cells, keys, { numericBatch })

describe('checkCovariates', () => {
  it('takes columns that a model can use', () => {
    check(ALL, {
      batchKey: 'batch',
      categoricalCovariateKeys: ['day'],
      continuousCovariateKeys: ['score', 'signed'],
      sizeFactorKey: 'factor',
    })
    check(ALL, {})
  })

  it.each([
    [{ batchKey: 'donor' }, 'has no obs column "donor"'],
    [{ batchKey: 'gaps' }, '"small.h5ad": the obs column "gaps" has no value for cell "c9".'],
    [{ categoricalCovariateKeys: ['gaps'] }, 'the obs column "gaps" has no value for cell "c9".'],
    [
      { continuousCovariateKeys: ['score', 'holed'] },
      'the obs column "holed" is NaN for cell "c4"; it must be a finite number for every cell.',
    ],
    [{ continuousCovariateKeys: ['batch'] }, '"batch" holds text'],
    [
      { sizeFactorKey: 'signed' },
      'the obs column "signed" is -1 for cell "c2"; it must be a positive number for every cell.',
    ],
  ])('refuses %o', (keys, message) => {
    expect(() => check(ALL, keys)).toThrow(
      expect.objectContaining({ kind: 'bad-input', message: expect.stringContaining(message) }),
    )
  })

  it('looks at the given cells only', () => {
    const cells = ALL.filter((cell) => cell !== 9 && cell !== 4 && cell !== 2)
    check(cells, { continuousCovariateKeys: ['holed'], sizeFactorKey: 'signed' })
    const oneDay = ALL.filter((cell) => cell % 3 === 1)
    for (const [keys, what] of [
      [{ batchKey: 'day' }, 'batch'],
      [{ categoricalCovariateKeys: ['day'] }, 'categorical covariate'],
    ] as const) {
      expect(() => check(oneDay, keys)).toThrow(
        `"small.h5ad": all cells have the value "2" in the ${what} column "day".`,
      )
    }
  })

  it('refuses a batch of over 50 different numbers unless it is said to be one', () => {
    const numbered = (values: readonly number[]) => ({
      ...data,
      obs: new Table({ run: makeVector(Float64Array.from(ALL, (cell) => values[cell % values.length]!)) }),
    })
    const range = (n: number) => Array.from({ length: n }, (_, i) => i / 8)
    const keys = { batchKey: 'run' }
    checkCovariates(numbered(range(50)), ALL, keys, { numericBatch: false })
    checkCovariates(numbered(range(51)), ALL, keys, { numericBatch: true })
    expect(() => checkCovariates(numbered(range(51)), ALL, keys, { numericBatch: false })).toThrow(
      expect.objectContaining({
        kind: 'bad-input',
        message:
          '"small.h5ad": the batch column "run" holds 51 different numbers, so it looks like a measurement.',
      }),
    )
    // those of the given cells count
    checkCovariates(numbered(range(51)), ALL.subarray(0, 50), keys, { numericBatch: false })
    const text = new Table({ run: vectorFromArray(Array.from(ALL, String)) })
    checkCovariates({ ...data, obs: text }, ALL, keys, { numericBatch: false })
  })
})
