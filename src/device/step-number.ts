/** The numbers that every step has anew, by name: the KL weight, the learning rate, the step itself. */
export type StepInputs = Readonly<Record<string, number>>

/** A number that a kernel takes: one that stays, or one that is worked out anew for every step. */
export type StepValue = number | StepNumber

type Evaluate = (inputs: StepInputs) => number

const textOf = (x: StepValue): string => (typeof x === 'number' ? String(x) : x.text)

/**
 * A number that changes from step to step, as an expression of the step's named inputs. A device may record a step once and repeat
 * it with other inputs, so the number itself is never there to compute with: arithmetic on it is written with the functions below,
 * and plain operators do not type-check.
 */
export class StepNumber {
  /** The expression; two of the same text are the same number. */
  readonly text: string
  readonly #evaluate: Evaluate

  private constructor(text: string, evaluate: Evaluate) {
    this.text = text
    this.#evaluate = evaluate
  }

  /** The input of this name. */
  static input(name: string): StepNumber {
    return new StepNumber(name, (inputs) => {
      const value = inputs[name]
      if (value === undefined) throw new Error(`The step has no input "${name}".`)
      return value
    })
  }

  static of(
    operator: string,
    a: StepValue,
    b: StepValue,
    apply: (a: number, b: number) => number,
  ): StepNumber {
    return new StepNumber(`(${textOf(a)} ${operator} ${textOf(b)})`, (inputs) =>
      apply(stepValue(a, inputs), stepValue(b, inputs)),
    )
  }

  /** Its value in a step with these inputs. */
  at(inputs: StepInputs): number {
    return this.#evaluate(inputs)
  }
}

/** A number's value in a step with these inputs. */
export function stepValue(x: StepValue, inputs: StepInputs): number {
  return typeof x === 'number' ? x : x.at(inputs)
}

const either =
  (operator: string, apply: (a: number, b: number) => number) =>
  (a: StepValue, b: StepValue): StepValue =>
    typeof a === 'number' && typeof b === 'number' ? apply(a, b) : StepNumber.of(operator, a, b, apply)

export const plus = either('+', (a, b) => a + b)
export const minus = either('-', (a, b) => a - b)
export const times = either('*', (a, b) => a * b)
export const over = either('/', (a, b) => a / b)
export const least = either('min', Math.min)
export const most = either('max', Math.max)
