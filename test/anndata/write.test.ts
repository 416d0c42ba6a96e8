import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Bool, Dictionary, Float64, Int32, List, Table, Utf8, vectorFromArray } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { CountMatrix } from '../../src/anndata/counts/counts.js'
import type { SparseElementValues } from '../../src/anndata/elements.js'
import { obsColumn, obsNumbers } from '../../src/anndata/frame/obs-column.js'
import { type Dataset, type Group, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readElements } from '../../src/anndata/read-file.js'
import type { Additions } from '../../src/anndata/write/additions.js'
import { type NewAnnData, writeAnnData } from '../../src/anndata/write/anndata.js'
import { type CopyOptions, writeCopy } from '../../src/anndata/write/copy.js'
import { writeElements } from '../../src/anndata/write/elements.js'
import { attribute, DATA, matrixOf, names, ROWS, rowsOf, temporaryFolder } from './fixtures.js'

const folder = temporaryFolder()
const NAMES = { obsNames: ['a', 'b', 'c', 'd', 'é'], varNames: names('g', 4) }

/** A small file of ours. */
async function demo(name: string, more: Partial<NewAnnData> = {}): Promise<string> {
  const path = join(folder, `${name}.h5ad`)
  await writeAnnData(path, { counts: matrixOf(ROWS), obs: {}, ...NAMES, ...more })
  return path
}

const embedding = (rows: number, columns: number, from = 0) => ({
  values: Float32Array.from({ length: rows * columns }, (_, i) => from + i),
  rows,
  columns,
})

describe('writeAnnData', () => {
  test('reads back as it was', async () => {
    const path = await demo('back', {
      obs: {
        batch: { kind: 'category', codes: [0, 1, -1, 0, 1], categories: ['x', 'y'] },
        level: { kind: 'category', codes: [0, 1, 1, 0, 1], categories: Float64Array.of(0.5, 1.5) },
        n: { kind: 'int', values: Uint8Array.of(1, 2, 3, 4, 5) },
        f: { kind: 'float', values: Float64Array.of(0.1, 2, Number.NaN, 4, 5) },
        s: { kind: 'string', values: ['', 'b', '日本', 'd', 'e'] },
      },
      var: { length: { kind: 'int', values: Int32Array.of(1, 2, 3, 4) } },
      obsm: { X_scvae: embedding(5, 3) },
    })
    const adata = await readAnnData(path)
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect([adata.obsNames, adata.varNames]).toEqual([NAMES.obsNames, NAMES.varNames])
    expect(Array.from(adata.obs.getChild('batch')!)).toEqual(['x', 'y', null, 'x', 'y'])
    expect(Array.from(adata.obs.getChild('level')!)).toEqual([0.5, 1.5, 1.5, 0.5, 1.5])
    expect(Array.from(adata.obs.getChild('n')!)).toEqual([1, 2, 3, 4, 5])
    expect(Array.from(adata.obs.getChild('f')!)).toEqual([0.1, 2, Number.NaN, 4, 5])
    expect(Array.from(adata.obs.getChild('s')!)).toEqual(['', 'b', '日本', 'd', 'e'])
    expect(Array.from(adata.var.getChild('length')!)).toEqual([1, 2, 3, 4])
    expect(adata.obsm).toEqual({ X_scvae: [5, 3] })
    expect(adata.warnings).toEqual([])
  })

  test('takes an Arrow table of any column that is read', async () => {
    const obs = new Table({
      flag: vectorFromArray([true, false, null, true, true], new Bool()),
      text: vectorFromArray(['q', null, 'r', 'q', 'q'], new Utf8()),
      kind: vectorFromArray(['z', 'y', 'z', null, 'z'], new Dictionary(new Utf8(), new Int32())),
      n: vectorFromArray([1, null, 3, 4, 5], new Int32()),
      f: vectorFromArray([1.5, 2.5, 3.5, 4.5, 5.5], new Float64()),
    })
    const adata = await readAnnData(await demo('arrow', { obs }))
    expect(Array.from(adata.obs.getChild('flag')!)).toEqual([true, false, null, true, true])
    expect(Array.from(adata.obs.getChild('text')!)).toEqual(['q', null, 'r', 'q', 'q'])
    expect(Array.from(adata.obs.getChild('kind')!)).toEqual(['z', 'y', 'z', null, 'z'])
    expect(Array.from(obsNumbers(adata, 'n'))).toEqual([1, Number.NaN, 3, 4, 5])
    expect(Array.from(obsNumbers(adata, 'f'))).toEqual([1.5, 2.5, 3.5, 4.5, 5.5])
    // and what was read can be written again
    const again = await readAnnData(await demo('again', { obs: adata.obs, var: adata.var }))
    expect(obsColumn(again, 'flag')).toEqual(obsColumn(adata, 'flag'))
  })

  test('takes blocks that are slices of longer buffers, and matrices without a count', async () => {
    const genes = Int32Array.of(9, 1, 3, 0, 9)
    const counts = Float32Array.of(9, 2, 4, 6, 9)
    const blocks = [{ firstCell: 0, nCells: 2, offsets: Int32Array.of(1, 3, 4), genes, counts }]
    const path = await demo('slice', { counts: new CountMatrix(4, blocks), obsNames: ['a', 'b'] })
    expect(rowsOf((await readAnnData(path)).counts)).toEqual([
      [0, 2, 0, 4],
      [6, 0, 0, 0],
    ])
    const zeros = ROWS.map((row) => row.map(() => 0))
    const empty = await demo('no-count', { counts: matrixOf(zeros) })
    expect(rowsOf((await readAnnData(empty)).counts)).toEqual(zeros)
  })

  test('arrays longer than a slice', { timeout: 60_000 }, async () => {
    const rows = 3000
    const cols = 2000
    const matrix = embedding(rows, cols)
    const path = await demo('large', {
      counts: matrixOf(names('', rows).map(() => [1, 0, 0, 0])),
      obsNames: names('c', rows),
      obsm: { big: matrix },
    })
    await withH5File(path, 'r', (file) => {
      const big = file.get('obsm/big') as Dataset
      expect(big.shape).toEqual([rows, cols])
      expect(big.filters.map((filter) => filter.name)).toEqual(['deflate'])
      for (const row of [0, 1, 2095, 2096, 2097, rows - 1]) {
        expect(big.slice([[row, row + 1]])).toEqual(matrix.values.slice(row * cols, (row + 1) * cols))
      }
    })
  })

  test('carries the attributes that anndata reads', async () => {
    const path = await demo('attributes', {
      obs: { batch: { kind: 'category', codes: [0, 0, 0, 0, 0], categories: ['x'] } },
    })
    await withH5File(path, 'r', (file) => {
      const encoding = (name: string) => {
        const element = (name === '/' ? file : file.get(name)) as Group
        return `${attribute(element, 'encoding-type')} ${attribute(element, 'encoding-version')}`
      }
      expect(encoding('/')).toBe('anndata 0.1.0')
      expect(encoding('X')).toBe('csr_matrix 0.1.0')
      expect(attribute(file.get('X') as Group, 'shape')).toEqual([5, 4])
      for (const frame of ['obs', 'var']) {
        expect(encoding(frame)).toBe('dataframe 0.2.0')
        expect(attribute(file.get(frame) as Group, '_index')).toBe('_index')
        expect(encoding(`${frame}/_index`)).toBe('string-array 0.2.0')
      }
      expect(attribute(file.get('obs') as Group, 'column-order')).toEqual(['batch'])
      expect(attribute(file.get('var') as Group, 'column-order')).toEqual([])
      expect(encoding('obs/batch')).toBe('categorical 0.2.0')
      expect(attribute(file.get('obs/batch') as Group, 'ordered')).toBe(0)
      for (const name of ['layers', 'obsm', 'varm', 'obsp', 'varp', 'uns'])
        expect(encoding(name)).toBe('dict 0.1.0')
      expect((file.get('X/data') as Dataset).dtype).toBe('<f')
      expect((file.get('X/indices') as Dataset).dtype).toBe('<i')
      expect((file.get('X/indptr') as Dataset).dtype).toBe('<i')
    })
  })

  test('refuses what does not fit, and leaves nothing behind', async () => {
    const before = readdirSync(folder)
    await expect(demo('names', { obsNames: ['a'] })).rejects.toThrow(
      '1 cell names and 4 gene names for 5 cells',
    )
    await expect(demo('obsm', { obsm: { X: embedding(4, 2) } })).rejects.toThrow('obsm "X" has 8 values')
    const short = { x: { kind: 'string', values: ['a'] } } as const
    await expect(demo('column', { obs: short })).rejects.toThrow(
      'The obs column "x" has 1 values for 5 rows.',
    )
    const slash = { 'a/b': { kind: 'string', values: ['a', 'b', 'c', 'd', 'e'] } } as const
    await expect(demo('slash', { obs: slash })).rejects.toThrow('"a/b" cannot be the name')
    const lists = new Table({
      l: vectorFromArray(
        names('', 5).map(() => [1]),
        new List(new Table({ i: vectorFromArray([1], new Int32()) }).schema.fields[0]!),
      ),
    })
    await expect(demo('list', { obs: lists })).rejects.toThrow('which AnnData cannot hold')
    expect(readdirSync(folder)).toEqual(before)
  })
})

describe('writeAnnData with more than counts', () => {
  test('layers, obsm, varm and uns', async () => {
    const frame = new Table({
      x: vectorFromArray([1, 2, 3, 4, 5], new Float64()),
      ok: vectorFromArray([true, false, true, true, false], new Bool()),
    })
    const path = await demo('whole', {
      layers: { counts: matrixOf(ROWS), dense: embedding(5, 4) },
      obsm: { spatial: embedding(5, 2), frame },
      varm: { PCs: embedding(4, 3) },
      uns: {
        title: 'a file',
        n: 3,
        big: 2 ** 40,
        share: 0.25,
        flag: true,
        none: null,
        genes: ['g1', 'é'],
        levels: Int16Array.of(-1, 300),
        table: new Table({ k: vectorFromArray([1, 2], new Int32()) }),
        nested: { deeper: { text: '' } },
      },
    })
    const layer = await readAnnData(path, { layer: 'counts' })
    expect(rowsOf(layer.counts)).toEqual(ROWS)
    const dense = await readAnnData(path, { layer: 'dense' })
    expect(rowsOf(dense.counts)[1]).toEqual([4, 5, 6, 7])
    await withH5File(path, 'r', (file) => {
      const value = (name: string) => (file.get(name) as Dataset).value
      expect(value('uns/title')).toBe('a file')
      expect(value('uns/n')).toBe(3n)
      expect(value('uns/big')).toBe(2n ** 40n)
      expect(value('uns/share')).toBe(0.25)
      expect((file.get('uns/flag') as Dataset).json_value).toBe(true)
      expect((file.get('uns/none') as Dataset).shape).toBeNull()
      expect(value('uns/genes')).toEqual(['g1', 'é'])
      expect(value('uns/levels')).toEqual(Int16Array.of(-1, 300))
      expect(value('uns/nested/deeper/text')).toBe('')
      expect(attribute(file.get('uns/table') as Group, 'column-order')).toEqual(['k'])
      expect(value('obsm/frame/_index')).toEqual(NAMES.obsNames)
      expect((file.get('obsm/frame/ok') as Dataset).json_value).toEqual([true, false, true, true, false])
      expect((file.get('varm/PCs') as Dataset).shape).toEqual([4, 3])
    })
  })

  test('refuses what does not fit', async () => {
    const before = readdirSync(folder)
    const refused = (more: Partial<NewAnnData>) => demo('refused', more)
    await expect(refused({ layers: { l: embedding(5, 3) } })).rejects.toThrow('The layer "l" is 5 × 3')
    await expect(refused({ layers: { 'a/b': embedding(5, 4) } })).rejects.toThrow('"a/b" cannot be the name')
    await expect(refused({ varm: { PCs: embedding(5, 3) } })).rejects.toThrow('for 4 genes')
    await expect(refused({ obsm: { f: new Table({ x: vectorFromArray([1]) }) } })).rejects.toThrow(
      'has 1 rows for 5 cells',
    )
    const date = { when: { at: new Date() } } as unknown as NonNullable<NewAnnData['uns']>
    await expect(refused({ uns: date })).rejects.toThrow('uns/when/at is of a kind that AnnData cannot hold.')
    await expect(refused({ layer: {} } as Partial<NewAnnData>)).rejects.toThrow('has no option "layer"')
    expect(readdirSync(folder)).toEqual(before)
  })

  test('tables of several chunks and of none', async () => {
    const part = (values: (string | null)[], flags: boolean[], n: number[]) =>
      new Table({
        kind: vectorFromArray(values, new Dictionary(new Utf8(), new Int32())),
        flag: vectorFromArray(flags, new Bool()),
        n: vectorFromArray(n, new Int32()),
      })
    const obs = part(['x', null], [true, false], [1, 2]).concat(
      part(['y', 'x', 'z'], [true, true, false], [3, 4, 5]),
    )
    const adata = await readAnnData(await demo('chunks', { obs }))
    expect(Array.from(adata.obs.getChild('kind')!)).toEqual(['x', null, 'y', 'x', 'z'])
    expect(Array.from(adata.obs.getChild('flag')!)).toEqual([true, false, true, true, false])
    expect(Array.from(adata.obs.getChild('n')!)).toEqual([1, 2, 3, 4, 5])
    const empty = { counts: new CountMatrix(4, []), obsNames: [], obs: part([], [], []) }
    expect((await readAnnData(await demo('no-cells', empty))).nCells).toBe(0)
  })
})

/** A copy of an `.h5ad` file with additions. */
async function copy(
  source: string,
  target: string,
  additions: Additions,
  options: CopyOptions = {},
): Promise<string[]> {
  return writeCopy(await readAnnData(source), 'h5ad', target, additions, options)
}

/** The keys that a file lists as outputs of runs. */
async function listed(path: string): Promise<unknown> {
  const { uns } = await readElements(path)
  const record = uns.entries.get('scvae')
  const keys = record?.kind === 'dict' ? record.entries.get('keys') : undefined
  return keys?.kind === 'strings' ? keys.values : undefined
}

describe('writeCopy', () => {
  test('adds to a copy and leaves the source alone', async () => {
    const source = await demo('source', {
      obs: { old: { kind: 'int', values: Int32Array.of(1, 2, 3, 4, 5) } },
    })
    const bytes = readFileSync(source)
    chmodSync(source, 0o444)
    const target = join(folder, 'target.h5ad')
    await copy(source, target, {
      obsm: { X_scvae: embedding(5, 2), X_umap: embedding(5, 2, 10) },
      obs: {
        scvae_score: { kind: 'float', values: Float32Array.of(0.5, 1, 2, 3, 4) },
        scvae_flag: { kind: 'category', codes: [0, 1, 0, 0, 1], categories: ['False', 'True'] },
        scvae_note: { kind: 'string', values: ['', 'x', '', '', ''] },
      },
    })
    expect(readFileSync(source).equals(bytes)).toBe(true)
    const adata = await readAnnData(target)
    expect(adata.obs.schema.fields.map((field) => field.name)).toEqual([
      'old',
      'scvae_score',
      'scvae_flag',
      'scvae_note',
    ])
    expect(adata.obsm).toEqual({ X_scvae: [5, 2], X_umap: [5, 2] })
    expect(Array.from(obsNumbers(adata, 'scvae_score'))).toEqual([0.5, 1, 2, 3, 4])
    expect(obsColumn(adata, 'scvae_flag').categories).toEqual(['False', 'True'])
    expect(rowsOf(adata.counts)).toEqual(ROWS)
  })

  test('adds pairs of cells and settings, which take the place of their own kind alone', async () => {
    const source = await demo('pairs')
    const [target, again] = [join(folder, 'pairs-target.h5ad'), join(folder, 'pairs-again.h5ad')]
    const pairs = (value: number, n = 5): SparseElementValues => ({
      ...{ kind: 'sparse', format: 'csr', dtype: 'float32', shape: [n, n] },
      pointers: Float64Array.of(0, 1, 1, 3, 3, 3),
      ...{ indices: Int32Array.of(4, 0, 1), values: Float32Array.of(value, 0, 2) },
    })
    const settings = { distances_key: 'near', params: { n_neighbors: 15, metric: 'euclidean' } }
    await copy(source, target, { obsp: { near: pairs(1) }, uns: { graph: settings } })
    const { obsp, uns } = await readElements(target)
    expect(obsp.get('near')).toEqual(pairs(1))
    expect(uns.entries.get('graph')).toMatchObject({
      entries: new Map<string, unknown>([
        ['distances_key', { kind: 'scalar', dtype: 'string', value: 'near' }],
        ['params', expect.objectContaining({ kind: 'dict' })],
      ]),
    })
    expect(await listed(target)).toEqual(['obsp/near', 'uns/graph'])
    await copy(target, again, { obsp: { near: pairs(3) }, uns: { graph: { distances_key: 'x' } } })
    const filled = await readElements(again)
    expect(filled.obsp.get('near')).toEqual(pairs(3))
    const graph = filled.uns.entries.get('graph')
    expect(graph?.kind === 'dict' && [...graph.entries.keys()]).toEqual(['distances_key'])
    await expect(copy(source, join(folder, 'x.h5ad'), { obsp: { near: pairs(1, 4) } })).rejects.toThrow(
      'obsp "near" is 4 × 4 for 5 cells.',
    )
    const foreign = join(folder, 'pairs-foreign.h5ad')
    await writeElements(foreign, {
      ...filled,
      uns: { kind: 'dict', entries: new Map([...filled.uns.entries].filter(([key]) => key !== 'scvae')) },
    })
    for (const additions of [{ obsp: { near: pairs(1) } }, { uns: { graph: 'x' } }]) {
      await expect(copy(foreign, join(folder, 'x.h5ad'), additions)).rejects.toThrow(
        `has ${'obsp' in additions ? 'obsp/near' : 'uns/graph'} already`,
      )
    }
  })

  test('makes obsm where there is none', async () => {
    const source = join(folder, 'no-obsm.h5ad')
    const { makeFile, writeDense } = await import('./fixtures.js')
    await makeFile(source, 5, 4, (file) => writeDense(file, 'X', ROWS))
    const target = join(folder, 'with-obsm.h5ad')
    await copy(source, target, { obsm: { X: embedding(5, 1) } })
    expect((await readAnnData(target)).obsm).toEqual({ X: [5, 1] })
  })

  test('adds arrays of genes to varm, and fills them anew', async () => {
    const source = await demo('genes')
    const target = join(folder, 'genes-target.h5ad')
    const loadings = embedding(4, 3)
    loadings.values[2] = Number.NaN
    await copy(source, target, { varm: { loadings } })
    expect((await readAnnData(target)).varm).toEqual({ loadings: [4, 3] })
    await copy(target, target, { varm: { loadings: embedding(4, 2, 7) } }, { overwrite: true })
    const { varm } = await readElements(target)
    expect(varm.get('loadings')).toMatchObject({ shape: [4, 2], values: embedding(4, 2, 7).values })
    // five cells are not four genes
    await expect(copy(source, source, { varm: { x: embedding(5, 3) } }, { overwrite: true })).rejects.toThrow(
      'varm "x" has 15 values as 5 × 3 for 4 genes.',
    )
  })

  const five = { kind: 'int', values: Int32Array.of(1, 2, 3, 4, 5) } as const

  test.each([
    ['another dtype', { obs: { scvae_k: { kind: 'float', values: new Float32Array(5) } } }, 'obs/scvae_k'],
    ['text over numbers', { obs: { scvae_k: { kind: 'string', values: names('', 5) } } }, 'obs/scvae_k'],
    ['numbers over categories', { obs: { scvae_c: five } }, 'obs/scvae_c'],
    ['another width', { obsm: { X_scvae: embedding(5, 3) } }, 'obsm/X_scvae'],
    [
      'other numbers of genes',
      { var: { scvae_used: { kind: 'int', values: new Uint8Array(4) } } },
      'var/scvae_used',
    ],
  ] as const)('replaces an output of ours by one with %s', async (name, additions, key) => {
    const path = await demo(`own ${name}`, {
      obs: {
        mine: five,
        scvae_k: five,
        scvae_c: { kind: 'category', codes: [0, 0, 0, 0, 0], categories: ['x'] },
      },
      var: { scvae_used: { kind: 'string', values: names('u', 4) } },
      obsm: { X_scvae: embedding(5, 2), X_pca: embedding(5, 2) },
    })
    const target = join(folder, `own target ${name}.h5ad`)
    await copy(path, target, additions)
    const [before, after] = [await readElements(path), await readElements(target)]
    expect(after.x).toEqual(before.x)
    expect(after.obsm.get('X_pca')).toEqual(before.obsm.get('X_pca'))
    const adata = await readAnnData(target)
    expect(Array.from(obsNumbers(adata, 'mine'))).toEqual([1, 2, 3, 4, 5])
    expect(await listed(target)).toEqual([key])
    // outputs of other names stay, unless a run renews them all
    expect(adata.obs.numCols).toBe(3)
    await copy(path, target, additions, { renews: true, overwrite: true })
    expect((await readAnnData(target)).obs.numCols).toBe(key.startsWith('obs/') ? 2 : 1)
    const { kind, entries } = (await readElements(target)).uns
    expect([kind, entries.size]).toEqual(['dict', 1])
  })

  test('takes for its own what it has listed, whatever its name, and nothing else', async () => {
    const source = await demo('listed', { obsm: { X_umap: embedding(5, 2) } })
    const first = join(folder, 'listed-first.h5ad')
    await expect(copy(source, first, { obsm: { X_umap: embedding(5, 3) } })).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('has obsm/X_umap already, which no run of scvae has written.'),
    })
    expect(existsSync(first)).toBe(false)
    await copy(source, first, { obsm: { X_emb: embedding(5, 3) }, obs: { run_score: five } })
    expect(await listed(first)).toEqual(['obs/run_score', 'obsm/X_emb'])
    const second = join(folder, 'listed-second.h5ad')
    await copy(first, second, { obsm: { X_emb: embedding(5, 4) } }, { settings: { seed: 3 } })
    expect((await readAnnData(second)).obsm).toEqual({ X_emb: [5, 4], X_umap: [5, 2] })
    expect(await listed(second)).toEqual(['obs/run_score', 'obsm/X_emb'])
    const third = join(folder, 'listed-third.h5ad')
    await copy(second, third, { obsm: { X_scvae: embedding(5, 1) } }, { renews: true })
    const adata = await readAnnData(third)
    expect(adata.obsm).toEqual({ X_scvae: [5, 1], X_umap: [5, 2] })
    expect(adata.obs.numCols).toBe(0)
    expect(await listed(third)).toEqual(['obsm/X_scvae'])
  })

  test('leaves where a cell is from, which a batch may be', async () => {
    const source = await demo('origin', { obs: { scvae_file: five, scvae_outlier: five } })
    const target = join(folder, 'origin-target.h5ad')
    await copy(source, target, { obs: { scvae_used: five } }, { renews: true })
    const { obs } = await readAnnData(target)
    expect(obs.schema.fields.map(({ name }) => name)).toEqual(['scvae_file', 'scvae_used'])
  })

  test('can leave the matrices away', async () => {
    const source = await demo('tables', {
      obs: { mine: five },
      layers: { counts: matrixOf(ROWS) },
      obsm: { X_pca: embedding(5, 2) },
      uns: { note: 'kept' },
    })
    const target = join(folder, 'tables-target.h5ad')
    await copy(source, target, { obsm: { X_scvae: embedding(5, 2) } }, { tables: true })
    const { x, layers, raw, obs, var: variables, obsm, uns } = await readElements(target)
    expect([x, layers.size, raw]).toEqual([undefined, 0, undefined])
    expect([obs.names, variables.names]).toEqual([NAMES.obsNames, NAMES.varNames])
    expect([...obsm.keys()]).toEqual(['X_pca', 'X_scvae'])
    expect([...uns.entries.keys()]).toEqual(['note', 'scvae'])
    expect(statSync(target).size).toBeLessThan(statSync(source).size)
  })

  test('refuses a wrong size, an existing target and a source that is no AnnData', async () => {
    const source = await demo('checks')
    const target = join(folder, 'checks-target.h5ad')
    await expect(copy(source, target, { obsm: { X: embedding(4, 2) } })).rejects.toThrow('for 5 cells')
    await expect(copy(source, target, { obs: { x: { kind: 'string', values: [] } } })).rejects.toThrow(
      'The obs column "x" has 0 values for 5 rows.',
    )
    await expect(copy(source, source, {})).rejects.toMatchObject({ kind: 'usage' })
    const misplaced = { overwrite: true } as object
    await expect(copy(source, target, misplaced)).rejects.toMatchObject({ kind: 'usage' })
    await expect(copy(join(folder, 'none'), target, {})).rejects.toMatchObject({ kind: 'bad-input' })
    expect(existsSync(target)).toBe(false)
  })

  test.skipIf(!DATA)('a real file, read-only and with nullable and boolean columns', async () => {
    const source = join(DATA!, 'edge/every-encoding.h5ad')
    const target = join(folder, 'every.h5ad')
    await copy(source, target, {
      obsm: { X_scvae: embedding(50, 10) },
      obs: { scvae_n: { kind: 'int', values: new Int32Array(50) } },
    })
    const [before, after] = [await readAnnData(source), await readAnnData(target)]
    expect(after.obs.numCols).toBe(before.obs.numCols + 1)
    expect(after.obsm).toEqual({ ...before.obsm, X_scvae: [50, 10] })
    expect(rowsOf(after.counts)).toEqual(rowsOf(before.counts))
  })
})
