import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { convertFile } from '../../src/anndata/convert.js'
import { checkCounts } from '../../src/anndata/counts/check-counts.js'
import { inspectCounts } from '../../src/anndata/inspect-any.js'
import { readMuData } from '../../src/anndata/mudata/elements.js'
import { isMuDataFile } from '../../src/anndata/mudata/modality.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readElements } from '../../src/anndata/read-file.js'
import { withStore } from '../../src/anndata/store/open-store.js'
import { writeCopy } from '../../src/anndata/write/copy.js'
import { DATA, names, ROWS, refusalOf, rowsOf, temporaryFolder } from './fixtures.js'
import { type ModalityParts, writeMuDataFixture } from './mudata-fixture.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

// the second modality has other cells, in another order
const rna: ModalityParts = { cells: names('c', 5), rows: ROWS, obs: { type: ['x', 'y', 'x', 'y', 'x'] } }
const prot: ModalityParts = {
  cells: ['c7', 'c3', 'c1', 'c6'],
  rows: [
    [0.5, -1],
    [0, 2],
    [1, 1],
    [3, 0.25],
  ],
}
/** Of c0 … c4, then c7 and c6. */
const whole = { donor: ['a', 'a', 'b', 'b', 'c', 'd', 'e'], 'rna:type': ['old', '', '', '', '', '', ''] }
const latent = (columns: number) => ({
  values: Float32Array.from({ length: 5 * columns }, (_, i) => i),
  rows: 5,
  columns,
})

describe('reading', () => {
  test('a modality is an AnnData file, with the columns that the whole file alone has', async () => {
    const path = await writeMuDataFixture(
      at('two.h5mu'),
      { prot, rna },
      { ...whole, donor: ['d', 'b', 'a', 'e', 'a', 'b', 'c'] },
    )
    expect(readFileSync(path).toString('latin1', 0, 30)).toBe('MuData (format-version=0.1.0;c')
    const adata = await readAnnData(path)
    expect(adata.modality).toBe('rna')
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(adata.obsNames).toEqual(names('c', 5))
    expect(adata.obs.schema.fields.map(({ name }) => name)).toEqual(['type', 'donor'])
    // the rows of the whole file: c7 c3 c1 c6 c0 c2 c4
    expect([...adata.obs.getChild('donor')!]).toEqual(['a', 'a', 'b', 'b', 'c'])
    expect(await checkCounts(adata)).toEqual([])
  })

  test('where no map says which cell is which, their names do', async () => {
    const path = await writeMuDataFixture(at('names.h5mu'), { rna, prot }, whole, false)
    const adata = await readAnnData(path, { modality: 'prot', obs: ['donor'] })
    expect([...adata.obs.getChild('donor')!]).toEqual(['d', 'b', 'a', 'e'])
    expect(await refusalOf(readAnnData(path, { obs: ['doner'] }), folder)).toBe(
      'bad-input: "names.h5mu" has no obs column "doner". Its obs columns, nearest first: donor, type.',
    )
  })

  test('without rna, the one that holds counts is taken', async () => {
    const path = await writeMuDataFixture(at('gex.h5mu'), { prot, gex: rna })
    expect((await readAnnData(path)).modality).toBe('gex')
  })

  test('a modality has to be named where several or none could be meant, and has to be there', async () => {
    const several = await writeMuDataFixture(at('several.h5mu'), { a: rna, b: rna, prot })
    expect(await refusalOf(readAnnData(several), folder)).toBe(
      'bad-input: "several.h5mu" has the modalities a, b, prot, of which a, b hold counts. Choose one with --modality.',
    )
    const none = await writeMuDataFixture(at('none.h5mu'), { prot, other: prot })
    expect(await refusalOf(readAnnData(none), folder)).toContain('none of which holds counts')
    expect(await refusalOf(readAnnData(several, { modality: 'c' }), folder)).toContain(
      'has no modality "c". Its modalities, nearest first: a, b, prot.',
    )
    await convertFile(several, at('plain.h5ad'), { modality: 'b' })
    expect(await refusalOf(readAnnData(at('plain.h5ad'), { modality: 'b' }), folder)).toBe(
      'usage: "plain.h5ad" is no MuData file, so it has no modality "b". Leave out --modality.',
    )
    expect([await isMuDataFile(several), await isMuDataFile(at('plain.h5ad'))]).toEqual([true, false])
    expect(await isMuDataFile(at('missing'))).toBe(false)
  })

  test('the matrix to use instead is looked for in the modality', async () => {
    const path = await writeMuDataFixture(at('log.h5mu'), { rna: { ...prot }, prot: rna })
    const adata = await readAnnData(path)
    expect(await refusalOf(checkCounts(adata), folder)).toContain('No other matrix of this file holds counts')
  })

  test('all modalities are told of', async () => {
    const path = await writeMuDataFixture(at('told.h5mu'), { prot, gex: rna }, whole)
    const summary = await inspectCounts(path)
    expect(summary).toMatchObject({
      modality: 'gex',
      modalities: [
        { name: 'prot', nCells: 4, nGenes: 2 },
        { name: 'gex', nCells: 5, nGenes: 4, countsSource: 'X' },
      ],
      countsSource: 'X',
      nCells: 5,
    })
    expect((await inspectCounts(path, { modality: 'prot' })).nCells).toBe(4)
  })
})

describe('writing', () => {
  const all = (path: string) => withStore(path, (store) => readMuData(store, { matrices: true }))

  test('additions go into the modality of a copy, and are replaced there', async () => {
    const source = await writeMuDataFixture(at('source.h5mu'), { rna, prot }, whole)
    const first = at('first.h5mu')
    await writeCopy(await readAnnData(source), 'h5ad', first, { obsm: { X_scvae: latent(2) } })
    expect(readFileSync(first).subarray(0, 512)).toEqual(readFileSync(source).subarray(0, 512))
    expect((await readAnnData(first)).obsm).toEqual({ X_scvae: [5, 2] })
    const second = at('second.h5mu')
    const score = { kind: 'float', values: new Float32Array(5) } as const
    await writeCopy(
      await readAnnData(first),
      'h5ad',
      second,
      { obsm: { X_scvae: latent(3) }, obs: { scvae_s: score } },
      { renews: true },
    )
    const [before, after] = [await all(source), await all(second)]
    expect(after.modalities.get('prot')!.x).toEqual(before.modalities.get('prot')!.x)
    expect(after.modalities.get('rna')!.obsm.get('X_scvae')).toMatchObject({ shape: [5, 3] })
    expect([...after.modalities.keys()]).toEqual(['rna', 'prot'])
    expect(after.shared.get('obsmap')).toEqual(before.shared.get('obsmap'))
    expect((await readAnnData(second)).obs.schema.fields.map(({ name }) => name)).toEqual([
      'type',
      'scvae_s',
      'donor',
    ])
  })

  test('copies that muon made of outputs of an earlier run go', async () => {
    const stale = { donor: whole.donor, 'rna:scvae_s': whole.donor, 'rna:type': whole.donor }
    const source = await writeMuDataFixture(at('stale.h5mu'), { rna, prot }, stale)
    await writeCopy(await readAnnData(source), 'h5ad', at('fresh.h5mu'), { obsm: { X_scvae: latent(2) } })
    const obs = (await all(at('fresh.h5mu'))).shared.get('obs')
    expect(obs?.kind === 'frame' && obs.table.schema.fields.map(({ name }) => name)).toEqual([
      'donor',
      'rna:type',
    ])
  })

  test('one modality is converted to AnnData, all of it', async () => {
    const source = await writeMuDataFixture(at('convert.h5mu'), { rna, prot }, whole)
    const { warnings } = await convertFile(source, at('prot.h5ad'), { modality: 'prot' })
    expect(warnings).toEqual(['Only the modality "prot" is written.'])
    const { path: _, warnings: __, ...elements } = await readElements(at('prot.h5ad'))
    const { path: ___, warnings: ____, ...own } = await readElements(source, { modality: 'prot' })
    expect(elements).toEqual(own)
  })

  test.skipIf(!DATA)('the file of a bug report', async () => {
    const source = join(DATA!, 'cases/cite.h5mu')
    const adata = await readAnnData(source)
    expect([adata.modality, adata.nCells, adata.nGenes]).toEqual(['rna', 200, 60])
    expect(adata.obs.schema.fields.map(({ name }) => name)).toContain('donor')
  })
})
