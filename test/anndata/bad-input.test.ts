import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type Group, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import { setEncoding, writeArray, writeDict } from '../../src/anndata/write/parts.js'
import { DATA, makeFile, names, ROWS, refusalOf, temporaryFolder, writeDense } from './fixtures.js'

const folder = temporaryFolder()

/** Message and hint of the refusal, the folder left out. */
const refusal = (path: string, options = {}) => refusalOf(readAnnData(path, options), folder, DATA)

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

async function goodFile(name: string): Promise<string> {
  return makeFile(join(folder, name), 5, 4, (file) => {
    writeDense(file, 'X', ROWS)
    for (const layer of ['counts', 'spliced', 'my layer'])
      writeDense(file.get('layers') as Group, layer, ROWS)
  })
}

describe('files that are no AnnData', () => {
  test('missing', async () => {
    expect(await refusal(join(folder, 'none.h5ad'))).toMatchInlineSnapshot(
      `"bad-input: There is no file "none.h5ad"."`,
    )
  })

  test('a folder', async () => {
    mkdirSync(join(folder, 'folder.h5ad'))
    expect(await refusal(join(folder, 'folder.h5ad'))).toMatchInlineSnapshot(
      `"bad-input: "folder.h5ad" is a folder, not an .h5ad file. Give the path of the .h5ad file itself."`,
    )
  })

  test('empty, text and gzip', async () => {
    expect(await refusal(fileOf('empty.h5ad', ''))).toMatchInlineSnapshot(
      `"bad-input: The file "empty.h5ad" is empty."`,
    )
    expect(await refusal(fileOf('text.h5ad', 'gene,cell\n'.repeat(1000)))).toMatchInlineSnapshot(
      `"bad-input: "text.h5ad" is not an HDF5 file, so not an .h5ad file. scvae reads .h5ad, zarr, 10x (.h5 or a folder with matrix.mtx) and loom."`,
    )
    expect(await refusal(fileOf('packed.h5ad', gzipSync('x')))).toMatchInlineSnapshot(
      `"bad-input: "packed.h5ad" is not an HDF5 file, so not an .h5ad file. It is gzip-compressed: unpack it with gunzip first."`,
    )
  })

  test('a table of text, and how to make an .h5ad of it', async () => {
    for (const [name, delimiter] of [
      ['S1_RSEC_MolsPerCell.csv', ','],
      ['counts.TSV.gz', '\\t'],
    ] as const) {
      const said = await refusal(fileOf(name, 'cell,CD3E\n1,0\n'))
      expect(said).toContain(`"${name}" is not an HDF5 file`)
      expect(said).toContain(`${name}', delimiter='${delimiter}', first_column_names=True)`)
      expect(said).toContain(`${name.split('.')[0]}.h5ad')`)
    }
  })

  test('cut short', async () => {
    const bytes = readFileSync(await goodFile('whole.h5ad'))
    const said = await refusal(fileOf('short.h5ad', bytes.subarray(0, bytes.length / 2)))
    expect(said.replaceAll(/\b\d+\b/g, 'N')).toMatchInlineSnapshot(
      `"bad-input: "short.h5ad" is cut short: it has N bytes where its header promises N. Copy or download it again."`,
    )
    expect(said).toContain(` ${bytes.length}.`)
  })

  test('a damaged chunk', async () => {
    const path = join(folder, 'damaged.h5ad')
    const rows = Array.from({ length: 2000 }, (_, i) => [i % 7, (i * i) % 11, (i * 31) % 13, i % 17])
    await makeFile(path, 2000, 4, (file) => writeDense(file, 'X', rows))
    const bytes = readFileSync(path)
    // the gzip stream of X starts with 0x78 0x5e (level 4) and is the only long one
    let at = bytes.indexOf(Buffer.from([0x78, 0x5e]))
    if (at < 0) at = bytes.indexOf(Buffer.from([0x78, 0x9c]))
    expect(at).toBeGreaterThan(0)
    bytes.fill(0xff, at + 20, at + 60)
    writeFileSync(path, bytes)
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"bad-input: "damaged.h5ad": X could not be read; the file is damaged. Copy or download it again."`,
    )
  })

  test('HDF5 of something else', async () => {
    const other = join(folder, 'other.h5')
    await withH5File(other, 'w', (file) => {
      file.create_group('weather')
    })
    expect(await refusal(other)).toMatchInlineSnapshot(
      `"bad-input: "other.h5" is HDF5 without the layout of AnnData (obs and var): it has weather. scvae reads AnnData, 10x matrices and loom."`,
    )
  })
})

describe('AnnData without what was asked for', () => {
  test('no X', async () => {
    const bare = await makeFile(join(folder, 'bare.h5ad'), 5, 4, () => undefined)
    expect(await refusal(bare)).toMatchInlineSnapshot(
      `"bad-input: "bare.h5ad" has no X. It has no layers and no raw either, so nothing to fit."`,
    )
    const layered = await makeFile(join(folder, 'layered.h5ad'), 5, 4, (file) =>
      writeDense(file.get('layers') as Group, 'counts', ROWS),
    )
    expect(await refusal(layered)).toMatchInlineSnapshot(
      `"bad-input: "layered.h5ad" has no X. It has layers/counts (--layer counts)."`,
    )
    expect(await refusal(layered, { useRaw: true })).toMatchInlineSnapshot(
      `"bad-input: "layered.h5ad" has no raw/X. It has layers/counts (--layer counts)."`,
    )
  })

  test('a misspelt layer', async () => {
    expect(await refusal(await goodFile('good.h5ad'), { layer: 'splcied' })).toMatchInlineSnapshot(
      `"bad-input: "good.h5ad" has no layer "splcied". Its layers, nearest first: spliced, my layer, counts."`,
    )
    const none = await makeFile(join(folder, 'no-layers.h5ad'), 5, 4, (file) => writeDense(file, 'X', ROWS))
    expect(await refusal(none, { layer: 'counts' })).toMatchInlineSnapshot(
      `"bad-input: "no-layers.h5ad" has no layer "counts". It has no layers at all, but X (no flag)."`,
    )
  })

  test('a layer and raw, and an unknown option', async () => {
    const path = await goodFile('options.h5ad')
    expect(await refusal(path, { layer: 'counts', useRaw: true })).toMatchInlineSnapshot(
      `"usage: A layer and raw were both asked for; counts come from one of them. Use either --layer or --use-raw."`,
    )
    expect(await refusal(path, { layr: 'counts' })).toMatchInlineSnapshot(
      `"usage: readAnnData has no option "layr". Its options, nearest first: layer, obs, useRaw, maskLayer, genes, cells, missing, modality, featureType."`,
    )
  })

  test('sizes that do not fit', async () => {
    const path = await makeFile(join(folder, 'sizes.h5ad'), 5, 3, (file) => writeDense(file, 'X', ROWS))
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"bad-input: "sizes.h5ad": X has 5 × 4 values for 5 cells and 3 genes."`,
    )
  })
})

describe('elements that are not read', () => {
  test('an unknown matrix encoding, and a matrix of text', async () => {
    const future = await makeFile(join(folder, 'future.h5ad'), 5, 4, (file) =>
      setEncoding(file.create_group('X'), 'coo_matrix', '0.1.0'),
    )
    expect(await refusal(future)).toMatchInlineSnapshot(
      `"bad-input: "future.h5ad": X has the encoding coo_matrix 0.1.0, which scvae does not read. Rewrite it once: python -c "import anndata; anndata.read_h5ad('future.h5ad').write_h5ad('future-gzip.h5ad', compression='gzip')""`,
    )
    const text = await makeFile(join(folder, 'text-x.h5ad'), 1, 1, (file) => {
      const x = file.create_dataset({ name: 'X', data: names('x', 1), shape: [1, 1], dtype: 'S' })
      setEncoding(x, 'array', '0.2.0')
    })
    expect(await refusal(text)).toMatchInlineSnapshot(
      `"bad-input: "text-x.h5ad": X is not an array of numbers."`,
    )
  })

  test('a vector where a matrix belongs', async () => {
    const path = await makeFile(join(folder, 'vector.h5ad'), 5, 4, (file) => {
      writeArray(file, 'X', new Float32Array(5))
    })
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"bad-input: "vector.h5ad": X has 1 dimensions, not two."`,
    )
  })

  test('obs as a plain group', async () => {
    const path = join(folder, 'dict-obs.h5ad')
    await withH5File(path, 'w', (file) => {
      for (const name of ['obs', 'var']) writeDict(file, name)
    })
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"bad-input: "dict-obs.h5ad": obs is dict 0.1.0, which scvae does not read. Rewrite it once: python -c "import anndata; anndata.read_h5ad('dict-obs.h5ad').write_h5ad('dict-obs-gzip.h5ad', compression='gzip')""`,
    )
  })
})

describe.skipIf(!DATA)('real files', () => {
  test.each(['x-missing.h5ad', 'no-x-custom-index.h5ad'])('no X: %s', async (name) => {
    expect(await refusal(join(DATA!, 'edge', name))).toBe(
      `bad-input: "edge/${name}" has no X. It has no layers and no raw either, so nothing to fit.`,
    )
  })

  test('10x files', async () => {
    expect(await refusal(join(DATA!, 'edge/10x-v3.h5'))).toContain('It looks like a 10x matrix')
    expect(await refusal(join(DATA!, 'edge/wrong-entry-count.mtx'))).toContain('is not an HDF5 file')
  })
})
