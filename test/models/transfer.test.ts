import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tableFromArrays } from 'apache-arrow'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import { takeRows } from '../../src/numeric/matrix.js'

const N = 160

function labelledData(): ModelData & { types: readonly string[] } {
  const { counts, obs, obsNames, varNames } = simulateCells({
    ...{ nCells: N, nGenes: 60, nTypes: 3, meanLibrarySize: 900, seed: 4 },
  })
  const types = obs.cell_type
  return {
    ...{ path: 'typed.h5ad', nCells: N, nGenes: 60, counts, obsNames, varNames, types },
    obs: tableFromArrays({
      batch: obs.batch,
      type: types,
      some: types.map((type, cell) => (cell % 3 === 0 ? type : null)),
      empty: types.map((type, cell) => (cell < 0 ? type : null)),
    }),
  }
}

describe('transferLabels', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const folder = mkdtempSync(join(tmpdir(), 'scvae-transfer-'))
  const data = labelledData()
  // the second half of the cells is new to the model
  const [old, fresh] = [0, N / 2].map((first) => Int32Array.from({ length: N / 2 }, (_, i) => first + i))
  const types = (cells: Int32Array) => Array.from(cells, (cell) => data.types[cell]!)
  let model: SCVI
  beforeAll(async () => {
    // 40 steps are few for a mixture
    const shape = { nHidden: 16, nLatent: 4, prior: 'normal' } as const
    model = await SCVI.create(data, { device, cells: old!, batchKey: 'batch', ...shape })
    await model.train({ maxEpochs: 40 })
    await model.save(join(folder, 'model'), { labelsKeys: ['type', 'some'] })
  }, 30_000)
  afterAll(async () => {
    await model.dispose()
    await device.dispose()
    rmSync(folder, { recursive: true, force: true })
  })

  /** The same cells in other data, so that the model meets them as new ones. */
  const other = { ...data }
  const asked = { adata: other, cells: fresh! }
  const named = ({ categories, codes }: { categories: readonly string[]; codes: Int32Array }) =>
    Array.from(codes, (code) => categories[code])

  it('gives cells the labels of the training cells near them', async () => {
    const { latent, labels, nNeighbors, unknownShare } = await model.transferLabels({
      ...{ ...asked, labelsKeys: ['type'] },
    })
    expect(latent).toEqual(await model.getLatentRepresentation(asked))
    const [answer] = labels
    expect([nNeighbors, unknownShare, answer!.nLabelled]).toEqual([15, 0.05, N / 2])
    const right = named(answer!).filter((type, i) => type === types(fresh!)[i]).length
    expect(right / fresh!.length).toBeGreaterThan(0.9)
    expect(Math.min(...answer!.confidence)).toBeGreaterThan(1 / 3)
    expect(Math.max(...answer!.confidence)).toBeLessThanOrEqual(1)
  })

  it('gives the same from the folder, from data and from a reference', async () => {
    const labelsKeys = ['type', 'some', 'batch']
    const told = await model.transferLabels({ ...asked, labelsKeys })
    expect(told.labels.map(({ nLabelled }) => nLabelled)).toEqual([80, 27, 80])
    await using loaded = await SCVI.load(join(folder, 'model'), undefined, { device })
    expect(loaded.description.labels).toEqual([
      { key: 'type', categories: told.labels[0]!.categories },
      { key: 'some', categories: told.labels[1]!.categories },
    ])
    expect(await loaded.transferLabels({ ...asked, labelsKeys })).toEqual(told)
    const reference = { adata: other, cells: old! }
    expect(await model.transferLabels({ ...asked, reference, labelsKeys })).toEqual(told)
    // kept when a loaded model is saved again, and left out with the cells
    await loaded.save(join(folder, 'again'))
    await using again = await SCVI.load(join(folder, 'again'), undefined, { device })
    expect(await again.transferLabels({ ...asked, labelsKeys })).toEqual(told)
    await loaded.save(join(folder, 'alone'), { saveCells: false })
    expect(JSON.parse(readFileSync(join(folder, 'alone', 'config.json'), 'utf8')).labels).toBeUndefined()
  })

  it('leaves a labelled cell out of what its own label comes from', async () => {
    const { labels } = await model.transferLabels({ labelsKeys: ['type'] })
    // one odd cell among the others gets the label of its neighbours
    const odd = Object.assign([...data.types], { 5: 'odd' })
    const adata = { ...data, obs: tableFromArrays({ type: odd }) }
    const told = await model.transferLabels({
      labelsKeys: ['type'],
      reference: { adata, cells: old! },
      adata,
      cells: old!,
    })
    expect(named(told.labels[0]!)[5]).toBe(named(labels[0]!)[5])
    expect(told.labels[0]!.confidence[5]).toBe(labels[0]!.confidence[5])
  })

  it('calls unknown what lies beyond the labelled cells', async () => {
    const latent = await model.getLatentRepresentation()
    const lost = types(old!)[0]!
    const kept = old!.filter((cell) => data.types[cell] !== lost)
    expect(takeRows(latent, kept).rows).toBeLessThan(80)
    const { labels } = await model.transferLabels({
      ...{ adata: other, cells: fresh!, labelsKeys: ['type'] },
      reference: { adata: other, cells: kept },
    })
    const share = (of: (type: string) => boolean) => {
      const flags = labels[0]!.unknown.filter((_, i) => of(types(fresh!)[i]!))
      return flags.reduce((sum, flag) => sum + flag, 0) / flags.length
    }
    expect(share((type) => type === lost)).toBeGreaterThan(0.6)
    expect(share((type) => type !== lost)).toBeLessThan(0.2)
    // a p-value of the share itself is small enough
    const least = Math.min(...labels[0]!.rangeP)
    const atLeast = await model.transferLabels({
      ...{ adata: other, cells: fresh!, labelsKeys: ['type'], unknownShare: least },
      reference: { adata: other, cells: kept },
    })
    expect(atLeast.labels[0]!.unknown).toEqual(Uint8Array.from(labels[0]!.rangeP, (p) => Number(p === least)))
    const none = await model.transferLabels({ ...asked, labelsKeys: ['type'], unknownShare: 0 })
    expect(none.labels[0]!.unknown).not.toContain(1)
  })

  it('refuses what it cannot do in a sentence', async () => {
    await using loaded = await SCVI.load(join(folder, 'model'), undefined, { device })
    const refused = (options: object) => expect(loaded.transferLabels({ ...asked, ...options } as never))
    await refused({ labelsKeys: ['kind'] }).rejects.toThrow(
      'The model\'s folder keeps no labels "kind" of its cells; it keeps type, some, batch.',
    )
    const reference = { adata: other, cells: old! }
    await refused({ labelsKeys: ['kind'], reference }).rejects.toThrow('has no obs column "kind"')
    await refused({ labelsKeys: ['empty'], reference }).rejects.toThrow(
      'The column "empty" has labels of fewer than two cells.',
    )
    await refused({ labelsKeys: [] }).rejects.toThrow('needs labelsKeys')
    await refused({ labelsKeys: ['type'], nNeighbors: 0 }).rejects.toThrow('nNeighbors must be')
    await refused({ labelsKeys: ['type'], unknownShare: 1 }).rejects.toThrow('unknownShare must be')
    await expect(loaded.save(join(folder, 'new'), { labelsKeys: ['type'] })).rejects.toThrow(
      'SCVI.save takes labelsKeys of a model that was trained here',
    )
    await expect(model.save(join(folder, 'new'), { labelsKeys: ['kind'] })).rejects.toThrow('"kind"')
  })
})
