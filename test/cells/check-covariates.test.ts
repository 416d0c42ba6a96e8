import { describe, expect, it } from 'vitest'
import { checkCovariates } from '../../src/cells/check-covariates.js'
import { smallData } from '../train/small-data.js'

const data = {
  ...smallData(),
  obsNames: Array.from({ length: 120 }, (_, cell) => `c${cell}`),
}
const ALL = Int32Array.from({ length: 120 }, (_, cell) => cell)

describe('checkCovariates', () => {
  it('takes columns that a model can use', () => {
    checkCovariates(data, ALL, {
      batchKey: 'batch',
      categoricalCovariateKeys: ['day'],
      continuousCovariateKeys: ['score', 'signed'],
      sizeFactorKey: 'factor',
    })
    checkCovariates(data, ALL, {})
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
    expect(() => checkCovariates(data, ALL, keys)).toThrow(
      expect.objectContaining({ kind: 'bad-input', message: expect.stringContaining(message) }),
    )
  })

  it('looks at the given cells only', () => {
    const cells = ALL.filter((cell) => cell !== 9 && cell !== 4 && cell !== 2)
    checkCovariates(data, cells, { continuousCovariateKeys: ['holed'], sizeFactorKey: 'signed' })
    const oneDay = ALL.filter((cell) => cell % 3 === 1)
    for (const [keys, what] of [
      [{ batchKey: 'day' }, 'batch'],
      [{ categoricalCovariateKeys: ['day'] }, 'categorical covariate'],
    ] as const) {
      expect(() => checkCovariates(data, oneDay, keys)).toThrow(
        `"small.h5ad": all cells have the value "2" in the ${what} column "day".`,
      )
    }
  })
})
