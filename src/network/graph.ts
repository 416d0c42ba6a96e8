import type { CellFact as Fact } from '../device/device.js'
import type { Op } from './op.js'
import { CellFact } from './ops/cell-fact.js'
import { Constant } from './ops/constant.js'
import { Counts } from './ops/counts.js'
import { WeightValue } from './ops/weight-value.js'
import type { Origin, Value } from './value.js'
import { type Weight, WeightPlan } from './weights.js'

/**
 * A network while it is written down: operations in the order of the forward pass, and the weights that they ask for. It holds no
 * numbers but starting values; `Network` puts it on a device.
 */
export class Graph {
  readonly ops: Op[] = []
  readonly plan: WeightPlan
  /** log1p of the minibatch's counts, cells × genes. */
  readonly counts: Value
  readonly #known = new Set<Origin>()
  readonly #weightValues = new Map<string, Value>()
  readonly #facts = new Map<string, Value>()

  /** @param seed of the starting values */
  constructor(nGenes: number, seed: number) {
    this.plan = new WeightPlan(seed)
    this.counts = this.add(new Counts(nGenes)).output
  }

  /** Adds an operation on values of this graph. */
  add<T extends Op>(op: T): T {
    const foreign = op.inputs.find((input) => !this.has(input))
    if (foreign) throw new Error(`${foreign} is no value of this network.`)
    this.#known.add(op)
    this.ops.push(op)
    return op
  }

  /** Whether a value is computed here. */
  has(value: Value): boolean {
    return this.#known.has(value.op) && value.op.outputs.includes(value)
  }

  /** Numbers that stay, row-major. */
  constant(name: string, rows: number, columns: number, values: Float32Array): Value {
    return this.add(new Constant(name, rows, columns, values)).output
  }

  /** A weight as a value. */
  valueOf(weight: Weight): Value {
    let value = this.#weightValues.get(weight.name)
    if (!value) {
      value = this.add(new WeightValue(weight)).output
      this.#weightValues.set(weight.name, value)
    }
    return value
  }

  /** A covariate's code or value, or the size, of each cell: cells × 1. */
  fact(fact: Fact): Value {
    const key = JSON.stringify(fact)
    let value = this.#facts.get(key)
    if (!value) {
      value = this.add(new CellFact(fact)).output
      this.#facts.set(key, value)
    }
    return value
  }
}
