import type { FitOutlook, Refusal } from './fit-outlook.js'
import type { FileLook, JoinLook } from './look.js'
import type { ModelOutlook } from './model-outlook.js'

/** A file as JSON; names are kept from version to version. */
export function lookJson(look: FileLook): object {
  return { tool: 'scvae', ...fileJson(look) }
}

/** Several files as JSON. */
export function looksJson({ files, kind, join, fit }: JoinLook): object {
  return {
    tool: 'scvae',
    files: files.map(fileJson),
    join: {
      kind,
      n_genes_inner: join.inner ?? null,
      n_genes_outer: join.outer ?? null,
      refusal: refusalJson(join.refusal),
    },
    fit: fitJson(fit),
    estimated_memory_bytes: fit.memory ?? null,
  }
}

function fileJson({ format, summary, batches, repeats, fit, model }: FileLook): object {
  return {
    path: summary.path,
    format,
    ...(summary.modalities && {
      modality: summary.modality,
      modalities: summary.modalities.map(({ name, nCells, nGenes, countsSource }) => ({
        name,
        n_cells: nCells,
        n_genes: nGenes,
        counts_source: countsSource ?? null,
      })),
    }),
    n_cells: summary.nCells,
    n_genes: summary.nGenes,
    repeated_gene_names: repeats.genes,
    repeated_gene_ids: repeats.ids,
    repeated_cell_names: repeats.cells,
    counts_source: summary.countsSource ?? null,
    origin: summary.origin ?? null,
    fit: fitJson(fit),
    estimated_memory_bytes: fit.memory ?? null,
    ...(model && { model: modelJson(model) }),
    batch_candidates: batches.filter(({ likely }) => likely).map(({ name }) => name),
    batch_columns: batches.map(({ because, smallest, ...column }) => ({
      ...column,
      smallest_group: smallest,
      because: because ?? null,
    })),
    sources: summary.sources.map(({ nCells, nGenes, holdsCounts, problem, ...source }) => ({
      ...source,
      n_cells: nCells,
      n_genes: nGenes,
      holds_counts: holdsCounts,
      problem: problem ?? null,
    })),
    ...(summary.featureTypes && { feature_types: summary.featureTypes }),
    obs: summary.obs,
    var: summary.var,
    obsm: summary.obsm,
    varm: summary.varm,
    uns: summary.uns,
    elements: summary.elements,
    written_by: summary.writtenBy ?? null,
    warnings: summary.warnings,
  }
}

function fitJson({ flag, reason, refusal, untried, taken, notes, warnings }: FitOutlook): object {
  return {
    flag: flag ?? null,
    reason,
    refusal: refusalJson(refusal),
    untried: untried ?? null,
    counts_source: taken?.countsSource ?? null,
    n_cells: taken?.nCells ?? null,
    n_cells_fitted: taken?.nCellsFitted ?? null,
    n_genes: taken?.nGenes ?? null,
    n_genes_fitted: taken?.nGenesFitted ?? null,
    nonzeros: taken?.nonzeros ?? null,
    n_missing: taken?.missing ?? null,
    notes,
    warnings,
  }
}

function modelJson({
  model,
  nGenes,
  labels,
  found,
  by,
  withoutVersion,
  missing,
  ...rest
}: ModelOutlook): object {
  const { nCellsEmbedded, refusal, notes, warnings } = rest
  return {
    path: model,
    n_genes: nGenes,
    n_genes_found: found,
    found_by: by ?? null,
    found_without_version: withoutVersion,
    labels,
    missing,
    n_cells_embedded: nCellsEmbedded ?? null,
    refusal: refusalJson(refusal),
    notes,
    warnings,
  }
}

const refusalJson = (refusal: Refusal | undefined) =>
  refusal ? { message: refusal.message, hint: refusal.hint ?? null } : null
