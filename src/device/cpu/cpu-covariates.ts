import type { CovariateUse, Tensor } from '../device.js'
import type { Arena } from './arena.js'
import type { CpuMinibatch } from './cpu-minibatch.js'
import { cpu } from './cpu-tensor.js'
import type { CovariatesArguments } from './kernel-arguments.js'

/** The covariates of layers as C reads them: the minibatch's, or those of tensors, turned to one row for each covariate. */
export class CpuCovariates {
  readonly #arena: Arena

  constructor(arena: Arena) {
    this.#arena = arena
  }

  of(batch: CpuMinibatch, { categories, continuous, codes, values }: CovariateUse): CovariatesArguments {
    return {
      codes: codes ? this.codes(batch, codes) : batch.codes,
      categories: batch.categories(categories),
      nCategorical: categories.length,
      values: values ? this.#turned(batch, 'values', values, this.#arena.floats) : batch.continuous,
      nContinuous: continuous,
      stride: batch.covariateStride,
    }
  }

  /** Codes of a tensor, cells × covariates, as whole numbers: [covariate][cell]. */
  codes(batch: CpuMinibatch, codes: Tensor): number {
    return this.#turned(batch, 'codes', codes, this.#arena.ints)
  }

  #turned(batch: CpuMinibatch, name: string, tensor: Tensor, to: Float32Array | Int32Array): number {
    const { offset, columns, stride } = cpu(tensor)
    const rows = batch.covariateStride
    const at = batch.space(`${name} of ${offset}`, columns * rows)
    // asking for space may have moved the arena's views
    const { floats, ints } = this.#arena
    const target = to instanceof Int32Array ? ints : floats
    for (let k = 0; k < columns; k++) {
      for (let i = 0; i < batch.nCells; i++) target[at + k * rows + i] = floats[offset + i * stride + k]!
    }
    return at
  }
}
