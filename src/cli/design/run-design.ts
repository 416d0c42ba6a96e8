import { existsSync, writeFileSync } from 'node:fs'
import type { Role } from '../../analysis/design/roles.js'
import { type StudyDesign, studyDesign } from '../../analysis/design/study-design.js'
import { checkCounts } from '../../anndata/counts/check-counts.js'
import type { AnnData } from '../../anndata/read.js'
import { type CountsOptions, readCounts } from '../../anndata/read-any.js'
import { writeBeside } from '../../anndata/write/beside.js'
import { type SubsetTerm, subsetCells } from '../../cells/subset.js'
import { ScvaeError } from '../../errors.js'
import { packageVersion } from '../../package.js'
import { formatCount, formatPercent, formatPlural } from '../../report/format.js'
import type { Log } from '../log.js'
import { printJson } from '../print-json.js'
import { listed, textTable } from '../text.js'
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

/** Batches that a table lists. */
const MOST_BATCHES = 30

/** Reads a file, studies its design and prints what was found. */
export async function runDesign(request: DesignRequest, log: Log): Promise<void> {
  const { file, counts, output } = request
  const path = output === undefined ? undefined : `${output}_design.json`
  if (path !== undefined && existsSync(path) && !request.overwrite) {
    throw new ScvaeError('usage', `"${path}" exists already.`, {
      hint: 'Use --overwrite to replace it, or another -o.',
    })
  }
  const adata = await readCounts(file, counts)
  for (const warning of [...adata.warnings, ...(await checkCounts(adata, {}))]) log.warn(warning)
  const found = studyDesign(adata, {
    roles: request.roles,
    cells: subsetCells(adata, request.subset),
    ...(request.batchKey !== undefined && { batchKey: request.batchKey }),
  })
  const record = recordOf(found, adata, file)
  if (path !== undefined) {
    const text = `${JSON.stringify(record, null, 2)}\n`
    await writeBeside(path, (temporary) => writeFileSync(temporary, text), { overwrite: request.overwrite })
    log.info(`wrote ${path}`)
  }
  if (request.json) printJson(record, log.verbosity)
  else process.stdout.write(`${textOf(found, adata, file)}\n`)
}

/** All of it as text, what to do first. */
function textOf(found: StudyDesign, adata: AnnData, file: string): string {
  const { columns, constant, pairs, advice, batches, batchKey } = found
  const parts = [`Verdict: ${verdict(found, file)}.`]
  parts.push(
    textTable(
      [
        ['column', 'part in the study', 'values', 'smallest'],
        ...columns.map(({ name, role, values, smallest }) => [
          name,
          role === 'unknown' ? 'not told by its name' : role,
          String(values),
          formatCount(smallest),
        ]),
      ],
      [2, 3],
    ),
  )
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
    const rows = batches.slice(0, MOST_BATCHES).map(({ name, cells, counts, genes, ownGenes }) => [
      name,
      formatCount(cells),
      formatCount(counts),
      formatCount(genes),
      ownGenes.length === 0
        ? ''
        : listed(
            ownGenes.map((gene) => adata.varNames[gene]!),
            3,
          ),
    ])
    const head = [`${batchKey}`, 'cells', 'median counts', 'median genes', 'genes that it alone has']
    const more = batches.length > MOST_BATCHES ? `\nand ${batches.length - MOST_BATCHES} more` : ''
    parts.push(`${textTable([head, ...rows], [1, 2, 3])}${more}`)
  }
  parts.push(...oddities(found, adata))
  return parts.join('\n\n')
}

function oddities({ alike, ambient }: StudyDesign, adata: AnnData): string[] {
  const lines: string[] = []
  if (alike.length > 0) {
    const { first, second } = alike[0]!
    lines.push(
      `${formatPlural(alike.length, 'cell')} nearly the same as another, such as "${adata.obsNames[second]}" and "${adata.obsNames[first]}": copies of cells make clusters and test results look surer than they are.`,
    )
  }
  if (ambient.length > 0) {
    const names = ambient
      .slice(0, 8)
      .map(({ gene, elsewhere }) => `${adata.varNames[gene]} (${formatPercent(elsewhere)})`)
    lines.push(
      `Genes that may be ambient, markers of a few cells that many others show a little of: ${listed(names, 8)}${ambient.length > 8 ? ` and ${ambient.length - 8} more` : ''}.`,
    )
  }
  return lines
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
