/** The modality that is taken where none is named. */
export const DEFAULT_MODALITY = 'rna'

/** One modality of a MuData file. */
export interface ModalitySummary {
  name: string
  nCells: number
  nGenes: number
  /** The matrix that holds its counts, if one does. */
  countsSource?: string
}

/** The modality that is fitted where none is named; undefined where one has to be. */
export function fittedModality(modalities: readonly ModalitySummary[]): string | undefined {
  const counted = modalities.filter(({ countsSource }) => countsSource !== undefined)
  const only = [modalities, counted].find(({ length }) => length === 1)?.[0]
  return (modalities.find(({ name }) => name === DEFAULT_MODALITY) ?? only)?.name
}
