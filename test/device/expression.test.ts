import { describe, expect, it } from 'vitest'
import { Draws } from '../../src/check/oracle/draws.js'
import { evaluate } from '../../src/check/oracle/map-reduce.js'
import {
  type Binary,
  binary,
  constant,
  derivative,
  type Expression,
  expressionKey,
  inputsOf,
  instructionsOf,
  stepsOf,
  type Unary,
  unary,
  withInputs,
} from '../../src/device/expression.js'
import { StepNumber, times } from '../../src/device/step-number.js'

type E = Expression<string>

const x = (input: string): E => ({ kind: 'input', input })
const at = (input: number): Expression<number> => ({ kind: 'input', input })
const step = (value: StepNumber): E => ({ kind: 'step', value })
const square = (a: E): E => binary('multiply', a, a)

const STEP = { beta: 0.7 }
const SIZES = [5, 3]
const NAMES = ['a', 'b', 'c']

const valueAt = (of: E, values: Readonly<Record<string, number>>) =>
  evaluate(of, { input: (name) => values[name]!, sizes: SIZES, step: STEP })

/** Holds the derivatives by each input against central differences, at seeded points. */
function expectDerivatives(of: E, low: number, high: number): void {
  const draws = new Draws(40)
  const slopes = NAMES.map((name) => derivative(of, name))
  for (let i = 0; i < 20; i++) {
    const values = Object.fromEntries(NAMES.map((name) => [name, draws.uniform(low, high)]))
    for (const [k, name] of NAMES.entries()) {
      const h = 1e-5 * Math.max(1, Math.abs(values[name]!))
      const moved = (by: number) => valueAt(of, { ...values, [name]: values[name]! + by })
      const expected = (moved(h) - moved(-h)) / (2 * h)
      const actual = valueAt(slopes[k]!, values)
      expect(Math.abs(actual - expected)).toBeLessThan(1e-6 * Math.max(1, Math.abs(expected)))
    }
  }
}

describe('derivative', () => {
  const unaries: [Unary, number, number][] = [
    ['negative', -3, 3],
    ['exp', -3, 3],
    ['log', 0.1, 5],
    ['sqrt', 0.1, 5],
    ['softplus', -10, 10],
    ['sigmoid', -10, 10],
    ['cos', -7, 7],
  ]
  it.each(unaries)('of %s', (op, low, high) => {
    expectDerivatives(unary(op, x('a')), low, high)
    expectDerivatives(unary(op, binary('multiply', x('a'), x('b'))), Math.max(low, -2), 2)
  })

  const binaries: Binary[] = ['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum', 'greater']
  it.each(binaries)('of %s', (op) => {
    expectDerivatives(binary(op, x('a'), x('b')), 0.2, 3)
    expectDerivatives(binary(op, square(x('a')), unary('exp', x('a'))), 0.2, 3)
    expectDerivatives(binary(op, x('b'), constant(1.3)), 0.2, 3)
  })

  it('of a density, with sizes and step numbers', () => {
    const scaled: E = binary('divide', square(binary('subtract', x('a'), x('b'))), unary('exp', x('c')))
    const weight: E = binary('divide', step(StepNumber.input('beta')), { kind: 'size', axis: 1 })
    expectDerivatives(binary('multiply', weight, binary('add', scaled, x('c'))), -2, 2)
    expectDerivatives(unary('log', binary('add', unary('softplus', scaled), constant(0.1))), -2, 2)
  })

  it('takes the second of two that are equal', () => {
    const [double, triple]: E[] = [2, 3].map((n, i) => binary('multiply', constant(n), x(NAMES[i]!)))
    for (const op of ['maximum', 'minimum'] as const) {
      const of = binary(op, double!, triple!)
      expect(valueAt(derivative(of, 'a'), { a: 3, b: 2 })).toBe(0)
      expect(valueAt(derivative(of, 'b'), { a: 3, b: 2 })).toBe(3)
    }
  })

  it('is the number 0 where nothing depends on the input', () => {
    const of = binary(
      'maximum',
      binary('divide', unary('cos', x('b')), x('c')),
      step(StepNumber.input('beta')),
    )
    expect(derivative(of, 'a')).toEqual(constant(0))
  })

  it('shares what the expression shares', () => {
    let of = x('a')
    for (let i = 0; i < 40; i++) of = binary('multiply', of, of)
    const slope = withInputs(derivative(of, 'a'), () => at(0))
    expect(instructionsOf(slope).length).toBeLessThan(400)
    expect(evaluate(slope, { input: () => 1 })).toBe(2 ** 40)
  })
})

describe('expressions', () => {
  const sum = binary('add', at(1), binary('multiply', at(0), at(1)))

  it('leave out what is multiplied by 0 or 1, or added as 0', () => {
    const [zero, unit] = [constant<number>(0), constant<number>(1)]
    for (const same of [
      binary('multiply', at(0), unit),
      binary('multiply', unit, at(0)),
      binary('add', at(0), zero),
      binary('add', zero, at(0)),
      binary('subtract', at(0), zero),
      binary('divide', at(0), unit),
    ])
      expect(same).toEqual(at(0))
    expect(binary('multiply', at(0), zero)).toEqual(zero)
    expect(binary('multiply', zero, at(0))).toEqual(zero)
    expect(binary('divide', zero, at(0))).toEqual(zero)
    expect(binary('subtract', zero, at(0))).toEqual(unary('negative', at(0)))
    expect(binary('divide', unit, at(0)).kind).toBe('binary')
    expect(binary('maximum', at(0), zero).kind).toBe('binary')
  })

  it('list their inputs and step numbers once, in order', () => {
    const [beta, rate] = [StepNumber.input('beta'), StepNumber.input('rate')]
    const of: Expression<number> = binary(
      'add',
      binary('multiply', sum, { kind: 'step', value: rate }),
      binary('multiply', { kind: 'step', value: beta }, { kind: 'step', value: StepNumber.input('rate') }),
    )
    expect(inputsOf(of)).toEqual([1, 0])
    expect(inputsOf(at(4), sum)).toEqual([4, 1, 0])
    expect(stepsOf(of).map(({ text }) => text)).toEqual(['rate', 'beta'])
  })

  it('become instructions, operands first, what is shared once', () => {
    const shared = unary('exp', at(0))
    const list = instructionsOf(binary('multiply', shared, binary('add', shared, at(1))))
    expect(list.map(({ of }) => ('op' in of ? of.op : of.kind))).toEqual([
      'input',
      'exp',
      'input',
      'add',
      'multiply',
    ])
    for (const [i, { of, a, b }] of list.entries()) {
      if (of.kind === 'unary' || of.kind === 'binary') expect(a).toBeLessThan(i)
      if (of.kind === 'binary') expect(b).toBeLessThan(i)
    }
    expect(list.at(-1)).toMatchObject({ a: 1, b: 3 })
  })

  it('are renamed as they are', () => {
    const renamed = withInputs(sum, (input) => binary('add', at(input + 10), constant(1)))
    const expected = binary(
      'add',
      binary('add', at(11), constant(1)),
      binary('multiply', binary('add', at(10), constant(1)), binary('add', at(11), constant(1))),
    )
    expect(renamed).toEqual(expected)
  })

  it('have a key of what they compute, whatever their step numbers are called', () => {
    const by = (value: StepNumber) => binary('multiply', sum, { kind: 'step', value })
    const [a, b] = [StepNumber.input('a'), StepNumber.input('b')]
    expect(expressionKey(by(a))).toBe(expressionKey(by(b)))
    const twice = (first: StepNumber, second: StepNumber) =>
      binary('add', by(first), { kind: 'step', value: second } as Expression<number>)
    expect(expressionKey(twice(a, b))).not.toBe(expressionKey(twice(a, a)))
    expect(expressionKey(twice(a, times(1, a) as StepNumber))).toBe(expressionKey(twice(a, b)))
    const keys = [
      sum,
      binary('add', at(0), binary('multiply', at(0), at(1))),
      binary('subtract', at(1), binary('multiply', at(0), at(1))),
      unary('exp', sum),
      unary('log', sum),
      binary('add', sum, constant(2)),
      binary('add', sum, constant(3)),
      binary('add', sum, { kind: 'size', axis: 0 } as Expression<number>),
      binary('add', sum, { kind: 'size', axis: 1 } as Expression<number>),
    ].map(expressionKey)
    expect(new Set(keys).size).toBe(keys.length)
  })
})
