import { describe, expect, it } from 'vitest'
import { classDistances } from '../../../src/analysis/metrics/class-distances.js'
import { distancesByClass } from '../../../src/check/oracle/class-distances.js'
import { createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import { Random } from '../../../src/numeric/random.js'

describe('sums of distances by class', () => {
  it.each([
    [1, [1, 1]],
    [3, [16, 33, 1]],
    [10, [40, 0, 560]],
  ])('of %i dimensions are those of all pairs, for classes of %j cells', async (columns, sizes) => {
    const random = new Random(4, 904)
    const codes = Int32Array.from(sizes.flatMap((size, c) => Array.from({ length: size }, () => c)))
    // classes are not in order
    for (let i = codes.length - 1; i > 0; i--) {
      const j = random.integer(i + 1)
      ;[codes[i], codes[j]] = [codes[j]!, codes[i]!]
    }
    const rows = codes.length
    const values = Float32Array.from({ length: rows * columns }, () => random.normal())
    const expected = distancesByClass(values, columns, codes, sizes.length)
    const device = await createCpuDevice({ threads: 2 })
    const found = new Float64Array(expected.length)
    for await (const { first, sums } of classDistances(
      device.host,
      { values, rows, columns },
      codes,
      sizes.length,
    )) {
      found.set(sums, first * sizes.length)
    }
    await device.dispose()
    for (const [at, sum] of expected.entries())
      expect(Math.abs(found[at]! - sum)).toBeLessThan(2e-6 * sum + 1e-6)
  })
})
