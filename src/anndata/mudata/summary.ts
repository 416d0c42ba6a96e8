import { listSources } from '../counts/count-sources.js'
import { openFrame } from '../frame/dataframe.js'
import { guessCounts, type SourceSummary, summarizeSource } from '../source-summary.js'
import { childGroup } from '../store/nodes.js'
import { withStore } from '../store/open-store.js'
import type { ModalitySummary } from './fitted-modality.js'
import { isMuData, modalityNames, modalityStore } from './modality.js'

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
