import { listSources } from '../counts/count-sources.js'
import { openFrame } from '../frame/dataframe.js'
import { guessCounts, type SourceSummary, summarizeSource } from '../source-summary.js'
import { childGroup } from '../store/nodes.js'
import { withStore } from '../store/open-store.js'
import { DEFAULT_MODALITY, isMuData, modalityNames, modalityStore } from './modality.js'

/** One modality of a MuData file. */
export interface ModalitySummary {
  name: string
  nCells: number
  nGenes: number
  /** The matrix that holds its counts, if one does. */
  countsSource?: string
}

/** The modalities of a MuData file with their sizes and counts; undefined for any other file. */
export function summarizeModalities(path: string): Promise<ModalitySummary[] | undefined> {
  return withStore(path, async (store) => {
    if (!(await isMuData(store.root))) return undefined
    const summaries: ModalitySummary[] = []
    for (const name of await modalityNames(store.root)) {
      const own = modalityStore(store, name, (await childGroup(store.root, `mod/${name}`))!)
      const sources: SourceSummary[] = []
      for (const source of await listSources(own.root)) sources.push(await summarizeSource(own, source))
      const counts = guessCounts(sources)
      const rows = async (frame: string) => (await (await openFrame(own, frame)).names()).length
      summaries.push({
        name,
        nCells: await rows('obs'),
        nGenes: await rows('var'),
        ...(counts && { countsSource: counts.name }),
      })
    }
    return summaries
  })
}

/** The modality that is fitted where none is named; undefined where one has to be. */
export function fittedModality(modalities: readonly ModalitySummary[]): string | undefined {
  const counted = modalities.filter(({ countsSource }) => countsSource !== undefined)
  const only = [modalities, counted].find(({ length }) => length === 1)?.[0]
  return (modalities.find(({ name }) => name === DEFAULT_MODALITY) ?? only)?.name
}
