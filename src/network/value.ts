import type { Expression } from '../device/expression.js'
import type { StepNumber } from '../device/step-number.js'
import type { Weight } from './weights.js'

/** A length along one side of a value: a number, or the cells of the minibatch. */
export type Extent = number | 'cells'

/** What a value comes from: an operation, as far as values know of it. */
export interface Origin {
  readonly inputs: readonly Value[]
  readonly weights: readonly Weight[]
  readonly outputs: readonly Value[]
}

/** A matrix that a network computes: what an operation puts out, known by its shape before there are numbers in it. */
export class Value {
  readonly op: Origin
  readonly rows: Extent
  readonly columns: Extent
  /** For errors and profiles. */
  readonly name: string

  constructor(op: Origin, rows: Extent, columns: Extent, name: string) {
    this.op = op
    this.rows = rows
    this.columns = columns
    this.name = name
  }

  toString(): string {
    return `${this.name} (${this.rows} × ${this.columns})`
  }
}

/** What may stand in an expression over values. */
export type Term = Expression<Value> | Value | StepNumber | number
