import { ScvaeError } from '../errors.js'
import { CscMatrix } from './csc.js'
import { CsrMatrix } from './csr.js'
import { DenseArray } from './dense.js'
import { child, childGroup, type Dataset, encodingOf, type Group, isDataset, isGroup } from './hdf5.js'
import { nearestList } from './nearest.js'
import { rewriteHint } from './readable.js'
import type { StoredMatrix } from './stored-matrix.js'

/** Where a file may hold counts. */
export type CountsSource = 'X' | 'raw/X' | `layers/${string}`

type MatrixOpener = (element: Group | Dataset, file: string) => StoredMatrix

/** How each encoding of a matrix is opened, by `encoding-type@encoding-version`. A further encoding is one more entry. */
export const MATRIX_ENCODINGS: Readonly<Record<string, MatrixOpener>> = {
  'csr_matrix@0.1.0': (element, file) => new CsrMatrix(groupOf(element, file), file),
  'csc_matrix@0.1.0': (element, file) => new CscMatrix(groupOf(element, file), file),
  'array@0.2.0': (element, file) => new DenseArray(datasetOf(element, file), file),
}

/** The matrices of a file that could hold counts, X first, then the layers, then raw. */
export function listSources(root: Group): CountsSource[] {
  const sources: CountsSource[] = []
  if (child(root, 'X')) sources.push('X')
  for (const name of layerNames(root)) sources.push(`layers/${name}`)
  if (child(root, 'raw/X')) sources.push('raw/X')
  return sources
}

/** The source that a user's options ask for, X without any. */
export function chooseSource(
  root: Group,
  file: string,
  options: { layer?: string; useRaw?: boolean },
): CountsSource {
  const { layer, useRaw } = options
  if (layer !== undefined && useRaw) {
    throw new ScvaeError('usage', 'A layer and raw were both asked for; counts come from one of them.', {
      hint: 'Use either --layer or --use-raw.',
    })
  }
  const sources = listSources(root)
  const others = flagList(sources)
  if (layer !== undefined) {
    const layers = layerNames(root)
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
 * Opens a matrix without reading its values; its filters are checked here.
 *
 * @throws ScvaeError `bad-input` when its encoding, type or filters cannot be read
 */
export function openSource(root: Group, source: CountsSource, file: string): StoredMatrix {
  const element = child(root, source)!
  const encoding = encodingOf(element)
  const open = encoding === undefined ? undefined : MATRIX_ENCODINGS[encoding]
  if (open) return open(element, file)
  throw new ScvaeError(
    'bad-input',
    encoding
      ? `"${file}": ${source} has the encoding ${encoding.replace('@', ' ')}, which scvae does not read.`
      : `"${file}" was written before AnnData 0.8: its ${source} carries no encoding.`,
    { hint: rewriteHint(file) },
  )
}

function layerNames(root: Group): string[] {
  return childGroup(root, 'layers')?.keys() ?? []
}

function flagList(sources: readonly CountsSource[]): string {
  return sources.map((source) => `${source} (${sourceFlag(source)})`).join(', ')
}

/** A word as a shell takes it. */
function shellWord(word: string): string {
  return /^[\w.+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function groupOf(element: Group | Dataset, file: string): Group {
  if (isGroup(element)) return element
  throw new ScvaeError('bad-input', `"${file}": ${element.path.slice(1)} is a dataset where a group belongs.`)
}

function datasetOf(element: Group | Dataset, file: string): Dataset {
  if (isDataset(element)) return element
  throw new ScvaeError('bad-input', `"${file}": ${element.path.slice(1)} is a group where a dataset belongs.`)
}
