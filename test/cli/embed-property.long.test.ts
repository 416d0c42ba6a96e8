import { rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { convertFile } from '../../src/anndata/convert.js'
import { type CountBlock, CountMatrix } from '../../src/anndata/counts/counts.js'
import { type AnnData, readAnnData } from '../../src/anndata/read.js'
import { readCounts } from '../../src/anndata/read-any.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import { obsm, scvae, temporaryFolder } from './scvae.js'

/** A data set as its parts, so that its genes and cells can be told anew. */
interface Cells {
  /** Cells × genes. */
  dense: number[][]
  names: string[]
  ids: string[] | undefined
}

/** Names of which some may repeat, ids that never do, and a count in every cell and gene. */
const cells: fc.Arbitrary<Cells> = fc
  .record({
    nCells: fc.integer({ min: 12, max: 30 }),
    nGenes: fc.integer({ min: 4, max: 14 }),
    hasIds: fc.boolean(),
  })
  .chain(({ nCells, nGenes, hasIds }) =>
    fc.record({
      dense: fc.array(
        fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 40 })), {
          minLength: nGenes,
          maxLength: nGenes,
        }),
        { minLength: nCells, maxLength: nCells },
      ),
      names: fc.array(
        fc.oneof(
          fc.constantFrom('MATR3', 'TBCE', 'AC012345.1', 'HLA-1', 'HLA'),
          fc.string({ minLength: 1, maxLength: 4, unit: fc.constantFrom(...'ABCabc.-1') }),
        ),
        { minLength: nGenes, maxLength: nGenes },
      ),
      ids: fc.constant(
        hasIds
          ? Array.from({ length: nGenes }, (_, i) => `ENSG${String(i * 7 + 1).padStart(11, '0')}`)
          : undefined,
      ),
    }),
  )
  .map(({ dense, ...rest }) => ({ ...rest, dense: dense.map((row, i) => row.with(i % row.length, i + 1)) }))

async function write(path: string, { dense, names, ids }: Cells): Promise<void> {
  const genes: number[] = []
  const counts: number[] = []
  const offsets = [0]
  for (const row of dense) {
    for (const [gene, count] of row.entries()) {
      if (count === 0) continue
      genes.push(gene)
      counts.push(count)
    }
    offsets.push(genes.length)
  }
  const block: CountBlock = {
    firstCell: 0,
    nCells: dense.length,
    offsets: Int32Array.from(offsets),
    genes: Int32Array.from(genes),
    counts: Float32Array.from(counts),
  }
  await writeAnnData(path, {
    counts: new CountMatrix(names.length, [block]),
    obs: {},
    obsNames: dense.map((_, i) => `cell${i}`),
    var: ids ? { gene_ids: { kind: 'string', values: ids } } : {},
    varNames: names,
  })
}

/** What the same data is written as. */
const FORMATS = ['x.h5ad', 'x.zarr', 'x.zarr.zip', 'x.h5', 'x_mtx/'] as const

describe('a model and the file that it was fitted on', { timeout: 600_000 }, async () => {
  const folder = temporaryFolder()
  const device = await createCpuDevice({ threads: 1 })
  afterAll(() => device.dispose())
  let run = 0

  /** The data in a format, as it is read from there. */
  async function inFormat(data: Cells, format: string): Promise<AnnData> {
    const path = join(folder, `${run++}`)
    await write(`${path}.h5ad`, data)
    if (format === 'x.h5ad') return readAnnData(`${path}.h5ad`)
    const target = join(folder, `${run}-${format}`)
    await convertFile(`${path}.h5ad`, target)
    return readCounts(target.replace(/\/$/, ''))
  }

  async function fitted(adata: AnnData, genes: Int32Array): Promise<{ directory: string; latent: Matrix }> {
    const directory = join(folder, `${run++}.model`)
    await using model = await SCVI.create(adata, { device, genes, nHidden: 8, nLatent: 2, seed: 1 })
    await model.train({ maxEpochs: 2 })
    await model.save(directory)
    return { directory, latent: await model.getLatentRepresentation() }
  }

  it('agree to the bit, in every format, whatever its genes are called', async () => {
    await fc.assert(
      fc.asyncProperty(cells, fc.constantFrom(...FORMATS), fc.nat(), async (data, format, salt) => {
        const adata = await inFormat(data, format)
        const genes = chosen(data, salt)
        const { directory, latent } = await fitted(adata, genes)
        await using model = await SCVI.load(directory, undefined, { device })
        expect(await model.getLatentRepresentation({ adata })).toEqual(latent)
        rmSync(directory, { recursive: true })
      }),
      { numRuns: 120 },
    )
  })

  it('agree where it is in another order, has more genes and cells, and ids with versions for names', async () => {
    await fc.assert(
      fc.asyncProperty(cells, fc.constantFrom(...FORMATS), fc.nat(), async (data, format, salt) => {
        const known = {
          ...data,
          ids: data.ids ?? data.names.map((_, i) => `ENSG${String(i + 1).padStart(11, '0')}`),
        }
        const { directory, latent } = await fitted(await inFormat(known, 'x.h5ad'), chosen(known, salt))
        const adata = await inFormat(changed(known, salt), format)
        await using model = await SCVI.load(directory, undefined, { device })
        const shared = Int32Array.from(data.dense, (_, cell) => data.dense.length - cell)
        expect(await model.getLatentRepresentation({ adata, cells: shared })).toEqual(latent)
        rmSync(directory, { recursive: true })
      }),
      { numRuns: 80 },
    )
  })

  it.each(['x.h5ad', 'x_mtx/', 'x.zarr', 'x.h5'])('agree on the command line: %s', async (format) => {
    const [data] = fc.sample(cells, { numRuns: 1, seed: 4 })
    const source = join(folder, `${run++}-cli.h5ad`)
    await write(source, { ...data!, names: data!.names.with(2, data!.names[0]!) })
    const input = join(folder, `cli-${format}`)
    await convertFile(source, input)
    const say = async (...words: string[]) => expect(await scvae(words, folder)).toMatchObject({ code: 0 })
    await say(
      'fit',
      input,
      '--max-epochs',
      '2',
      '--no-umap',
      '--n-top-genes',
      '3',
      '--overwrite',
      '-o',
      'fit',
    )
    await say('embed', 'fit.model', input, '--overwrite', '-o', 'again.h5ad')
    expect(await obsm(join(folder, 'again.h5ad'), 'X_scvae')).toEqual(
      await obsm(join(folder, 'fit.h5ad'), 'X_scvae'),
    )
  })
})

/** Most genes of a data set, so that every cell has a count in them. */
function chosen({ dense, names }: Cells, salt: number): Int32Array {
  const all = Int32Array.from(names.keys())
  const out = salt % names.length
  const part = all.filter((gene) => gene !== out)
  return dense.every((row) => part.some((gene) => row[gene]! > 0)) ? part : all
}

/** The genes in another order among new ones, the cells backwards behind a new one; ids with versions in the place of names. */
function changed({ dense, names, ids }: Cells & { ids: string[] }, salt: number): Cells {
  const order = names
    .map((_, gene) => gene)
    .sort((a, b) => ((a * 31 + salt) % 17) - ((b * 31 + salt) % 17) || b - a)
  const more = [3, 0, 8]
  const take = (row: readonly number[]) => [...more, ...order.map((gene) => row[gene]!), 1]
  const versioned = order.map((gene) => `${ids[gene]}.${(gene + salt) % 20}`)
  return {
    dense: [names.map((_, gene) => gene), ...dense.toReversed()].map(take),
    names: ['ENSG00000900001', 'ENSG00000900002.3', 'new', ...versioned, 'last'],
    ids: undefined,
  }
}
