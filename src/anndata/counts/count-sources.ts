import { ScvaeError } from '../../errors.js'
import { nearestList } from '../frame/nearest.js'
import { shellWord } from '../shell-word.js'
import { childGroup, encodingOf } from '../store/nodes.js'
import { rewriteHint } from '../store/readable.js'
import type { Store, StoreGroup, StoreNode } from '../store/store.js'
import { CscMatrix } from './csc.js'
import { CsrMatrix } from './csr.js'
import { DenseArray } from './dense.js'
import { SparseElement, sparseFormat } from './sparse-element.js'
import type { StoredMatrix } from './stored-matrix.js'

/** Where a file may hold counts. */
export type CountsSource = 'X' | 'raw/X' | `layers/${string}`

/** The names of raw's parts, and those that AnnData before 0.7 gave them. */
const OLD_PATHS: Readonly<Record<string, string>> = {
  'raw/X': 'raw.X',
  'raw/var': 'raw.var',
  'raw/varm': 'raw.varm',
}

/** Where an element is in a file: `raw/X` may be at the root as `raw.X`; undefined where there is none. */
export async function pathInFile(root: StoreGroup, path: string): Promise<string | undefined> {
  if (await root.child(path)) return path
  const old = OLD_PATHS[path]
  return old !== undefined && (await root.child(old)) ? old : undefined
}

/** The matrices of a file that could hold counts, X first, then the layers, then raw. */
export async function listSources(root: StoreGroup): Promise<CountsSource[]> {
  const sources: CountsSource[] = []
  if (await root.child('X')) sources.push('X')
  for (const name of await layerNames(root)) sources.push(`layers/${name}`)
  if (await pathInFile(root, 'raw/X')) sources.push('raw/X')
  return sources
}

/** The source that a user's options ask for, X without any. */
export async function chooseSource(
  { root, file }: Store,
  options: { layer?: string; useRaw?: boolean },
): Promise<CountsSource> {
  const { layer, useRaw } = options
  if (layer !== undefined && useRaw) {
    throw new ScvaeError('usage', 'A layer and raw were both asked for; counts come from one of them.', {
      hint: 'Use either --layer or --use-raw.',
    })
  }
  const sources = await listSources(root)
  const others = flagList(sources)
  if (layer !== undefined) {
    const layers = await layerNames(root)
    if (layers.includes(layer)) return `layers/${layer}`
    throw new ScvaeError('bad-input', `"${file}" has no layer "${layer}".`, {
      hint:
        layers.length > 0
          ? `Its layers, nearest first: ${nearestList(layer, layers)}.`
          : `It has no layers at all${others && `, but ${others}`}.`,
    })
  }
  const wanted = useRaw ? 'raw/X' : 'X'
  if (sources.includes(wanted)) return wanted
  throw new ScvaeError('bad-input', `"${file}" has no ${wanted}.`, {
    hint: others ? `It has ${others}.` : 'It has no layers and no raw either, so nothing to fit.',
  })
}

/** The flag that selects a source on the command line. */
export function sourceFlag(source: CountsSource): string {
  if (source === 'X') return 'no flag'
  return source === 'raw/X' ? '--use-raw' : `--layer ${shellWord(source.slice('layers/'.length))}`
}

/**
 * Opens a matrix without reading its values; what it is compressed with is checked here.
 *
 * @throws ScvaeError `bad-input` when its encoding, type or compression cannot be read
 */
export async function openSource({ root, file }: Store, source: CountsSource): Promise<StoredMatrix> {
  const node = await root.child((await pathInFile(root, source)) ?? source)
  const matrix = node && (await openMatrix(node, file))
  if (matrix) return matrix
  const encoding = node && encodingOf(node)?.replace('@', ' ')
  throw new ScvaeError(
    'bad-input',
    `"${file}": ${source} ${encoding ? `has the encoding ${encoding}` : 'is no matrix'}, which scvae does not read.`,
    { hint: rewriteHint(file) },
  )
}

/** A node as a matrix of cells × genes, or undefined where it has no such encoding. */
export async function openMatrix(node: StoreNode, file: string): Promise<StoredMatrix | undefined> {
  const encoding = encodingOf(node)
  if (node.kind === 'array') {
    // files before AnnData 0.8 mark no array
    return encoding === undefined || encoding === 'array@0.2.0' ? new DenseArray(node, file) : undefined
  }
  const format = sparseFormat(node)
  if (format === undefined) return undefined
  const element = await SparseElement.open(node, file)
  return format === 'csr' ? new CsrMatrix(element) : new CscMatrix(element)
}

async function layerNames(root: StoreGroup): Promise<string[]> {
  return (await (await childGroup(root, 'layers'))?.keys()) ?? []
}

function flagList(sources: readonly CountsSource[]): string {
  return sources.map((source) => `${source} (${sourceFlag(source)})`).join(', ')
}
