import { simulateCells } from '../../src/analysis/simulate/simulate.js'
import { countsInMemory } from '../../src/cells/counts-in-memory.js'
import { libraryPrior } from '../../src/cells/library-prior.js'
import type { CellSource, Device } from '../../src/device/device.js'
import { GRAPHS } from '../../src/models/network-of.js'
import { type ModelConfig, modelConfig, PLAIN_MODEL } from '../../src/network/config.js'
import { Network } from '../../src/network/network.js'
import type { NetworkState } from '../../src/network/parameters.js'

/** Simulated cells of two batches, as a network takes them. */
export function smallCells(nCells = 400, nGenes = 60, seed = 1): CellSource {
  const { counts, obs } = simulateCells({ nCells, nGenes, nTypes: 3, meanLibrarySize: 300, seed })
  return {
    nCells,
    nGenes,
    counts: countsInMemory(nCells, nGenes, (cell) => counts.row(cell)),
    categorical: [Int32Array.from(obs.batch, (batch) => (batch === obs.batch[0] ? 0 : 1))],
    continuous: [],
    size: Float32Array.from(counts.cellTotals()),
  }
}

/** A small network for {@link smallCells}, with minibatches of up to 64 cells. */
export function smallNetwork(
  device: Device,
  source: CellSource,
  model: Partial<ModelConfig> = {},
  seed = 1,
): Network {
  const config = modelConfig({ nHidden: 24, nLatent: 4, ...model }, PLAIN_MODEL)
  const prior = config.library === 'latent' ? { libraryPrior: libraryPrior(source, 2) } : {}
  const shape = { nGenes: source.nGenes, categories: [2], nContinuous: 0, ...prior }
  return new Network(device, GRAPHS[config.decoder](config, shape, seed), 66)
}

/** The weights as plain bits, so that a comparison is exact (NaN, signed zero). */
export function bits(state: NetworkState): Record<string, string> {
  return Object.fromEntries(
    Array.from(state, ([name, { values }]) => [
      name,
      Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64'),
    ]),
  )
}
