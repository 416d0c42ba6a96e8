import {
  chooseGenesInFile,
  type GeneChoice,
  type GeneChoiceOptions,
} from '../../analysis/genes/choose-genes.js'
import type { ValueScan } from '../../anndata/counts/value-scan.js'
import type { CountsChooser } from '../../anndata/read.js'
import { checkCovariates } from '../../cells/check-covariates.js'
import { subsetCells } from '../../cells/subset.js'
import { covariateKeys, type DataSettings } from './fit-settings.js'
import { readGenesFile } from './genes-file.js'

/** A file of so many entries (150 MB of counts) has its genes chosen before its counts are read: only theirs are then in memory. */
const ENTRIES_IN_MEMORY = 20_000_000

/** What is asked of genes, but for the cells that are looked at. */
export function genesAsked({
  nTopGenes,
  allGenes,
  genesKey,
  genesFile,
  batchKey,
}: DataSettings): GeneChoiceOptions {
  const genesList =
    genesFile === undefined ? undefined : { names: readGenesFile(genesFile), called: `"${genesFile}"` }
  return { nTopGenes, allGenes, genesKey, genesList, batchKey }
}

/**
 * Chooses genes of a large file while it is read.
 *
 * @param found where the choice goes
 * @param entries files of fewer are read whole
 */
export function geneChooser(
  settings: DataSettings,
  found: { choice?: GeneChoice },
  entries = ENTRIES_IN_MEMORY,
): CountsChooser {
  return async (data, stored) => {
    if (stored.stored < entries || data.nCells === 0 || data.nGenes === 0) return undefined
    const subset = subsetCells(data, settings.subset)
    checkCovariates(data, subset, covariateKeys(settings), { numericBatch: settings.batchKeyNumeric })
    const { allowNoninteger } = settings
    const isRefused = ({ areCounts, nonFinite, negative, tooLarge }: ValueScan) =>
      allowNoninteger ? Boolean(nonFinite || negative || tooLarge) : !areCounts
    const takes = (values: ValueScan) => !isRefused(values) && (allowNoninteger || !values.nearInteger)
    const asked = { ...genesAsked(settings), takes, ...(subset.length < data.nCells && { cells: subset }) }
    const choice = await chooseGenesInFile(data, stored, asked)
    if (choice && !choice.genes) return undefined
    const values = await stored.scanned()
    // for the sentence of a refusal no count is needed
    if (isRefused(values)) return new Int32Array()
    if (!choice || !takes(values)) return undefined
    found.choice = choice
    return choice.genes
  }
}
