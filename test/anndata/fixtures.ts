import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { type CountBlock, CountMatrix } from '../../src/anndata/counts/counts.js'

import { type Dataset, type Group, type H5File, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { hdf5Node } from '../../src/anndata/hdf5/store.js'
import {
  setEncoding,
  type WritableArray,
  writeArray,
  writeDataFrame,
  writeDict,
} from '../../src/anndata/write/parts.js'
import { ScvaeError } from '../../src/errors.js'

/** The folder of real data, or undefined with a word about it. */
export const DATA = (() => {
  const folder = process.env.SCVAE_DATA ?? '../shared/data'
  if (existsSync(join(folder, 'edge'))) return folder
  console.warn(`No data in ${folder} (SCVAE_DATA): tests on real files are skipped.`)
  return undefined
})()

/** A folder that is gone when the tests of the file are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-anndata-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Rows of a matrix with explicit numbers, as sparse blocks of `blockCells` rows. */
export function matrixOf(rows: readonly (readonly number[])[], blockCells = 2): CountMatrix {
  const blocks: CountBlock[] = []
  for (let first = 0; first < rows.length; first += blockCells) {
    const part = rows.slice(first, first + blockCells)
    const genes: number[] = []
    const counts: number[] = []
    const offsets = [0]
    for (const row of part) {
      for (const [gene, value] of row.entries()) {
        if (value === 0) continue
        genes.push(gene)
        counts.push(value)
      }
      offsets.push(genes.length)
    }
    blocks.push({
      firstCell: first,
      nCells: part.length,
      offsets: Int32Array.from(offsets),
      genes: Int32Array.from(genes),
      counts: Float32Array.from(counts),
    })
  }
  return new CountMatrix(rows[0]?.length ?? 0, blocks)
}

/** A count matrix as plain rows. */
export function rowsOf(counts: CountMatrix): number[][] {
  return Array.from({ length: counts.nCells }, (_, cell) => {
    const row = new Array<number>(counts.nGenes).fill(0)
    const { genes, counts: values } = counts.row(cell)
    for (const [k, gene] of genes.entries()) row[gene] = values[k]!
    return row
  })
}

/** `['c0', 'c1', …]`. */
export function names(prefix: string, n: number): string[] {
  return Array.from({ length: n }, (_, i) => `${prefix}${i}`)
}

/** An AnnData file with empty obs and var of the given sizes, and whatever `fill` adds (X among it). */
export async function makeFile(
  path: string,
  nCells: number,
  nGenes: number,
  fill: (file: H5File) => void,
): Promise<string> {
  await withH5File(path, 'w', (file) => {
    setEncoding(file, 'anndata', '0.1.0')
    writeDataFrame(file, 'obs', names('c', nCells), [])
    writeDataFrame(file, 'var', names('g', nGenes), [])
    writeDict(file, 'layers')
    fill(file)
  })
  return path
}

/** A sparse group from its parts as they are, however odd. */
export function writeSparse(
  parent: Group,
  name: string,
  type: 'csr_matrix' | 'csc_matrix',
  shape: [number, number],
  parts: { data: WritableArray; indices: WritableArray; indptr: WritableArray },
): void {
  const group = parent.create_group(name)
  setEncoding(group, type, '0.1.0')
  group.create_attribute('shape', BigInt64Array.from(shape, BigInt))
  for (const [key, data] of Object.entries(parts)) {
    group.create_dataset({ name: key, data: data as Int32Array, shape: [data.length] })
  }
}

/** A dense array of any type, given as rows. */
export function writeDense(
  parent: Group,
  name: string,
  rows: number[][],
  as: new (values: number[]) => WritableArray = Float32Array,
): void {
  writeArray(parent, name, new as(rows.flat()), [rows.length, rows[0]!.length])
}

/** A matrix with gaps, an empty cell and an empty gene. */
export const ROWS = [
  [0, 3, 0, 1],
  [0, 0, 0, 0],
  [5, 0, 0, 2],
  [0, 0, 0, 7],
  [1, 1, 0, 1],
]

/** Value of an attribute of a group or dataset. */
export function attribute(entity: Group | Dataset, name: string) {
  return hdf5Node(entity, '')?.attribute(name)
}

/** What an error of ours says to the user, `kind: sentence hint`, with these folders left out of its paths. */
export async function refusalOf(run: Promise<unknown>, ...folders: (string | undefined)[]): Promise<string> {
  const error: unknown = await run.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(ScvaeError)
  const { kind, message, hint } = error as ScvaeError
  const text = `${kind}: ${message} ${hint ?? ''}`.trim()
  return folders.reduce<string>((short, folder) => short.replaceAll(`${folder}/`, ''), text)
}
