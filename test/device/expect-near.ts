import { expect } from 'vitest'
import type { Expected, Outputs } from '../../src/check/kernels/check.js'
import { differences } from '../../src/check/kernels/differences.js'

/** Fails with the worst element of each output that is off. */
export function expectNear(outputs: Outputs, expected: Record<string, Expected>): void {
  expect(differences(outputs, expected)).toEqual([])
}
