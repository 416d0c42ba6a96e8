import { ScvaeError } from '../../errors.js'
import { pickleGlobal } from './pickle-globals.js'
import {
  ByteBudget,
  PickleDict,
  PickleGlobal,
  PickleObject,
  PickleProblem,
  type PickleValue,
} from './pickle-values.js'

export interface PickleOptions {
  /** Named in errors. */
  path: string
  /** What stands for an object that is kept outside the pickle. */
  persistent?: (id: PickleValue) => PickleValue
}

/** Bytes that a pickle may have made beyond its own length. */
const SPARE_BYTES = 1 << 20
/** Longest whole number, in bytes: numpy's random states have such, models have not. */
const LONGEST_INTEGER = 4096

/**
 * Reads a pickle as data. A pickle is a program for a machine with a stack; this one knows no Python object but those of
 * `pickle-globals.ts`, and for each of them makes plain data. Nothing that a file names is ever looked up, imported or called.
 *
 * @throws ScvaeError (bad-input) for a name that is not in that list, and for a pickle that is damaged or cut short
 */
export function readPickle(bytes: Uint8Array, options: PickleOptions): PickleValue {
  return namingFile(options.path, () => new PickleMachine(bytes, options).run())
}

/** Runs something on a pickle's contents; a problem with them is told with the file's name. */
export function namingFile<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (!(cause instanceof PickleProblem)) throw cause
    throw new ScvaeError('bad-input', `"${path}" cannot be read: ${cause.message}.`, { cause })
  }
}

class PickleMachine {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #options: PickleOptions
  readonly #budget: ByteBudget
  readonly #memo = new Map<number, PickleValue>()
  /** Lengths of the stack at its marks. */
  readonly #marks: number[] = []
  #stack: PickleValue[] = []
  #at = 0

  constructor(bytes: Uint8Array, options: PickleOptions) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#options = options
    this.#budget = new ByteBudget(bytes.length + SPARE_BYTES)
  }

  run(): PickleValue {
    for (;;) {
      const opcode = this.#byte()
      if (opcode === STOP) return this.#pop()
      const step = STEPS.get(opcode)
      if (!step) {
        const name = opcode.toString(16).padStart(2, '0')
        throw new PickleProblem(`it has the instruction 0x${name}, which no saved model has`)
      }
      step(this)
    }
  }

  push(value: PickleValue): void {
    this.#stack.push(value)
  }

  pop(): PickleValue {
    return this.#pop()
  }

  top(): PickleValue {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw new PickleProblem('its stack is empty')
    return this.#stack.at(-1)!
  }

  mark(): void {
    this.#marks.push(this.#stack.length)
  }

  /** Everything above the last mark, which goes. */
  popToMark(): PickleValue[] {
    const mark = this.#marks.pop()
    if (mark === undefined) throw new PickleProblem('it has no mark where one belongs')
    return this.#stack.splice(mark)
  }

  /** POP takes the mark itself when nothing is above it. */
  discard(): void {
    if (this.#marks.at(-1) === this.#stack.length) this.#marks.pop()
    else this.#pop()
  }

  memoize(index: number = this.#memo.size): void {
    this.#memo.set(index, this.top())
  }

  recall(index: number): void {
    const value = this.#memo.get(index)
    if (value === undefined) throw new PickleProblem('it recalls what it never had')
    this.push(value)
  }

  global(module: PickleValue, name: PickleValue): PickleGlobal {
    const found = typeof module === 'string' && typeof name === 'string' && pickleGlobal(module, name)
    if (found) return found
    const what = [module, name].map((part) => (typeof part === 'string' ? printable(part) : '?')).join('.')
    throw new ScvaeError(
      'bad-input',
      `"${this.#options.path}" names the Python object ${what}, which no model needs: the file is refused.`,
      { hint: 'Nothing of it was run. Do not load it in Python unless you know who made it.' },
    )
  }

  make(callee: PickleValue, args: PickleValue): void {
    if (!(callee instanceof PickleGlobal)) throw new PickleProblem('it calls what is no function')
    if (!Array.isArray(args)) throw new PickleProblem(`it calls ${callee.name} without arguments`)
    this.push(callee.make(args, this.#budget))
  }

  build(state: PickleValue): void {
    const value = this.top()
    if (value instanceof PickleObject) value.build(state)
    // an ordered dict's own attributes (PyTorch's _metadata) say nothing about the weights
    else if (!(value instanceof PickleDict)) throw new PickleProblem('it sets the state of plain data')
  }

  persistent(): void {
    const { persistent } = this.#options
    if (!persistent) throw new PickleProblem('it refers to data outside itself')
    this.push(persistent(this.#pop()))
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.top()
    if (!(dict instanceof PickleDict) || items.length % 2 !== 0)
      throw new PickleProblem('it fills what is no dict')
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!)
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top()
    if (!Array.isArray(list)) throw new PickleProblem('it appends to what is no list')
    for (const item of items) list.push(item)
  }

  /** The next bytes, as a view of the pickle: a length that lies is found before anything is made of it. */
  take(length: number | bigint): Uint8Array {
    if (length > this.#bytes.length - this.#at)
      throw new PickleProblem('it is cut short, or states a wrong length')
    const start = this.#at
    this.#at += Number(length)
    return this.#bytes.subarray(start, this.#at)
  }

  /** A little-endian unsigned number of 1, 2, 4 or 8 bytes. */
  size(bytes: 1 | 2 | 4 | 8): number {
    const at = this.#at
    this.take(bytes)
    if (bytes === 1) return this.#view.getUint8(at)
    if (bytes === 2) return this.#view.getUint16(at, true)
    if (bytes === 4) return this.#view.getUint32(at, true)
    return Number(this.#view.getBigUint64(at, true))
  }

  int32(): number {
    const at = this.#at
    this.take(4)
    return this.#view.getInt32(at, true)
  }

  /** The one big-endian thing of a pickle. */
  float64(): number {
    const at = this.#at
    this.take(8)
    return this.#view.getFloat64(at)
  }

  /** A two's complement number of any length. */
  integer(length: number): number | bigint {
    if (length > LONGEST_INTEGER) throw new PickleProblem(`it has a whole number of ${length} bytes`)
    const bytes = this.take(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!)
    value = BigInt.asIntN(8 * length, value)
    const small = Number(value)
    return Number.isSafeInteger(small) ? small : value
  }

  line(): string {
    const end = this.#bytes.indexOf(10, this.#at)
    if (end < 0) throw new PickleProblem('it is cut short')
    const line = utf8(this.take(end - this.#at))
    this.#at++
    return line
  }

  #byte(): number {
    return this.take(1)[0]!
  }

  #pop(): PickleValue {
    this.top()
    return this.#stack.pop()!
  }
}

/** Names come from the file: nothing of them may steer a terminal. */
const printable = (text: string) => text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?')

const utf8 = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** A number of the text forms, INT and LONG; `I01` is Python 1's true. */
function parseInteger(line: string): PickleValue {
  if (line === '00' || line === '01') return line === '01'
  if (!/^[+-]?\d{1,300}L?$/.test(line)) throw new PickleProblem('it has a whole number that is none')
  const value = BigInt(line.replace('L', ''))
  const small = Number(value)
  return Number.isSafeInteger(small) ? small : value
}

function parseFloat64(line: string): number {
  const value = Number(line)
  if (line === '' || Number.isNaN(value)) throw new PickleProblem('it has a number that is none')
  return value
}

function dictOf(items: readonly PickleValue[]): PickleDict {
  const dict = new PickleDict()
  for (let i = 0; i + 1 < items.length; i += 2) dict.set(items[i]!, items[i + 1]!)
  return dict
}

const STOP = 0x2e

type Step = (machine: PickleMachine) => void

/** What each instruction does, by its code; the letters are those of Python's `pickletools`. */
const STEPS = new Map<number, Step>(
  (
    [
      ['\x80', (m) => void m.take(1)], // PROTO
      ['\x95', (m) => void m.take(8)], // FRAME
      ['(', (m) => m.mark()],
      ['0', (m) => m.discard()],
      ['1', (m) => void m.popToMark()],
      ['2', (m) => m.push(m.top())],

      ['N', (m) => m.push(null)],
      ['\x88', (m) => m.push(true)],
      ['\x89', (m) => m.push(false)],
      ['I', (m) => m.push(parseInteger(m.line()))],
      ['L', (m) => m.push(parseInteger(m.line()))],
      ['J', (m) => m.push(m.int32())],
      ['K', (m) => m.push(m.size(1))],
      ['M', (m) => m.push(m.size(2))],
      ['\x8a', (m) => m.push(m.integer(m.size(1)))], // LONG1
      ['\x8b', (m) => m.push(m.integer(m.size(4)))], // LONG4
      ['F', (m) => m.push(parseFloat64(m.line()))],
      ['G', (m) => m.push(m.float64())],

      ['V', (m) => m.push(m.line())],
      ['\x8c', (m) => m.push(utf8(m.take(m.size(1))))], // SHORT_BINUNICODE
      ['X', (m) => m.push(utf8(m.take(m.size(4))))],
      ['\x8d', (m) => m.push(utf8(m.take(m.size(8))))], // BINUNICODE8
      ['C', (m) => m.push(m.take(m.size(1)))],
      ['B', (m) => m.push(m.take(m.size(4)))],
      ['\x8e', (m) => m.push(m.take(m.size(8)))], // BINBYTES8
      ['\x96', (m) => m.push(m.take(m.size(8)))], // BYTEARRAY8

      [']', (m) => m.push([])],
      [')', (m) => m.push([])],
      ['l', (m) => m.push(m.popToMark())],
      ['t', (m) => m.push(m.popToMark())],
      ['\x85', (m) => m.push([m.pop()])], // TUPLE1
      ['\x86', (m) => m.push([m.pop(), m.pop()].reverse())], // TUPLE2
      ['\x87', (m) => m.push([m.pop(), m.pop(), m.pop()].reverse())], // TUPLE3
      ['a', (m) => appendOne(m)],
      ['e', (m) => appendMany(m)],
      ['}', (m) => m.push(new PickleDict())],
      ['d', (m) => m.push(dictOf(m.popToMark()))],
      ['s', (m) => setOne(m)],
      ['u', (m) => setMany(m)],
      ['\x8f', (m) => m.push([])], // EMPTY_SET
      ['\x90', (m) => appendMany(m)], // ADDITEMS
      ['\x91', (m) => m.push(m.popToMark())], // FROZENSET

      ['g', (m) => m.recall(Number(m.line()))],
      ['h', (m) => m.recall(m.size(1))],
      ['j', (m) => m.recall(m.size(4))],
      ['p', (m) => m.memoize(Number(m.line()))],
      ['q', (m) => m.memoize(m.size(1))],
      ['r', (m) => m.memoize(m.size(4))],
      ['\x94', (m) => m.memoize()],

      ['c', (m) => m.push(m.global(m.line(), m.line()))],
      ['\x93', (m) => stackGlobal(m)],
      ['R', (m) => callTwo(m)],
      ['\x81', (m) => callTwo(m)], // NEWOBJ
      ['\x92', (m) => callThree(m)], // NEWOBJ_EX
      ['i', (m) => callInstance(m)],
      ['o', (m) => callObject(m)],
      ['b', (m) => m.build(m.pop())],
      ['Q', (m) => m.persistent()],
    ] satisfies [string, Step][]
  ).map(([letter, step]) => [letter.charCodeAt(0), step]),
)

function appendOne(machine: PickleMachine): void {
  const item = machine.pop()
  machine.append([item])
}

function appendMany(machine: PickleMachine): void {
  const items = machine.popToMark()
  machine.append(items)
}

function setOne(machine: PickleMachine): void {
  const value = machine.pop()
  const key = machine.pop()
  machine.setItems([key, value])
}

function setMany(machine: PickleMachine): void {
  const items = machine.popToMark()
  machine.setItems(items)
}

function stackGlobal(machine: PickleMachine): void {
  const name = machine.pop()
  const module = machine.pop()
  machine.push(machine.global(module, name))
}

/** REDUCE and NEWOBJ: a callable and its arguments. */
function callTwo(machine: PickleMachine): void {
  const args = machine.pop()
  const callee = machine.pop()
  machine.make(callee, args)
}

/** NEWOBJ_EX: a class, its arguments, its keyword arguments. */
function callThree(machine: PickleMachine): void {
  machine.pop()
  callTwo(machine)
}

/** INST: the class in two lines, its arguments above the mark. */
function callInstance(machine: PickleMachine): void {
  const callee = machine.global(machine.line(), machine.line())
  machine.make(callee, machine.popToMark())
}

/** OBJ: the class and its arguments above the mark. */
function callObject(machine: PickleMachine): void {
  const [callee = null, ...args] = machine.popToMark()
  machine.make(callee, args)
}
