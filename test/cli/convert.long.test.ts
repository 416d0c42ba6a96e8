import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Dictionary, Float64, Int32, Table, Utf8, vectorFromArray } from 'apache-arrow'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCountsArrow } from '../../src/anndata/counts/counts-arrow.js'
import { type AnnData, readAnnData } from '../../src/anndata/read.js'
import { readCounts } from '../../src/anndata/read-any.js'
import { readElements } from '../../src/anndata/read-elements.js'
import { withStore } from '../../src/anndata/store/open-store.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { matrixOf, names, ROWS, rowsOf } from '../anndata/fixtures.js'
import { namesIn, scvae, start, temporaryFolder } from './scvae.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const SCALED = ROWS.map((row) => row.map((value) => value / 2))

beforeAll(() =>
  writeAnnData(at('all.h5ad'), {
    counts: matrixOf(SCALED),
    layers: { counts: matrixOf(ROWS) },
    obs: new Table({
      batch: vectorFromArray(['x', 'y', null, 'x', 'x'], new Dictionary(new Utf8(), new Int32())),
      depth: vectorFromArray([1.5, 2, 3, 4, 5], new Float64()),
    }),
    obsNames: ['a', 'b', 'c', 'd', 'é'],
    var: new Table({ gene_ids: vectorFromArray(['E1', 'E2', 'E3', 'E4'], new Utf8()) }),
    varNames: names('g', 4),
    obsm: { X_pca: { values: Float32Array.from({ length: 10 }, (_, i) => i), rows: 5, columns: 2 } },
    uns: { title: 'a file', nested: { flag: true, none: null } },
  }),
)

const elementsOf = async (path: string) => {
  const { path: _path, ...elements } = await withStore(at(path), readElements)
  return elements
}

const obsOf = (adata: AnnData) => adata.obs.toArray().map((row) => ({ ...row.toJSON() }))

// each runs the command, up to twice
describe('scvae convert', { timeout: 60_000 }, () => {
  it('keeps everything between .h5ad and .zarr', async () => {
    const { code, stdout, stderr } = await scvae(['convert', 'all.h5ad', 'all.zarr'], folder)
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: 'wrote all.zarr: 5 cells × 4 genes\n',
    })
    expect((await scvae(['convert', 'all.zarr', 'back.h5ad', '-q'], folder)).code).toBe(0)
    const [before, after] = [await elementsOf('all.h5ad'), await elementsOf('back.h5ad')]
    expect(after.uns).toEqual(before.uns)
    expect(after.layers).toEqual(before.layers)
    expect(after.obsm).toEqual(before.obsm)
    expect(after.x).toEqual(before.x)
    expect(after.obs.names).toEqual(before.obs.names)
    expect(String(after.obs.table.schema)).toBe(String(before.obs.table.schema))
    expect(obsOf(await readAnnData(at('back.h5ad')))).toEqual(obsOf(await readAnnData(at('all.h5ad'))))
  })

  it('says what it did as JSON', async () => {
    const { stdout } = await scvae(['convert', 'all.h5ad', 'copy.h5ad', '--json', '-q'], folder)
    expect(JSON.parse(stdout)).toEqual({
      tool: 'scvae',
      path: 'copy.h5ad',
      from: 'h5ad',
      to: 'h5ad',
      n_cells: 5,
      n_genes: 4,
      warnings: [],
    })
  })

  it('writes one layer as X', async () => {
    const { stderr } = await scvae(['convert', 'all.h5ad', 'layer.h5ad', '--layer', 'counts'], folder)
    expect(stderr).toContain('Only layers/counts and the data frames that go with it are written')
    const adata = await readAnnData(at('layer.h5ad'))
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(obsOf(adata)).toEqual(obsOf(await readAnnData(at('all.h5ad'))))
    expect((await elementsOf('layer.h5ad')).layers.size).toBe(0)
    await scvae(['convert', 'all.h5ad', 'layer.zarr', '--layer', 'counts', '-q'], folder)
    expect(rowsOf((await readCounts(at('layer.zarr'))).counts)).toEqual(ROWS)
  })

  it('to Arrow and back', async () => {
    const { code, stderr } = await scvae(['convert', 'all.h5ad', 'all.arrow'], folder)
    expect(code).toBe(0)
    expect(stderr).toContain('The var columns are left out: gene_ids.')
    const original = await readAnnData(at('all.h5ad'))
    const arrow = await readCountsArrow(at('all.arrow'))
    expect(rowsOf(arrow.counts)).toEqual(SCALED)
    expect([arrow.obsNames, arrow.varNames]).toEqual([original.obsNames, original.varNames])
    expect(obsOf(arrow)).toEqual(obsOf(original))
    expect(arrow.values).toEqual(original.values)
    expect((await scvae(['convert', 'all.arrow', 'arrow.h5ad', '-q'], folder)).code).toBe(0)
    const again = await readAnnData(at('arrow.h5ad'))
    expect(rowsOf(again.counts)).toEqual(SCALED)
    expect(obsOf(again)).toEqual(obsOf(original))
  })

  it('to a 10x folder and back', async () => {
    const { code, stderr } = await scvae(['convert', 'all.h5ad', 'tenx/', '--layer', 'counts'], folder)
    expect(code).toBe(0)
    expect(stderr).toContain('The obs columns are left out: batch, depth.')
    expect(namesIn(at('tenx'))).toEqual(['barcodes.tsv.gz', 'features.tsv.gz', 'matrix.mtx.gz'])
    const read = await readCounts(at('tenx'))
    expect(rowsOf(read.counts)).toEqual(ROWS)
    expect([read.obsNames, read.varNames]).toEqual([['a', 'b', 'c', 'd', 'é'], names('g', 4)])
    expect(Array.from(read.var.getChild('gene_ids')!)).toEqual(['E1', 'E2', 'E3', 'E4'])
    expect(Array.from(read.var.getChild('feature_types')!)).toEqual(names('', 4).map(() => 'Gene Expression'))
    expect((await scvae(['convert', 'tenx', 'tenx.h5ad', '-q'], folder)).code).toBe(0)
    expect(rowsOf((await readAnnData(at('tenx.h5ad'))).counts)).toEqual(ROWS)
  })

  it('to a 10x .h5 file and back', async () => {
    const { code, stderr } = await scvae(['convert', 'all.h5ad', 'tenx.h5', '--layer', 'counts'], folder)
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('left out: batch') })
    const read = await readCounts(at('tenx.h5'))
    expect(rowsOf(read.counts)).toEqual(ROWS)
    expect([read.obsNames, read.varNames]).toEqual([['a', 'b', 'c', 'd', 'é'], names('g', 4)])
    expect(Array.from(read.var.getChild('gene_ids')!)).toEqual(['E1', 'E2', 'E3', 'E4'])
    await withStore(at('tenx.h5'), async ({ root }) => {
      const dtypes = await Promise.all(
        ['data', 'indices', 'indptr'].map(async (name) => root.child(`matrix/${name}`)),
      )
      expect(dtypes.map((node) => node?.kind === 'array' && node.dtype)).toEqual(['int32', 'int64', 'int64'])
    })
    // halves are no integers
    expect((await scvae(['convert', 'all.h5ad', 'scaled.h5', '-q'], folder)).code).toBe(0)
    expect(rowsOf((await readCounts(at('scaled.h5'))).counts)).toEqual(SCALED)
  })

  it('keeps everything in a zip of a zarr store', async () => {
    expect(await scvae(['convert', 'all.h5ad', 'all.zarr.zip', '-q'], folder)).toMatchObject({ code: 0 })
    expect(statSync(at('all.zarr.zip')).isFile()).toBe(true)
    const [before, after] = [await elementsOf('all.h5ad'), await elementsOf('all.zarr.zip')]
    expect(after.uns).toEqual(before.uns)
    expect(after.layers).toEqual(before.layers)
    expect(after.obsm).toEqual(before.obsm)
    expect(after.x).toEqual(before.x)
    expect(after.obs.names).toEqual(before.obs.names)
  })

  it.each([
    [['all.h5ad', 'out.txt'], 2, '"out.txt" does not say what to convert to. Let it end in .h5ad'],
    [['all.h5ad', 'all.h5ad', '--overwrite'], 2, '"all.h5ad" is the input itself.'],
    [['none.h5ad', 'out.h5ad'], 65, 'There is no file "none.h5ad".'],
    [['none.arrow', 'out.h5ad'], 65, 'There is no file "none.arrow" that can be read.'],
    [['all.h5ad', 'out.h5ad', '--layer', 'count'], 65, 'has no layer "count"'],
    [['all.h5ad', 'out.h5ad', '--genome', 'hg19'], 2, 'to which --genome does not apply'],
    [['all.h5ad'], 2, 'scvae convert needs a'],
  ])('refuses %j, exit %i', async (words, exitCode, sentence) => {
    const before = namesIn(folder)
    const { code, stdout, stderr } = await scvae(['convert', ...words], folder)
    expect(stderr).toContain(sentence)
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    expect(namesIn(folder)).toEqual(before)
  })

  it.each(['old.h5ad', 'old.zarr', 'old.arrow'])('replaces %s only when told to', async (name) => {
    writeFileSync(at(name), 'old')
    const refused = await scvae(['convert', 'all.h5ad', name], folder)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toBe(
      `scvae: "${name}" exists already. Use --overwrite to replace it, or another output name.\n`,
    )
    expect(readFileSync(at(name), 'utf8')).toBe('old')
    expect((await scvae(['convert', 'all.h5ad', name, '--overwrite', '-q'], folder)).code).toBe(0)
    const read = name.endsWith('.arrow') ? readCountsArrow(at(name)) : readCounts(at(name))
    expect(rowsOf((await read).counts)).toEqual(SCALED)
  })

  it('refuses Arrow files of another kind', async () => {
    writeFileSync(at('no.arrow'), 'this is no Arrow file')
    const { code, stderr } = await scvae(['convert', 'no.arrow', 'out.h5ad'], folder)
    expect(stderr).toBe('scvae: "no.arrow" is no Arrow file, or it is damaged.\n')
    expect(code).toBe(65)
  })
})

describe('a write that fails midway', () => {
  const failing = temporaryFolder()
  const target = join(failing, 'target.h5ad')

  beforeAll(async () => {
    const simulated = await scvae(
      ['simulate', 'large.h5ad', '--cells', '12000', '--genes', '2000', '--density', '0.2', '-q'],
      failing,
    )
    expect(simulated.code).toBe(0)
    writeFileSync(target, 'the old bytes')
  }, 120_000)

  it('by kill -9 leaves the old file, and nothing that looks like a new one', async () => {
    const run = start(['convert', 'large.h5ad', 'target.h5ad', '--overwrite'], failing)
    const hidden = () => readdirSync(failing).find((name) => name.startsWith('.target.h5ad.partial-'))
    const begun = () => {
      const temporary = hidden() && join(failing, hidden()!, 'target.h5ad')
      return temporary !== undefined && existsSync(temporary) && statSync(temporary).size > 1_000_000
    }
    while (!begun()) await new Promise((done) => setTimeout(done, 5))
    run.kill('SIGKILL')
    expect(await run.finished).toMatchObject({ code: null, signal: 'SIGKILL' })
    expect(readFileSync(target, 'utf8')).toBe('the old bytes')
    expect(namesIn(failing).filter((name) => !name.startsWith('.'))).toEqual(['large.h5ad', 'target.h5ad'])
    // what is left stands in the way of no later run
    expect((await scvae(['convert', 'large.h5ad', 'again.h5ad', '-q'], failing)).code).toBe(0)
  }, 120_000)

  it.skipIf(process.platform === 'win32').each(['target.h5ad', 'target.zarr', 'target.arrow', 'target/'])(
    'for want of space leaves the old %s, and one sentence',
    (name) => {
      const path = join(failing, name)
      if (!existsSync(path)) writeFileSync(path.replace(/\/$/, ''), 'the old bytes')
      const before = namesIn(failing)
      // a limit on the size of a file, which writes beyond run into as into a full disk
      const main = resolve('dist/src/cli/main.js')
      const limited = `trap '' XFSZ; ulimit -f 1000; exec "${process.execPath}" "${main}" convert large.h5ad ${name} --overwrite`
      const { status, stderr } = spawnSync('bash', ['-c', limited], { cwd: failing, encoding: 'utf8' })
      expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
        /^scvae: ".*target.*" could not be written( \(E\w+\))?\. Is there space left on the disk\?$/,
      )
      expect(stderr).not.toContain('partial')
      expect(status).toBe(1)
      expect(readFileSync(path.replace(/\/$/, ''), 'utf8')).toBe('the old bytes')
      expect(namesIn(failing)).toEqual(before)
    },
    120_000,
  )
})
