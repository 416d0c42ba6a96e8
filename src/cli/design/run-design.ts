import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Role } from '../../analysis/design/roles.js'
import { type StudyDesign, studyDesign } from '../../analysis/design/study-design.js'
import { checkCounts } from '../../anndata/counts/check-counts.js'
import type { AnnData } from '../../anndata/read.js'
import { type CountsOptions, readCounts } from '../../anndata/read-any.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { type SubsetTerm, subsetCells } from '../../cells/subset.js'
import { packageVersion } from '../../package.js'
import { buildFindingsPage } from '../../report/findings-page.js'
import { formatCount } from '../../report/format.js'
import type { Log } from '../log.js'
import { printJson } from '../print-json.js'
import { listed, textTable } from '../text.js'
import { oddities } from './oddities.js'
import { designPage } from './page.js'
import { batchRows, columnRows, MOST_BATCHES, NO_COLUMNS } from './rows.js'
import { choiceSentence, pairSentence, verdict } from './sentences.js'

export interface DesignRequest {
  file: string
  counts: CountsOptions
  subset: readonly SubsetTerm[]
  roles: Readonly<Record<string, Role>>
  batchKey: string | undefined
  output: string | undefined
  overwrite: boolean
  json: boolean
}

/** Reads a file, studies its design and prints what was found. */
export async function runDesign(request: DesignRequest, log: Log): Promise<void> {
  const { file, counts, output } = request
  const path = (ending: string) => `${output}_design.${ending}`
  if (output !== undefined) {
    for (const ending of ['json', 'html']) refuseExisting(path(ending), request.overwrite)
  }
  const adata = await readCounts(file, counts)
  for (const warning of [...adata.warnings, ...(await checkCounts(adata, {}))]) log.warn(warning)
  const found = studyDesign(adata, {
    roles: request.roles,
    cells: subsetCells(adata, request.subset),
    ...(request.batchKey !== undefined && { batchKey: request.batchKey }),
  })
  const record = recordOf(found, adata, file)
  if (output !== undefined) {
    const write = (ending: string, content: string) =>
      writeBeside(path(ending), (temporary) => writeFileSync(temporary, content), {
        overwrite: request.overwrite,
      })
    await write('json', `${JSON.stringify(record, null, 2)}\n`)
    await write('html', buildFindingsPage({ title: basename(file), ...designPage(found, adata, file) }))
    log.info(`wrote ${path('json')} and ${path('html')}`)
  }
  if (request.json) printJson(record, log.verbosity)
  else process.stdout.write(`${textOf(found, adata, file)}\n`)
}

/** All of it as text, what to do first. */
function textOf(found: StudyDesign, adata: AnnData, file: string): string {
  const { constant, pairs, advice, batches } = found
  const parts = [`Verdict: ${verdict(found, file)}.`]
  parts.push(found.columns.length > 0 ? textTable(columnRows(found), [2, 3]) : NO_COLUMNS)
  if (constant.length > 0) parts.push(`The same for all cells: ${listed(constant, 12)}.`)
  if (advice.choices.length > 0) {
    const rows = advice.choices.map((choice) => [choice.name, choiceSentence(choice)])
    parts.push(`As a batch key:\n${textTable(rows)}`)
  }
  if (pairs.length > 0) {
    const rows = pairs.map((pair) => [`V ${pair.crossing.cramersV.toFixed(2)}`, pairSentence(pair)])
    parts.push(`What crosses:\n${textTable(rows)}`)
  }
  if (batches.length > 0) {
    const more =
      batches.length > MOST_BATCHES ? `\nand ${formatCount(batches.length - MOST_BATCHES)} more` : ''
    parts.push(`${textTable(batchRows(found, adata), [1, 2, 3])}${more}`)
  }
  parts.push(...oddities(found, adata).map(({ sentence }) => sentence))
  return parts.join('\n\n')
}

/** All of it under stable names. */
function recordOf(found: StudyDesign, adata: AnnData, file: string): Record<string, unknown> {
  const { advice, pairs, batches } = found
  return {
    tool: 'scvae',
    version: packageVersion(),
    path: file,
    n_cells: found.nCells,
    verdict: verdict(found, file),
    batch_key: advice.advised ?? null,
    columns: found.columns,
    constant: found.constant,
    keys: advice.choices.map((choice) => ({
      name: choice.name,
      role: choice.role,
      batches: choice.batches,
      smallest: choice.smallest,
      small: choice.small,
      without: choice.without,
      gives_up: choice.givesUp.map(({ name }) => name),
      leaves: choice.leaves,
      sentence: choiceSentence(choice),
    })),
    pairs: pairs.map((pair) => ({
      first: pair.first,
      second: pair.second,
      relation: pair.crossing.relation,
      cramers_v: pair.crossing.cramersV,
      groups: pair.crossing.nGroups,
      rows: pair.crossing.rows,
      columns: pair.crossing.columns,
      cells: pair.crossing.rows.map((_, r) =>
        Array.from(
          pair.crossing.columns,
          (_, c) => pair.crossing.table[r * pair.crossing.columns.length + c]!,
        ),
      ),
      sentence: pairSentence(pair),
    })),
    batches_of: found.batchKey ?? null,
    batches: batches.map(({ name, cells, counts, genes, ownGenes }) => ({
      name,
      cells,
      median_counts: counts,
      median_genes: genes,
      own_genes: ownGenes.map((gene) => adata.varNames[gene]!),
    })),
    alike_cells: found.alike.map(({ first, second, jaccard }) => ({
      cells: [adata.obsNames[first], adata.obsNames[second]],
      jaccard,
    })),
    ambient_genes: found.ambient.map(({ gene, concentrated, elsewhere }) => ({
      gene: adata.varNames[gene],
      concentrated,
      elsewhere,
    })),
  }
}
