import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportModel } from '../../../src/cli/fit/report-model.js'
import { createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import type { SCVI } from '../../../src/models/scvi.js'
import { buildPageData } from '../../../src/report/page/build-page-data.js'
import { CellModel } from '../../../src/report/page/cell-model.js'
import { unpack } from '../../../src/report/page/pack.js'
import type { PageHeader } from '../../../src/report/page/page-data.js'
import { unpackModel } from '../../../src/report/page/unpack-model.js'
import { temporaryFolder } from '../../files/scvi-tools/fixtures.js'
import { matrix } from '../../matrix.js'
import { namedData, trainedOn } from '../../models/trained-small.js'

describe('the model of a page', async () => {
  const device = await createCpuDevice({ threads: 2 })
  let model: SCVI
  let page: CellModel
  beforeAll(async () => {
    model = await trainedOn(namedData(), device, join(temporaryFolder(), 'model'))
    const latent = await model.getLatentRepresentation()
    const places = matrix(new Float32Array(2 * latent.rows), 2)
    const text = buildPageData(model.cellNames!, places, [], await reportModel(model, latent))
    const packed = unpack<PageHeader>(new Uint8Array(gunzipSync(Buffer.from(text, 'base64'))))
    page = new CellModel(unpackModel(packed.header.model!, packed))
  })
  afterAll(async () => {
    await model.dispose()
    await device.dispose()
  })

  const near = (value: number, expected: number) => expect(Math.abs(value / expected - 1)).toBeLessThan(1e-2)

  it.each([undefined, 1])('has the rates of the network, in batch %s', async (batch) => {
    const transformBatch =
      batch === undefined ? {} : { transformBatch: model.description.categorical[0]!.categories[batch]! }
    const { values, rows, columns } = await model.getNormalizedExpression({ nSamples: 0, ...transformBatch })
    for (let gene = 0; gene < columns; gene++) {
      const rates = await page.geneRates(gene, batch)
      for (let cell = 0; cell < rows; cell++) near(rates[cell]!, values[cell * columns + gene]!)
    }
  })

  it('has the means of groups', async () => {
    const { values, rows, columns } = await model.getNormalizedExpression({ nSamples: 0 })
    const all = Uint32Array.from({ length: rows }, (_, cell) => cell)
    const [a, b] = [all.filter((cell) => cell % 3 === 0), all.filter((cell) => cell % 3 !== 0)]
    const { meanA, meanB, logFoldChange, decodedA, decodedB } = await page.compare(a, b)
    expect([decodedA, decodedB]).toEqual([a.length, b.length])
    for (let gene = 0; gene < columns; gene++) {
      const mean = (cells: Uint32Array) =>
        cells.reduce((sum, cell) => sum + values[cell * columns + gene]!, 0) / cells.length
      near(meanA[gene]!, mean(a))
      near(meanB[gene]!, mean(b))
      expect(Math.abs(logFoldChange[gene]! - Math.log2(mean(a) / mean(b)))).toBeLessThan(0.02)
    }
  })

  it('finds the nearest cells', async () => {
    const { values, columns, rows } = await model.getLatentRepresentation()
    const squared = (a: number, b: number) =>
      Array.from(
        { length: columns },
        (_, k) => (values[a * columns + k]! - values[b * columns + k]!) ** 2,
      ).reduce((x, y) => x + y)
    const others = Array.from({ length: rows }, (_, cell) => cell).filter((cell) => cell !== 5)
    others.sort((x, y) => squared(5, x) - squared(5, y))
    expect(Array.from(page.nearest(5, 4))).toEqual(others.slice(0, 4))
  })
})
