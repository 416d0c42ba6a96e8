import { describe, expect, it } from 'vitest'
import { autodiffLoss } from './autodiff.js'
import { finiteDifference } from './finite-difference.js'
import { lossInput, MODEL_CASES, modelParameters } from './model-case.js'
import { modelLoss } from './model-loss.js'

/** Of automatic differentiation in float32 against central differences in float64. */
const TOLERANCE = 1e-4

describe.each(Object.entries(MODEL_CASES))('autodiff oracle, %s', (name, options) => {
  const input = lossInput(options, name.length)
  const parameters = modelParameters(input, 7)
  const result = autodiffLoss(parameters, input)

  it('has the loss of the kernels’ oracles put together', () => {
    expect(result.loss).toBeCloseTo(modelLoss(parameters, input), 3)
    const { reconstruction, klLatent, klLibrary } = result
    const parts = reconstruction + input.klWeight * klLatent + klLibrary
    // nats that are free count as spent
    if (input.config.freeBits > 0) expect(parts).toBeLessThan(result.loss)
    else expect(parts).toBeCloseTo(result.loss, 3)
    expect(klLibrary > 0).toBe(input.config.library === 'latent')
  })

  it('has the gradients of finite differences', () => {
    const off: string[] = []
    for (const [key, parameter] of Object.entries(parameters)) {
      const expected = finiteDifference(parameter, () => modelLoss(parameters, input))
      const scale = expected.values.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1)
      for (const [i, x] of expected.values.entries()) {
        const error = Math.abs(result.gradients[key]!.values[i]! - x)
        if (!(error <= TOLERANCE * scale))
          off.push(`${key}[${i}]: ${result.gradients[key]!.values[i]}, not ${x}`)
      }
    }
    expect(off).toEqual([])
  })
})
