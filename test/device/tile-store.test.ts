import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fileTileStore } from '../../src/device/webgpu/tiles/tile-store.js'
import { pickTile, TILES, Tiles, type TunedProduct } from '../../src/device/webgpu/tiles/tiles.js'
import { tileName } from '../../src/device/webgpu/wgsl/product.js'

const folder = mkdtempSync(join(tmpdir(), 'scvae-tiles-'))
afterAll(() => rmSync(folder, { recursive: true }))

const product = (tile: string, m = 128): TunedProduct => ({ kind: 'product', m, n: 128, k: 2000, tile })

describe('measured cuts on disk', () => {
  it('are found again, card by card', () => {
    const store = fileTileStore('a card', folder)
    expect(store.read()).toEqual([])
    store.add([product('64x64x16 4x4')])
    store.add([product('32x32x16 4x4', 512)])
    fileTileStore('another', folder).add([product('128x64x16 8x4')])
    expect(fileTileStore('a card', folder).read()).toEqual([
      product('64x64x16 4x4'),
      product('32x32x16 4x4', 512),
    ])
    expect(fileTileStore('another', folder).read()).toEqual([product('128x64x16 8x4')])
    expect(readdirSync(folder)).toEqual(['tiles.json'])
  })

  it.each(['{', '[1]', '"x"', '{"a card": 3}'])('count as none where the file is damaged: %s', (text) => {
    const place = mkdtempSync(join(folder, 'damaged-'))
    writeFileSync(join(place, 'tiles.json'), text)
    const store = fileTileStore('a card', place)
    expect(store.read()).toEqual([])
    store.add([product('64x64x16 4x4')])
    expect(store.read()).toEqual([product('64x64x16 4x4')])
    rmSync(place, { recursive: true })
  })

  it('are not missed where nothing can be written', () => {
    writeFileSync(join(folder, 'a file'), '')
    const store = fileTileStore('a card', join(folder, 'a file', 'below'))
    store.add([product('64x64x16 4x4')])
    expect(store.read()).toEqual([])
  })
})

describe('the cut of a product', () => {
  it('is the measured one for shapes near the measured, else that of the rule', () => {
    const tiles = new Tiles()
    const rule = pickTile(128, 128)
    const other = TILES.find((tile) => tile !== rule)!
    tiles.learn([product(tileName(other)), { ...product('no such cut'), kind: 'weight gradient' }])
    expect(tiles.pick('product', 128, 128, 2000)).toBe(other)
    expect(tiles.pick('product', 130, 128, 2050)).toBe(other)
    expect(tiles.pick('product', 64, 128, 2000)).toBe(pickTile(64, 128))
    expect(tiles.pick('weight gradient', 128, 128, 2000)).toBe(rule)
  })
})
