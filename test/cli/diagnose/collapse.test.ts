import { describe, expect, it } from 'vitest'
import { aggregatedFit } from '../../../src/analysis/diagnose/aggregated.js'
import { latentUse } from '../../../src/analysis/diagnose/collapse.js'
import { NormalMixture } from '../../../src/analysis/posterior/normal-mixture.js'
import { collapse } from '../../../src/cli/diagnose/collapse.js'
import type { JudgedModel } from '../../../src/cli/diagnose/finding.js'
import { Random } from '../../../src/numeric/random.js'

const N = 200
const D = 10

/** What is found of posteriors of {@link N} cells with these means, whose aggregate has variance 1 in each dimension. */
async function found(meanOf: (cell: number, k: number) => number, beta = 1, spread = 0) {
  const mean = Float32Array.from({ length: N * D }, (_, at) => meanOf(Math.floor(at / D), at % D))
  const variance = new Float32Array(N * D)
  for (let k = 0; k < D; k++) {
    let square = 0
    for (let i = 0; i < N; i++) square += mean[i * D + k]! ** 2 / N
    for (let i = 0; i < N; i++) variance[i * D + k] = spread || Math.max(0.01, 1 - square)
  }
  const prior = new NormalMixture({ mean: new Float32Array(D), variance: new Float32Array(D).fill(1) }, D)
  const matrix = (values: Float32Array) => ({ values, rows: N, columns: D })
  const model = { description: { config: { beta, prior: 'normal' } } } as JudgedModel
  return collapse(
    {
      latent: latentUse({ means: matrix(mean), variances: matrix(variance) }),
      aggregated: await aggregatedFit({ mean, variance }, prior, 1),
    },
    model,
  )
}

/** Normal draws that are the same for every test. */
const draws = (() => {
  const random = new Random(7, 900)
  return Float32Array.from({ length: N * D }, () => random.normal())
})()
const draw = (cell: number, k: number) => draws[cell * D + k]!

describe('the verdict on collapse', () => {
  it('needs attention where no dimension is in use', async () => {
    const { grade, sentence, value } = await found(() => 0, 100)
    expect({ grade, value }).toEqual({ grade: 'attention', value: 0 })
    expect(sentence).toContain('not used: no dimension tells cells apart')
    expect(sentence).toContain('lower --beta, which is 100')
  })

  it('needs attention where many dimensions have a trace each, and all together little', async () => {
    // ½ ln(1 / (1 − .13²)) nats in nine dimensions and ½ ln(1 / (1 − .6)) in one: .53 in all
    const trace = (cell: number, k: number) => Math.sqrt(k === 0 ? 0.6 : 0.017) * draw(cell, k)
    const { grade, sentence, value, error, unit, figures } = await found(trace, 100)
    expect(figures[0]).toEqual(['dimensions in use', '10 of 10'])
    expect({ grade, unit }).toEqual({ grade: 'attention', unit: 'nats' })
    const exact = -0.5 * Math.log(0.4) - 4.5 * Math.log(1 - 0.017)
    expect(Math.abs(value! - exact)).toBeLessThan(0.1)
    expect(error).toBeLessThan(0.05)
    expect(sentence).toContain('hardly used')
    expect(sentence).toContain('lower --beta, which is 100')
  })

  it('says what to do where no β is to blame', async () => {
    const { sentence } = await found((cell, k) => 0.2 * draw(cell, k))
    expect(sentence).toContain('train for longer, with a KL warm-up')
  })

  it.each([
    ['two', 2, 'attention'],
    ['four', 4, 'good'],
    ['eight', 8, 'good'],
  ] as const)('goes by what %s groups, and nothing else, have to tell', async (_, groups, expected) => {
    const center = (cell: number, k: number) => 0.95 * Math.sign(draw(cell % groups, k))
    const { grade, unit } = await found(center, 1, 0.02)
    expect({ grade, unit }).toEqual({
      grade: expected,
      unit: expected === 'good' ? 'dimensions' : 'nats',
    })
  })

  it('is good for a fit that is used, of few cells and many nats', async () => {
    const { grade, value, sentence } = await found((cell, k) => 0.9 * draw(cell, k))
    expect({ grade, value }).toEqual({ grade: 'good', value: 10 })
    expect(sentence).toContain('all dimensions tell cells apart')
  })

  it('names single dimensions that tell nothing where the others tell enough', async () => {
    const { grade, value, sentence } = await found((cell, k) => (k < 3 ? 0.95 * draw(cell, k) : 0))
    expect({ grade, value }).toEqual({ grade: 'attention', value: 3 })
    expect(sentence).toContain('7 of 10 dimensions tell nothing (4, 5, 6, 7, 8, 9, 10)')
  })
})
