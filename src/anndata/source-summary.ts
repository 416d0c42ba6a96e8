import { ScvaeError } from '../errors.js'
import { type CountsSource, openSource, sourceFlag } from './counts/count-sources.js'
import { ODD_KINDS, ValueScan } from './counts/value-scan.js'
import type { Store } from './store/store.js'

/** A kind of value that is no count; `nearInteger` stands for one. */
export type Oddity = (typeof ODD_KINDS)[number]

/** The kinds of values that are no counts in what a scan found. */
export function odditiesOf(scan: Partial<Record<Oddity, unknown>>): Oddity[] {
  return ODD_KINDS.filter((kind) => scan[kind] !== undefined)
}

/** A matrix of a file, every stored value looked at and none kept. */
export interface SourceSummary {
  name: CountsSource
  /** The flag that selects it: `--layer NAME`, `--use-raw`, `no flag`. */
  flag: string
  /** Why it cannot be read, with everything below left at its empty value. */
  problem?: string
  encoding: string
  dtype: string
  nCells: number
  nGenes: number
  nonzeros: number
  /** Whether every stored value is a nonnegative integer and one is above zero. */
  holdsCounts: boolean
  /** What it stores that is no count. */
  oddities: Oddity[]
  /** Of the stored finite values; null where there is none. */
  min: number | null
  max: number | null
}

/** Scans one matrix in slices; a matrix that cannot be read is a summary with a problem. */
export async function summarizeSource(store: Store, name: CountsSource): Promise<SourceSummary> {
  const flag = sourceFlag(name)
  try {
    const matrix = await openSource(store, name)
    const scan = new ValueScan()
    await matrix.scan(scan)
    return {
      name,
      flag,
      encoding: matrix.encoding,
      dtype: matrix.dtype,
      nCells: matrix.nCells,
      nGenes: matrix.nGenes,
      nonzeros: scan.nonzeros,
      holdsCounts: scan.areCounts && scan.max > 0,
      oddities: odditiesOf(scan),
      min: Number.isFinite(scan.min) ? scan.min : null,
      max: Number.isFinite(scan.max) ? scan.max : null,
    }
  } catch (error) {
    if (!(error instanceof ScvaeError)) throw error
    return {
      name,
      flag,
      problem: error.message,
      encoding: '',
      dtype: '',
      nCells: 0,
      nGenes: 0,
      nonzeros: 0,
      holdsCounts: false,
      oddities: [],
      min: null,
      max: null,
    }
  }
}

/** Layers with such a name are taken before raw, and raw before any other layer. */
const COUNTS_NAME = /count|raw|umi/i

/** Which of the matrices of a file holds its counts, if one does: X before a layer of that name before raw before other layers. */
export function guessCounts(sources: readonly SourceSummary[]): SourceSummary | undefined {
  const rank = ({ name }: SourceSummary): number => {
    if (name === 'X') return 0
    if (name === 'raw/X') return 2
    return COUNTS_NAME.test(name) ? 1 : 3
  }
  return sources.filter((source) => source.holdsCounts).sort((a, b) => rank(a) - rank(b))[0]
}
