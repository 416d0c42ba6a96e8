import { makeVector, Table, vectorFromArray } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { warnOfSmallBatches } from '../../src/cli/fit/small-batches.js'
import { Log } from '../../src/cli/log.js'
import { DEFAULT_MODEL, modelConfig } from '../../src/network/config.js'

const adata = await readAnnData('data/demo.h5ad')

/** What is said of the first cells having these batches, and all others one. */
function said(batches: readonly string[], options: { cells?: Int32Array; latentLibrary?: boolean } = {}) {
  const names = Array.from({ length: adata.nCells }, (_, cell) => batches[cell] ?? 'rest')
  const obs = new Table({ run: vectorFromArray(names), n: makeVector(new Int32Array(adata.nCells)) })
  const log = new Log('quiet', { write: () => {} })
  warnOfSmallBatches(
    { ...adata, path: adata.path, obs },
    options.cells ?? Int32Array.from(names.keys()),
    {
      batchKey: 'run',
      model: options.latentLibrary ? modelConfig({ library: 'latent' }) : modelConfig({ ...DEFAULT_MODEL }),
    },
    log,
  )
  return { warnings: log.warnings, warned: log.warned }
}

describe('batches of few cells', () => {
  it('are told of by name', () => {
    const { warnings, warned } = said(['a', 'b', 'c', 'b', 'c', 'c'])
    expect(warnings).toEqual([
      '2 batches of "run" with fewer than 3 cells: "a" (1 cell), "b" (2 cells); what such a batch does cannot be told from its cells; leave them out or merge them with others if that matters',
    ])
    expect(warned[0]).toMatchObject({ measure: 'cells of the smallest batch', value: 1, threshold: 3 })
  })

  it('are told of with their prior where that is taken', () => {
    expect(said(['a'], { latentLibrary: true }).warnings[0]).toContain(
      '1 batch of "run" with fewer than 3 cells: "a" (1 cell); what such a batch does cannot be told from its cells; the prior of their library sizes is that of all cells;',
    )
  })

  it('are counted by number after the fifth', () => {
    expect(said(['a', 'b', 'c', 'd', 'e', 'f', 'g']).warnings[0]).toContain('"e" (1 cell) and 2 more;')
  })

  it('are judged by the cells that are fitted', () => {
    const batches = ['a', 'a', 'a', 'b', 'b', 'b', 'c']
    const cells = Int32Array.from({ length: 20 }, (_, i) => i).filter((cell) => cell !== 0 && cell !== 6)
    expect(said(batches, { cells }).warnings[0]).toMatch(
      /^1 batch of "run" with fewer than 3 cells: "a" \(2 cells\);/,
    )
    expect(said(['a', 'a', 'a']).warnings).toEqual([])
  })
})
