import type { AnnData } from '../anndata/read.js'
import type { CountsFormat, CountsOptions } from '../anndata/read-any.js'
import { readSampleSheet } from '../anndata/sheet/sample-sheet.js'
import type { FileKeys } from '../anndata/write/own-keys.js'
import type { JoinKind } from '../cells/join/join-genes.js'
import { ScvaeError } from '../errors.js'
import type { Arguments } from './arguments.js'
import type { Log } from './log.js'
import { grouped, text } from './option-specs.js'

/** Options of commands that take several files. */
export const INPUT_OPTIONS = grouped('Data:', {
  sheet: text(
    'Sample sheet: .csv or .tsv with columns path, sample, batch and others, which become obs columns',
  ),
  join: text('inner | outer; genes that all files have, or that any has'),
})

/** Files that are read as one. */
export interface Inputs {
  files: readonly InputFile[]
  join: JoinKind
}

interface InputFile {
  path: string
  /** Of the sheet's column sample. */
  sample?: string
  /** Of the sheet's other columns. */
  columns: Readonly<Record<string, string | undefined>>
}

/**
 * The files that a command was given; undefined for one alone.
 *
 * @throws ScvaeError `usage` for none, and for files beside a sheet; `bad-input` as `readSampleSheet` does
 */
export function inputsOf(args: Arguments): Inputs | undefined {
  const sheet = args.text('sheet')
  const files = args.texts('files')
  const join = args.choice('join', ['inner', 'outer'])
  if (sheet === undefined && files.length === 0) {
    throw new ScvaeError('usage', 'There is no file to read.', {
      hint: 'Give files, or --sheet and a sample sheet.',
    })
  }
  if (sheet !== undefined && files.length > 0) {
    throw new ScvaeError('usage', `--sheet and files ("${files[0]}") exclude each other.`, {
      hint: 'Add the file to the sheet as a line.',
    })
  }
  if (sheet === undefined && files.length === 1) {
    if (join !== undefined) throw new ScvaeError('usage', '--join needs several files, and there is one.')
    return undefined
  }
  return {
    files: sheet === undefined ? files.map((path) => ({ path, columns: {} })) : readSampleSheet(sheet),
    join: join ?? 'inner',
  }
}

/** One of several files, as it stands in the data that they were joined to. */
export interface JoinedPart {
  path: string
  format: CountsFormat
  keys: FileKeys
  /** Where its cells begin among the joined ones. */
  firstCell: number
  /** The place of each of its genes among the joined ones, −1 for one that fell away. */
  place: Int32Array
}

/**
 * Reads files and joins them, with what a sheet says of each.
 *
 * @throws ScvaeError `bad-input` as `readCounts`, `checkCounts` and `Joining` do
 */
export async function readInputs(
  { files, join }: Inputs,
  counts: CountsOptions,
  allowNoninteger: boolean,
  log: Pick<Log, 'info' | 'warn'>,
): Promise<{ adata: AnnData; parts: JoinedPart[] }> {
  const { checkCounts } = await import('../anndata/counts/check-counts.js')
  const { detectFormat, readAs } = await import('../anndata/read-any.js')
  const { readFileKeys } = await import('../anndata/write/file-keys.js')
  const { Joining } = await import('../cells/join/join-anndata.js')
  const { fileNames } = await import('../cells/join/file-names.js')
  const { withTexts } = await import('../cells/join/with-texts.js')
  const joining = new Joining(join)
  const genes: number[] = []
  const found: Omit<JoinedPart, 'place'>[] = []
  let firstCell = 0
  for (const { path, columns } of files) {
    const format = await detectFormat(path)
    const adata = await readAs(path, format, counts)
    for (const change of [...adata.warnings, ...(await checkCounts(adata, { allowNoninteger }))]) {
      log.warn(`${path}: ${change}`)
    }
    found.push({ path, format, keys: await readFileKeys(adata, format), firstCell })
    firstCell += adata.nCells
    genes.push(adata.nGenes)
    // one file's counts at a time are in memory beside those that are joined
    joining.add({ ...adata, obs: withTexts(adata.obs, columns), warnings: [] })
  }
  const plain = fileNames(files.map(({ path }) => path))
  const { joined, places } = joining.finish(files.map(({ sample }, i) => sample ?? plain[i]!))
  log.info(
    `${files.length} files joined: ${joined.nCells} cells × ${joined.nGenes} genes (${join}; the files have ${genes.join(', ')} genes)`,
  )
  return { adata: joined, parts: found.map((part, i) => ({ ...part, place: places[i]! })) }
}
