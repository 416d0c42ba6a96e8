import { cellChunks } from '../../src/analysis/posterior/inference.js'
import type { CellSource } from '../../src/device/device.js'
import type { Network } from '../../src/network/network.js'
import { decodeMeans } from '../network/decode-means.js'

/** Expected counts of every cell of a source, a minibatch at a time. */
export async function* expectedCounts(network: Network, source: CellSource, latent: Float32Array) {
  const { nLatent } = network.config
  const batch = await network.minibatch(source)
  for (const cells of cellChunks(source.nCells, network.capacity)) {
    await network.load(batch, cells)
    network.gather(batch, cells)
    const at = latent.subarray(cells[0]! * nLatent, (cells[0]! + cells.length) * nLatent)
    yield { cells, ...(await decodeMeans(network, batch, at)) }
  }
  network.releaseMinibatch(batch)
}
