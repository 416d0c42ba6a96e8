import { countsInMemory } from '../../cells/counts-in-memory.js'
import type { CellRow, CellSource } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { rowsOf } from '../../device/loaded-rows.js'
import { Random } from '../../numeric/random.js'
import { sourceOf } from '../posterior/generate.js'
import { cellChunks } from '../posterior/inference.js'
import { STREAM } from '../random-streams.js'
import { AmbientMixer } from './ambient-mixer.js'
import { cellsByBatch } from './cells-by-batch.js'
import { rowsByCell } from './mixed-rows.js'
import { geneSums, shares, spread } from './reasons/reference-profiles.js'

/** The share of the counts that is drawn anew lies between these. */
const SHARES = { least: 0.4, most: 0.9 }
/** Cells that the mean profile of a batch is made of, at most. */
const CELLS_OF_PROFILE = 1000

/** Which cell each mixture is of, and which share of its counts is not. */
export interface AmbientShares {
  cells: Int32Array
  share: Float64Array
}

/** Cells and shares by chance. */
export function ambientShares(nCells: number, n: number, seed: number): AmbientShares {
  const random = new Random(seed, STREAM.ambientMixtures)
  const { least, most } = SHARES
  const cells = Int32Array.from({ length: n }, () => random.integer(nCells))
  return { cells, share: Float64Array.from(cells, () => least + (most - least) * random.next()) }
}

/**
 * Cells of which a share of the counts is replaced by counts from the mean profile of their batch, as they would float in it were such
 * cells broken: each count stays with what is left of a chance, and a Poisson draw of the profile is added.
 *
 * @param seed the same cells for the same seed and any number of threads
 */
export async function ambientCells(
  host: HostKernels,
  source: CellSource,
  { cells, share }: AmbientShares,
  seed: number,
): Promise<CellSource> {
  const rows = new Array<CellRow>(cells.length)
  const every = Int32Array.from(cells.keys())
  const mixer = new AmbientMixer(host, source.nGenes, seed)
  try {
    for (const [batch, members] of cellsByBatch(source)) {
      const ofBatch = every.filter((i) => (source.categorical[0]?.[cells[i]!] ?? 0) === batch)
      if (ofBatch.length === 0) continue
      const profile = await meanProfile(source, members)
      for (const places of cellChunks(ofBatch.length, mixer.capacity)) {
        const block = places.map((at) => ofBatch[at]!)
        const own = await rowsByCell(
          source,
          Array.from(block, (i) => cells[i]!),
        )
        const mixed = mixer.of(
          Array.from(block, (i) => ({ number: i, row: own.get(cells[i]!)!, share: share[i]! })),
          profile,
        )
        for (const [at, row] of mixed.entries()) rows[block[at]!] = row
      }
    }
  } finally {
    mixer.release()
  }
  const { rows: _, ...covariates } = sourceOf(source, cells)
  const counts = countsInMemory(rows.length, source.nGenes, (i) => rows[i]!, source.counts.missing)
  return { ...covariates, counts }
}

async function meanProfile(source: CellSource, cells: Int32Array): Promise<Float64Array> {
  return shares(geneSums(await rowsOf(source, spread(cells, CELLS_OF_PROFILE)), source.nGenes))
}
