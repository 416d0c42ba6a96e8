import { type Binary, binary, type Expression, type Unary, unary } from '../device/expression.js'
import { StepNumber } from '../device/step-number.js'
import { type Term, Value } from './value.js'

/** A term as an expression. */
export function expressionOf(term: Term): Expression<Value> {
  if (typeof term === 'number') return { kind: 'constant', value: term }
  if (term instanceof Value) return { kind: 'input', input: term }
  if (term instanceof StepNumber) return { kind: 'step', value: term }
  // a slip in a user's own term, in plain JavaScript
  if (typeof term !== 'object' || term === null || !('kind' in term)) {
    throw new TypeError(`${String(term)} is neither a number nor a value nor a function of values.`)
  }
  return term
}

type Function1 = (a: Term) => Expression<Value>
type Function2 = (a: Term, b: Term) => Expression<Value>

const one =
  (op: Unary): Function1 =>
  (a) =>
    unary(op, expressionOf(a))

const two =
  (op: Binary): Function2 =>
  (a, b) =>
    binary(op, expressionOf(a), expressionOf(b))

export const exp = one('exp')
export const log = one('log')
export const sqrt = one('sqrt')
/** ln(1 + eˣ). */
export const softplus = one('softplus')
/** 1 / (1 + e⁻ˣ). */
export const sigmoid = one('sigmoid')
export const cos = one('cos')
export const negative = one('negative')
export const subtract = two('subtract')
export const divide = two('divide')
/** The larger of two; its gradient is the second's where they are equal. */
export const maximum = two('maximum')
export const minimum = two('minimum')
/** 1 where a > b, else 0. */
export const greater = two('greater')

const fold =
  (op: Binary) =>
  (first: Term, ...others: readonly Term[]): Expression<Value> =>
    others.reduce<Expression<Value>>((sum, term) => binary(op, sum, expressionOf(term)), expressionOf(first))

export const add = fold('add')
export const multiply = fold('multiply')

export function square(a: Term): Expression<Value> {
  const x = expressionOf(a)
  return binary('multiply', x, x)
}

/** 1 where a = b, else 0; no gradient. */
export function equal(a: Term, b: Term): Expression<Value> {
  const [x, y] = [expressionOf(a), expressionOf(b)]
  const one = { kind: 'constant', value: 1 } as const
  return binary('subtract', binary('subtract', one, binary('greater', x, y)), binary('greater', y, x))
}

/** |x|, whose gradient is 0 at 0. */
export function absolute(a: Term): Expression<Value> {
  const x = expressionOf(a)
  const sign = binary(
    'subtract',
    binary('greater', x, { kind: 'constant', value: 0 }),
    binary('greater', { kind: 'constant', value: 0 }, x),
  )
  return binary('multiply', x, sign)
}
