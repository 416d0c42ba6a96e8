import { afterAll, describe, expect, it } from 'vitest'
import { ADAM } from '../../src/check/kernels/adam-expected.js'
import { adapterNames, nodeGpu } from '../../src/device/webgpu/open/node-gpu.js'
import { openAdapter } from '../../src/device/webgpu/open/open-gpu.js'
import type { TileStore } from '../../src/device/webgpu/tiles/tile-store.js'
import { TILES, type TunedProduct } from '../../src/device/webgpu/tiles/tiles.js'
import type { WebgpuDevice } from '../../src/device/webgpu/webgpu-device.js'
import { tileName } from '../../src/device/webgpu/wgsl/product.js'
import { bits, smallCells, smallNetwork } from '../train/small-cells.js'
import { NO_WEBGPU } from './webgpu.js'

/** A store in memory, filled with cuts of before. */
function memory(...products: TunedProduct[]): TileStore {
  return { read: () => products, add: (more) => products.push(...more) }
}

const opened: WebgpuDevice[] = []
afterAll(() => Promise.all(opened.map((device) => device.dispose())))

async function openWith(tiles: TileStore): Promise<WebgpuDevice> {
  const [first] = await adapterNames()
  const gpu = await nodeGpu([`backend=${first!.backend}`, `adapter=${first!.name}`])
  const device = await openAdapter((await gpu.requestAdapter())!, { tiles })
  opened.push(device)
  return device
}

const source = smallCells(150, 40)
/** Of {@link smallNetwork}. */
const shapes = (cells: number, genes: number, hidden: number): Omit<TunedProduct, 'tile'>[] => [
  { kind: 'product', m: cells, n: hidden, k: genes },
  { kind: 'transposed product', m: cells, n: genes, k: hidden },
  { kind: 'weight gradient', m: genes, n: hidden, k: cells },
]

describe.skipIf(NO_WEBGPU !== undefined)('cuts measured on the card', { timeout: 120_000 }, () => {
  it('are measured once for a network, and kept', async () => {
    const store = memory()
    const device = await openWith(store)
    const size = { cells: 20, genes: 50, hidden: 12 }
    await device.tune(size)
    expect(store.read().map(({ tile: _, ...shape }) => shape)).toEqual(shapes(20, 50, 12))
    const names = TILES.map(tileName)
    for (const { tile } of store.read()) expect(names).toContain(tile)
    const { dispatches } = device.recorder
    expect(dispatches).toBeGreaterThan(0)
    await device.tune(size)
    expect(device.recorder.dispatches).toBe(dispatches)
    const again = await openWith(store)
    await again.tune(size)
    expect(again.recorder.dispatches).toBe(0)
  })

  it('do not change a result by a bit', async () => {
    const weights = []
    for (const tile of [TILES[0]!, TILES.at(-1)!]) {
      const tuned = shapes(66, source.nGenes, 24).map((shape) => ({ ...shape, tile: tileName(tile) }))
      const device = await openWith(memory(...tuned))
      const network = smallNetwork(device, source, { likelihood: 'zinb' })
      const batch = await network.minibatch(source)
      for (let step = 1; step <= 3; step++) {
        network.gather(
          batch,
          Int32Array.from({ length: 66 }, (_, i) => i + step),
        )
        network.trainStep(batch, { seed: 1, step, klWeight: 1, adam: { ...ADAM, step } })
      }
      weights.push(bits(await network.state(true)))
      network.releaseMinibatch(batch)
      network.release()
    }
    expect(weights[1]).toEqual(weights[0])
  })
})
