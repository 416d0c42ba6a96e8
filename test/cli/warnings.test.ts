import { makeVector, Table, vectorFromArray } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { warnOfManyOutliers } from '../../src/cli/fit/score-model.js'
import { warnOfLostClusters } from '../../src/cli/fit/stability.js'
import { warnOfConfounding } from '../../src/cli/fit/warn-of-design.js'
import { Log } from '../../src/cli/log.js'
import { warningSentence } from '../../src/report/warning.js'

/** What a function warns of. */
function warned(of: (log: Log) => void) {
  const log = new Log('quiet', { write: () => {} })
  of(log)
  return log.warned
}

describe('a warning', () => {
  it.each([
    [{ what: 'a' }, 'a'],
    [{ what: 'a', why: 'b' }, 'a: b'],
    [{ what: 'a', advice: 'c', measure: 'm', value: 1, threshold: 2 }, 'a: c'],
    [{ what: 'a', why: 'b', advice: 'c' }, 'a: b; c'],
  ])('is a sentence: %j', (warning, sentence) => expect(warningSentence(warning)).toBe(sentence))
})

describe('flags on many cells', () => {
  const flags = (flagged: number) => ({
    outliers: { flag: Uint8Array.from({ length: 100 }, (_, cell) => (cell < flagged ? 1 : 0)) },
  })

  it('are told of with their share', () => {
    expect(warned((log) => warnOfManyOutliers(flags(21), log))).toEqual([
      {
        what: '21 of 100 cells are flagged as outliers',
        why: 'the model does not fit the data yet',
        ...{ measure: 'share of cells flagged', value: 0.21, threshold: 0.2 },
        advice: 'train for more epochs or check that the matrix holds raw counts',
      },
    ])
  })

  it('are not told of up to a fifth', () =>
    expect(warned((log) => warnOfManyOutliers(flags(20), log))).toEqual([]))
})

describe('clusters that other seeds do not find', () => {
  it('are named, with the index of the least stable', () => {
    const clusters = Float64Array.of(0.9, 0.59, 0.6, 0.31)
    expect(warned((log) => warnOfLostClusters({ clusters }, log))).toEqual([
      {
        what: 'clusters 1, 3 are not found again by fits with other seeds',
        measure: 'Jaccard index of the least stable cluster, mean over the other fits',
        ...{ value: 0.31, threshold: 0.6 },
        advice: 'do not build on them, or ask for fewer clusters with a lower --resolution',
      },
    ])
    expect(warned((log) => warnOfLostClusters({ clusters: Float64Array.of(0.6) }, log))).toEqual([])
  })
})

describe('a batch key that is a condition too', async () => {
  const adata = await readAnnData('data/demo.h5ad')
  const said = (condition: (cell: number, batch: number) => number) => {
    const batch = Array.from({ length: adata.nCells }, (_, cell) => cell % 4)
    const obs = new Table({
      batch: vectorFromArray(batch.map((code) => `b${code}`)),
      condition: vectorFromArray(batch.map((code, cell) => `c${condition(cell, code)}`)),
      n: makeVector(new Int32Array(adata.nCells)),
    })
    const cells = Int32Array.from(batch.keys())
    return warned((log) =>
      warnOfConfounding({ adata: { ...adata, path: adata.path, obs }, cells }, { batchKey: 'batch' }, log),
    )
  }

  it('is told of where each condition has batches of its own', () => {
    const [warning, ...others] = said((_, batch) => batch % 2)
    expect(others).toEqual([])
    expect(warning).toMatchObject({
      what: 'differences of "condition" cannot be told from those of the batch key "batch"',
      ...{ measure: 'groups of its values that no batch links', value: 2, threshold: 2 },
      advice: expect.stringContaining('scvae design'),
    })
  })

  it('is told of by how much they are one where a few cells link them', () => {
    const [warning] = said((cell, batch) => (cell < 80 ? 1 - (batch % 2) : batch % 2))
    expect(warning).toMatchObject({ measure: "Cramér's V", threshold: 0.9 })
    expect(warning!.value).toBeGreaterThan(0.9)
    expect(warning!.value).toBeLessThan(1)
  })

  it('is not told of where batches hold all conditions', () =>
    expect(said((cell) => Math.floor(cell / 4) % 2)).toEqual([]))
})
