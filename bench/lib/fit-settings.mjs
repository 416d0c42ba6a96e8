/**
 * How `scvae fit` reads a file, all else left as it comes.
 *
 * @param {{ file: string, batchKey?: string | null, subset?: { column: string, value: string }[], nTopGenes?: number | null, allGenes?: boolean }} asked
 */
export function dataSettings({ file, batchKey, subset = [], nTopGenes, allGenes = false }) {
  return {
    file,
    counts: {},
    subset,
    ...(batchKey && { batchKey }),
    batchKeyNumeric: false,
    ...(nTopGenes && { nTopGenes }),
    categoricalCovariates: [],
    continuousCovariates: [],
    allGenes,
    allowNoninteger: false,
    model: { library: 'observed' },
  }
}
