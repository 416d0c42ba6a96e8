import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkCounts } from '../../src/anndata/counts/check-counts.js'
import type { AnnData } from '../../src/anndata/read.js'
import { readCounts } from '../../src/anndata/read-any.js'
import { readElements } from '../../src/anndata/read-elements.js'
import { openStore } from '../../src/anndata/store/open-store.js'
import { ScvaeError } from '../../src/errors.js'
import { DATA } from './fixtures.js'
import { differences, ofStrings, type Summary, summarizeCounts, summarizeElements } from './summary.js'

const GOLDEN = new URL('../golden/edge/', import.meta.url)

/** What Python read of a file; see test/interop/make_golden.py. */
interface Golden {
  /** Everything in an AnnData file. */
  elements?: Summary
  /** Each matrix that could hold counts: as counts, and the sentence with which it is refused if it holds none. */
  counts?: Record<string, Summary & { refused?: string }>
  /** CellRanger's matrices by genome; '' where the file has no choice of them. */
  genomes?: Record<string, { counts: Summary; cells: Summary; features: Record<string, Summary> }>
  /** Entries that the size line of a matrix promises, and that there are. */
  promised?: number
  entries?: number
}

const GOLDENS = readdirSync(GOLDEN).map((name) => {
  const golden: Golden = JSON.parse(readFileSync(new URL(name, GOLDEN), 'utf8'))
  return { name: basename(name, '.json'), golden }
})

/** Options that choose a matrix of a file. */
function sourceOptions(source: string): { layer?: string; useRaw?: boolean } {
  if (source === 'X') return {}
  return source === 'raw/X' ? { useRaw: true } : { layer: source.slice('layers/'.length) }
}

/** The message of the error that a promise ends with, which must be ours. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ScvaeError)
  expect((error as ScvaeError).kind).toBe('bad-input')
  return (error as ScvaeError).message
}

describe.skipIf(!DATA)('what Python reads of the edge files', () => {
  const pathOf = (name: string) => join(DATA ?? '', 'edge', name)

  test('every edge file has its golden file', () => {
    expect(GOLDENS.map(({ name }) => name).sort()).toEqual(readdirSync(pathOf('')).sort())
  })

  const whole = GOLDENS.filter(({ golden }) => golden.elements)
  test.each(whole)('$name: all its elements', async ({ name, golden }) => {
    const store = await openStore(pathOf(name))
    try {
      const elements = await readElements(store)
      expect(differences(golden.elements, summarizeElements(elements))).toEqual([])
    } finally {
      await store.close()
    }
  })

  const matrices = GOLDENS.flatMap(({ name, golden }) =>
    Object.entries(golden.counts ?? {}).map(([source, expected]) => ({ name, source, expected })),
  )
  test.each(matrices)('$name: $source as counts', async ({ name, source, expected }) => {
    const { refused, ...counts } = expected
    const path = pathOf(name)
    const reading = readCounts(path, sourceOptions(source))
    if (!('shape' in counts)) {
      expect(await refusal(reading)).toBe(`"${path}" ${refused}`)
      return
    }
    const adata = await reading
    expect(differences(counts, summarizeCounts(adata.counts))).toEqual([])
    const verdict = checkCounts(adata)
    if (refused) expect(await refusal(verdict)).toBe(`"${path}": ${refused}`)
    else await verdict
  })

  const tenX = GOLDENS.flatMap(({ name, golden }) =>
    Object.entries(golden.genomes ?? {}).map(([genome, expected]) => ({ name, genome, expected })),
  )
  test.each(tenX)('$name: genome "$genome"', async ({ name, genome, expected }) => {
    const adata = await readCounts(pathOf(name), genome ? { genome } : {})
    expect(differences(expected.counts, summarizeCounts(adata.counts))).toEqual([])
    expect(differences(expected.cells, ofStrings(adata.obsNames))).toEqual([])
    expect(differences(expected.features.name, ofStrings(adata.varNames))).toEqual([])
    const { id, type, genome: genomes } = expected.features
    const columns = { gene_ids: id, feature_types: type, genome: genomes }
    for (const [column, summary] of Object.entries(columns)) {
      if (summary) expect(differences(summary, ofStrings(textColumn(adata, column))), column).toEqual([])
    }
    await checkCounts(adata)
  })

  const damaged = GOLDENS.filter(({ golden }) => golden.promised !== undefined)
  test.each(damaged)('$name is refused', async ({ name, golden }) => {
    const message = await refusal(readCounts(pathOf(name)))
    for (const part of [name, 'entries', golden.promised, golden.entries]) {
      expect(message.replaceAll(',', '')).toContain(String(part))
    }
  })

  test('two genomes and no choice between them are refused with their names', async () => {
    const message = await refusal(readCounts(pathOf('10x-v2-two-genomes.h5')))
    expect(message).toMatch(/genomes/)
  })
})

function textColumn(adata: AnnData, name: string): string[] {
  const vector = adata.var.getChild(name)
  expect(vector, `var has the column ${name}`).not.toBeNull()
  return Array.from(vector!, String)
}
