import type { Matrix } from '../numeric/matrix.js'
import type { Coloring } from './report-data.js'

/** What the page's script reads: positions and values as base64 of little-endian typed arrays. */
export interface EmbeddedData {
  nCells: number
  cellNames: readonly string[]
  /** Uint16 x and y of every cell, in units of 1/65535 of the longer side. */
  positions: string
  colorings: EmbeddedColoring[]
}

export type EmbeddedColoring =
  | {
      kind: 'categorical'
      name: string
      categories: string[] /** Uint16; 65535 is missing. */
      codes: string
    }
  | { kind: 'numeric'; name: string /** Float32; NaN is missing. */; values: string }

const MISSING = 0xffff
// beyond this no legend can name them; the most frequent keep their name, the others share one
const MOST_CATEGORIES = 200

/**
 * Packs the layout and the colourings of the cells for the page.
 *
 * @param umap cells × 2
 * @param colorings with none, the cells get one colour
 */
export function embedData(
  cellNames: readonly string[],
  umap: Matrix,
  colorings: readonly Coloring[],
): EmbeddedData {
  return {
    nCells: cellNames.length,
    cellNames,
    positions: base64(quantizedPositions(umap)),
    colorings: (colorings.length > 0 ? colorings : [oneColor(cellNames.length)]).map(embedColoring),
  }
}

function oneColor(n: number): Coloring {
  return { kind: 'categorical', name: '(nothing)', categories: ['cells'], codes: new Uint8Array(n) }
}

function quantizedPositions({ values: umap }: Matrix): Uint16Array {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < umap.length; i++) {
    low[i % 2] = Math.min(low[i % 2]!, umap[i]!)
    high[i % 2] = Math.max(high[i % 2]!, umap[i]!)
  }
  // one scale for both axes: distances in the layout stay comparable
  const longer = Math.max(high[0]! - low[0]!, high[1]! - low[1]!)
  return Uint16Array.from(umap, (value, i) =>
    longer > 0 ? Math.round((65535 * (value - low[i % 2]!)) / longer) : 32768,
  )
}

function embedColoring(coloring: Coloring): EmbeddedColoring {
  if (coloring.kind === 'numeric') {
    return { kind: 'numeric', name: coloring.name, values: base64(Float32Array.from(coloring.values)) }
  }
  const { categories, newCode } = mostFrequent(coloring.categories, coloring.codes)
  const codes = Uint16Array.from(coloring.codes, (code) => (code < 0 ? MISSING : newCode[code]!))
  return { kind: 'categorical', name: coloring.name, categories, codes: base64(codes) }
}

/** Keeps all categories where they are few, else the most frequent ones in their own order and one for all others. */
function mostFrequent(
  categories: readonly string[],
  codes: ArrayLike<number>,
): { categories: string[]; newCode: ArrayLike<number> } {
  if (categories.length <= MOST_CATEGORIES) {
    return { categories: [...categories], newCode: Array.from(categories.keys()) }
  }
  const sizes = new Float64Array(categories.length)
  for (let i = 0; i < codes.length; i++) if (codes[i]! >= 0) sizes[codes[i]!]!++
  const order = Array.from(categories.keys()).sort((a, b) => sizes[b]! - sizes[a]! || a - b)
  const kept = order.slice(0, MOST_CATEGORIES - 1).sort((a, b) => a - b)
  const newCode = new Int32Array(categories.length).fill(kept.length)
  for (const [code, category] of kept.entries()) newCode[category] = code
  const others = `${categories.length - kept.length} other categories`
  return { categories: [...kept.map((category) => categories[category]!), others], newCode }
}

function base64(values: Uint16Array | Float32Array): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64')
}
