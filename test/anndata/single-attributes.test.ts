import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkCounts } from '../../src/anndata/counts/check-counts.js'
import { type Dataset, type Group, isGroup, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readElements } from '../../src/anndata/read-file.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { attribute, matrixOf, names, ROWS, rowsOf, temporaryFolder } from './fixtures.js'

const folder = temporaryFolder()

/** Stores every text attribute of one value as a list of one. */
function asLists(entity: Group | Dataset): void {
  for (const name of Object.keys(entity.attrs)) {
    const value = attribute(entity, name)
    if (typeof value !== 'string' && typeof value !== 'number') continue
    entity.delete_attribute(name)
    if (typeof value === 'string') entity.create_attribute(name, [value], [1], 'S')
    else entity.create_attribute(name, [value], [1], '<b')
  }
  if (isGroup(entity)) for (const key of entity.keys()) asLists(entity.get(key) as Group | Dataset)
}

test('attributes of one value that are lists of one, as R and Julia write them', async () => {
  const path = join(folder, 'lists.h5ad')
  await writeAnnData(path, {
    counts: matrixOf(ROWS),
    obs: { batch: { kind: 'category', categories: ['a', 'b'], codes: [0, 1, 0, 1, 0] } },
    obsNames: names('c', 5),
    varNames: names('g', 4),
    obsm: { X_pca: { values: new Float32Array(10), rows: 5, columns: 2 } },
    uns: { a: { b: 'text' } },
  })
  const before = await readElements(path)
  await withH5File(path, 'a', (file) => {
    asLists(file)
    expect(attribute(file.get('obs') as Group, 'encoding-type')).toEqual(['dataframe'])
    expect(attribute(file.get('obs/batch') as Group, 'ordered')).toEqual([0])
  })
  const adata = await readAnnData(path)
  expect(await checkCounts(adata)).toEqual([])
  expect(adata.warnings).toEqual([])
  expect(rowsOf(adata.counts)).toEqual(ROWS)
  expect([...adata.obs.getChild('batch')!]).toEqual(['a', 'b', 'a', 'b', 'a'])
  expect(adata.obsNames).toEqual(names('c', 5))
  const after = await readElements(path)
  expect(after.uns).toEqual(before.uns)
  expect(after.obsm).toEqual(before.obsm)
})
