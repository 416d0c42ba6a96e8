import type { StepNumber } from './step-number.js'

export type Unary = 'negative' | 'exp' | 'log' | 'sqrt' | 'softplus' | 'sigmoid' | 'cos'
/** `greater` is 1 where a > b, else 0. */
export type Binary = 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum' | 'greater'

/**
 * A function of some numbers, as a tree. What its inputs are is the affair of whoever reads it: positions in a kernel's list, or
 * values of a graph.
 */
export type Expression<Input> =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'step'; readonly value: StepNumber }
  /** The number of positions along an axis of the kernel's index space. */
  | { readonly kind: 'size'; readonly axis: number }
  | { readonly kind: 'input'; readonly input: Input }
  | { readonly kind: 'unary'; readonly op: Unary; readonly a: Expression<Input> }
  | {
      readonly kind: 'binary'
      readonly op: Binary
      readonly a: Expression<Input>
      readonly b: Expression<Input>
    }

export const constant = <I>(value: number): Expression<I> => ({ kind: 'constant', value })

const isConstant = <I>(x: Expression<I>, value: number): boolean => x.kind === 'constant' && x.value === value

export const unary = <I>(op: Unary, a: Expression<I>): Expression<I> => ({ kind: 'unary', op, a })

/** Two as one; what is multiplied by 0 or 1, or has 0 added, is left out, which derivatives are full of. */
export function binary<I>(op: Binary, a: Expression<I>, b: Expression<I>): Expression<I> {
  if (op === 'multiply') {
    if (isConstant(a, 0) || isConstant(b, 0)) return constant(0)
    if (isConstant(a, 1)) return b
    if (isConstant(b, 1)) return a
  }
  if (op === 'divide' && isConstant(a, 0)) return a
  if (op === 'divide' && isConstant(b, 1)) return a
  if ((op === 'add' || op === 'subtract') && isConstant(b, 0)) return a
  if (op === 'add' && isConstant(a, 0)) return b
  if (op === 'subtract' && isConstant(a, 0)) return unary('negative', b)
  return { kind: 'binary', op, a, b }
}

const add = <I>(a: Expression<I>, b: Expression<I>) => binary('add', a, b)
const subtract = <I>(a: Expression<I>, b: Expression<I>) => binary('subtract', a, b)
const multiply = <I>(a: Expression<I>, b: Expression<I>) => binary('multiply', a, b)
const divide = <I>(a: Expression<I>, b: Expression<I>) => binary('divide', a, b)

/** What an operation's derivative by its operand is, the operation itself being `x`. */
function slope<I>(x: Expression<I>, op: Unary, a: Expression<I>): Expression<I> {
  switch (op) {
    case 'negative':
      return constant(-1)
    case 'exp':
      return x
    case 'log':
      return divide(constant(1), a)
    case 'sqrt':
      return divide(constant(0.5), x)
    case 'softplus':
      return unary('sigmoid', a)
    case 'sigmoid':
      return multiply(x, subtract(constant(1), x))
    case 'cos':
      // minus the sine
      return unary('cos', add(a, constant(Math.PI / 2)))
  }
}

/** The derivative of an expression by one of its inputs. */
export function derivative<I>(of: Expression<I>, by: I): Expression<I> {
  // shared parts of a tree are worked out once, so that the derivative shares its parts too
  const known = new Map<Expression<I>, Expression<I>>()
  const walk = (x: Expression<I>): Expression<I> => {
    let made = known.get(x)
    if (!made) {
      made = ofOne(x)
      known.set(x, made)
    }
    return made
  }
  const ofOne = (x: Expression<I>): Expression<I> => {
    if (x.kind === 'input') return constant(x.input === by ? 1 : 0)
    if (x.kind === 'unary') {
      const inner = walk(x.a)
      return isConstant(inner, 0) ? inner : multiply(slope(x, x.op, x.a), inner)
    }
    if (x.kind !== 'binary') return constant(0)
    const [da, db] = [walk(x.a), walk(x.b)]
    if (isConstant(da, 0) && isConstant(db, 0)) return da
    switch (x.op) {
      case 'add':
        return add(da, db)
      case 'subtract':
        return subtract(da, db)
      case 'multiply':
        return add(multiply(da, x.b), multiply(x.a, db))
      case 'divide':
        return subtract(divide(da, x.b), multiply(divide(x, x.b), db))
      case 'maximum':
      case 'minimum': {
        // where both are equal the second is taken, as the kernels do
        const [low, high] = x.op === 'maximum' ? [x.b, x.a] : [x.a, x.b]
        const first = binary('greater', high, low)
        return add(multiply(first, da), multiply(subtract(constant(1), first), db))
      }
      case 'greater':
        return constant(0)
    }
  }
  return walk(of)
}

/** The inputs that an expression reads, each once, in the order in which they come. */
export function inputsOf<I>(...expressions: readonly Expression<I>[]): I[] {
  const found = new Set<I>()
  const seen = new Set<Expression<I>>()
  const walk = (x: Expression<I>): void => {
    if (seen.has(x)) return
    seen.add(x)
    if (x.kind === 'input') found.add(x.input)
    if (x.kind === 'unary') walk(x.a)
    if (x.kind === 'binary') {
      walk(x.a)
      walk(x.b)
    }
  }
  for (const x of expressions) walk(x)
  return [...found]
}

/** The same expression of other inputs; shared parts stay shared. */
export function withInputs<I, J>(of: Expression<I>, rename: (input: I) => Expression<J>): Expression<J> {
  const known = new Map<Expression<I>, Expression<J>>()
  const walk = (x: Expression<I>): Expression<J> => {
    const made = known.get(x)
    if (made) return made
    let result: Expression<J>
    if (x.kind === 'input') result = rename(x.input)
    else if (x.kind === 'unary') result = { kind: 'unary', op: x.op, a: walk(x.a) }
    else if (x.kind === 'binary') result = { kind: 'binary', op: x.op, a: walk(x.a), b: walk(x.b) }
    else result = x
    known.set(x, result)
    return result
  }
  return walk(of)
}

/** One instruction: what it computes, and the instructions whose results it takes. */
export interface Instruction {
  readonly of: Expression<number>
  readonly a: number
  readonly b: number
}

/** An expression as instructions, operands before what uses them; what is shared is computed once. The last is the result. */
export function instructionsOf(expression: Expression<number>): Instruction[] {
  const list: Instruction[] = []
  const places = new Map<Expression<number>, number>()
  const walk = (x: Expression<number>): number => {
    const known = places.get(x)
    if (known !== undefined) return known
    const a = x.kind === 'unary' || x.kind === 'binary' ? walk(x.a) : 0
    const b = x.kind === 'binary' ? walk(x.b) : 0
    list.push({ of: x, a, b })
    places.set(x, list.length - 1)
    return list.length - 1
  }
  walk(expression)
  return list
}

/** A text that is the same for expressions that compute the same in the same way; step numbers are told apart by position. */
export function expressionKey(expression: Expression<number>): string {
  const steps = stepsOf(expression).map(({ text }) => text)
  const keyOf = ({ of, a, b }: Instruction): string => {
    switch (of.kind) {
      case 'constant':
        return String(of.value)
      case 'step':
        return `s${steps.indexOf(of.value.text)}`
      case 'size':
        return `n${of.axis}`
      case 'input':
        return `x${of.input}`
      case 'unary':
        return `${of.op} ${a}`
      case 'binary':
        return `${of.op} ${a} ${b}`
    }
  }
  return instructionsOf(expression).map(keyOf).join('; ')
}

/** The step numbers of an expression, each once, in the order in which they come. */
export function stepsOf(expression: Expression<number>): StepNumber[] {
  const found = new Map<string, StepNumber>()
  for (const { of } of instructionsOf(expression)) {
    if (of.kind === 'step' && !found.has(of.value.text)) found.set(of.value.text, of.value)
  }
  return [...found.values()]
}
