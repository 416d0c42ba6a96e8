import { closeSync, fsyncSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import type { CountMatrix } from '../counts/counts.js'
import type { AnnData } from '../read.js'
import { writeFolderBeside } from '../write/folder-beside.js'
import { featureRows } from './feature-rows.js'

/** Lines of text that are compressed at a time. */
const CHUNK_LINES = 8192

/**
 * Writes counts as CellRanger 3 does: a folder of `matrix.mtx.gz` (genes × cells), `features.tsv.gz` (id, name and type
 * of a gene) and `barcodes.tsv.gz`. Ids and types come from the var columns `gene_ids` and `feature_types`, where there
 * are such.
 *
 * @throws ScvaeError `usage` when the folder exists and `overwrite` is not set
 */
export async function writeMtxFolder(
  path: string,
  adata: Pick<AnnData, 'counts' | 'obsNames' | 'var' | 'varNames' | 'values'>,
  options: { overwrite?: boolean } = {},
): Promise<void> {
  const { counts, obsNames, varNames, values } = adata
  const { id, name, feature_type } = featureRows(adata)
  const features = varNames.map((_, gene) => [id[gene], name[gene], feature_type[gene]].map(field).join('\t'))
  const whole = values.nonInteger === undefined && values.nonFinite === undefined
  await writeFolderBeside(
    path,
    async (folder) => {
      mkdirSync(folder)
      await writeGzip(join(folder, 'barcodes.tsv.gz'), obsNames.map(field))
      await writeGzip(join(folder, 'features.tsv.gz'), features)
      await writeGzip(join(folder, 'matrix.mtx.gz'), matrixLines(counts, whole))
    },
    options,
  )
}

function* matrixLines(counts: CountMatrix, whole: boolean): Generator<string> {
  yield `%%MatrixMarket matrix coordinate ${whole ? 'integer' : 'real'} general`
  yield `${counts.nGenes} ${counts.nCells} ${counts.nonzeros}`
  for (const { firstCell, nCells, offsets, genes, counts: values } of counts.blocks) {
    for (let i = 0; i < nCells; i++) {
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
        yield `${genes[k]! + 1} ${firstCell + i + 1} ${values[k]}`
      }
    }
  }
}

/** Tabs and line ends would break the row. */
function field(value: unknown): string {
  return String(value).replace(/[\t\r\n]/g, ' ')
}

/** Lines as a gzip file, compressed as they come. */
async function writeGzip(path: string, lines: Iterable<string>): Promise<void> {
  const file = openSync(path, 'w')
  try {
    const gzip = createGzip()
    const written = (async () => {
      for await (const bytes of gzip as AsyncIterable<Buffer>) {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      }
    })()
    // a refused write is thrown where it is waited for
    written.catch(() => undefined)
    const push = async (text: string) => {
      if (!gzip.write(text))
        await Promise.race([new Promise((drained) => gzip.once('drain', drained)), written])
    }
    let text = ''
    let n = 0
    for (const line of lines) {
      text += `${line}\n`
      if (++n % CHUNK_LINES !== 0) continue
      await push(text)
      text = ''
    }
    gzip.end(text)
    await written
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
