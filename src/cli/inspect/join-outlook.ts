import { GeneList, type GenesOfFile, type JoinKind } from '../../cells/join/join-genes.js'
import { ScvaeError } from '../../errors.js'
import type { Refusal } from './fit-outlook.js'

/** What joining files gives. */
export interface JoinOutlook {
  nFiles: number
  /** Genes that all have. */
  inner: number | undefined
  /** Genes that any has. */
  outer: number | undefined
  refusal: Refusal | undefined
}

/** Joins the genes of files, as far as they could be read, in both ways. */
export function joinOutlook(files: readonly (GenesOfFile | undefined)[]): JoinOutlook {
  const genes = files.filter((file) => file !== undefined)
  const outlook: JoinOutlook = {
    nFiles: files.length,
    inner: undefined,
    outer: undefined,
    refusal: undefined,
  }
  if (genes.length < files.length) return outlook
  try {
    outlook.outer = joinedGenes(genes, 'outer')
    outlook.inner = joinedGenes(genes, 'inner')
  } catch (error) {
    if (!(error instanceof ScvaeError)) throw error
    outlook.refusal = { message: error.message, hint: error.hint }
  }
  return outlook
}

function joinedGenes([first, ...others]: readonly GenesOfFile[], join: JoinKind): number {
  const list = new GeneList(first!, join)
  for (const file of others) list.add(file)
  return list.finish().nGenes
}
