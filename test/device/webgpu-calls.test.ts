import { describe, expect, it } from 'vitest'
import type { LinearGradientArgs, SampleLatentGradientArgs, Tensor } from '../../src/device/device.js'
import { type Call, drawsTogether } from '../../src/device/webgpu/kernels/calls.js'

const tensor = (): Tensor => ({ rows: 1, columns: 1 })
const [draw, drawGradient, hidden, hiddenGradient, other] = Array.from({ length: 5 }, tensor) as [
  Tensor,
  Tensor,
  Tensor,
  Tensor,
  Tensor,
]
const batch = { capacity: 1, nCells: 1 }
const parameter = () => ({
  name: 'w',
  value: tensor(),
  gradient: tensor(),
  firstMoment: tensor(),
  secondMoment: tensor(),
})

const layer = (args: Partial<LinearGradientArgs>): Call => ({
  kernel: 'linearGradient',
  args: [
    {
      batch,
      covariates: { categories: [], continuous: 0 },
      weight: parameter(),
      input: draw,
      outputGradient: hiddenGradient,
      ...args,
    },
  ],
})
const above = layer({ inputGradient: drawGradient })
const sample: Call = {
  kernel: 'sampleLatentGradient',
  args: [{ outputGradient: drawGradient } as SampleLatentGradientArgs],
}
/** Of another encoder. */
const elsewhere = layer({ input: hidden, outputGradient: other, inputGradient: tensor() })
const sum: Call = { kernel: 'addSum', args: [batch, other, tensor(), 0] }

/** Which of the calls come in which order: like ones are told apart. */
const numbers = (calls: readonly Call[]): number[] => drawsTogether(calls).map((call) => calls.indexOf(call))

describe('the calls of a reverse pass', () => {
  it('have the layer above a draw next to the draw', () => {
    const calls = [sum, above, elsewhere, layer({ input: hidden, outputGradient: other }), sample, elsewhere]
    expect(numbers(calls)).toEqual([0, 2, 3, 1, 4, 2])
  })

  it.each([
    ['they are so already', [above, sample, elsewhere]],
    ['there is no draw', [above, elsewhere, layer({ input: hidden })]],
    [
      'another call adds to the gradient',
      [above, layer({ input: hidden, inputGradient: drawGradient }), sample],
    ],
    ['another call reads what the layer reads', [above, layer({ input: hidden }), sample]],
    [
      'a call does not name all that it writes',
      [above, { kernel: 'adam', args: [[], {}] } as unknown as Call, sample],
    ],
    ['the layer adds', [layer({ inputGradient: drawGradient, accumulate: true }), elsewhere, sample]],
  ])('stay as they are where %s', (_, calls) => {
    expect(numbers(calls)).toEqual([...calls.keys()])
  })
})
