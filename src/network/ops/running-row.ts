import { type ForwardPass, Op } from '../op.js'
import { Value } from '../value.js'
import type { RunningStatistic } from '../weights.js'

/** The running means (row 0) or variances (row 1) of a batch normalisation, as they are now: 1 × features, without a gradient. */
export class RunningRow extends Op {
  readonly output: Value
  readonly outputs: readonly Value[]
  readonly #statistic: RunningStatistic
  readonly #row: number

  constructor(statistic: RunningStatistic, row: number) {
    super([])
    this.#statistic = statistic
    this.#row = row
    this.output = new Value(this, 1, statistic.columns, statistic.name)
    this.outputs = [this.output]
  }

  forward(pass: ForwardPass): void {
    const { batch, kernels, tensor } = pass
    const args = {
      batch,
      axes: [this.#statistic.columns],
      inputs: [{ tensor: pass.running(this.#statistic), axes: [undefined, 0], row: this.#row }],
      expression: { kind: 'input', input: 0 },
      output: tensor(this.output),
      outputAxes: [undefined, 0],
      reduce: 'sum',
    } as const
    pass.call(() => kernels.mapReduce(args))
  }

  reverse(): void {}
}
