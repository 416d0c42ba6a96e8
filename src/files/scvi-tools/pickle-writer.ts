/** A numpy array of one dimension. */
export class VectorToWrite {
  /** @param values all text, all numbers or all truth values; whole numbers become int64 */
  constructor(readonly values: readonly string[] | readonly number[] | readonly boolean[]) {}
}

/** A tensor whose numbers are an entry of the archive beside the pickle. */
export class TensorToWrite {
  constructor(
    readonly storage: 'FloatStorage' | 'LongStorage',
    readonly key: string,
    readonly shape: readonly number[],
  ) {}
}

/** What {@link writePickle} writes: arrays become lists, records dicts. */
export type PickleTree =
  | null
  | boolean
  | number
  | string
  | readonly PickleTree[]
  | { readonly [key: string]: PickleTree }
  | ReadonlyMap<string, PickleTree>
  | VectorToWrite
  | TensorToWrite

/** Writes plain data, numpy arrays and PyTorch tensors as a pickle of protocol 3. */
export function writePickle(tree: PickleTree): Uint8Array {
  const writer = new PickleWriter()
  writer.value(tree)
  return writer.finish()
}

const LARGEST_INT32 = 2 ** 31 - 1
/** Python's version of the state of an array and of a type. */
const ARRAY_STATE = 1
const TYPE_STATE = 3

class PickleWriter {
  readonly #parts: Uint8Array[] = [Uint8Array.of(0x80, 3)]

  finish(): Uint8Array {
    this.#code('.')
    return Buffer.concat(this.#parts)
  }

  value(tree: PickleTree): void {
    if (tree === null) this.#code('N')
    else if (typeof tree === 'boolean') this.#code(tree ? '\x88' : '\x89')
    else if (typeof tree === 'number') this.#number(tree)
    else if (typeof tree === 'string') this.#text(tree)
    else if (tree instanceof VectorToWrite) this.#vector(tree.values)
    else if (tree instanceof TensorToWrite) this.#tensor(tree)
    else if (Array.isArray(tree)) this.#list(tree)
    else this.#dict(tree instanceof Map ? tree : Object.entries(tree as Record<string, PickleTree>))
  }

  #list(items: readonly PickleTree[]): void {
    this.#code(']', '(')
    for (const item of items) this.value(item)
    this.#code('e')
  }

  #dict(entries: Iterable<[string, PickleTree]>): void {
    this.#code('}', '(')
    for (const [key, item] of entries) {
      this.#text(key)
      this.value(item)
    }
    this.#code('u')
  }

  #tuple(...items: PickleTree[]): void {
    this.#code('(')
    for (const item of items) this.value(item)
    this.#code('t')
  }

  #number(value: number): void {
    if (Number.isInteger(value) && Math.abs(value) <= LARGEST_INT32) {
      this.#bytes('J', 4, (view) => view.setInt32(0, value, true))
    } else {
      this.#bytes('G', 8, (view) => view.setFloat64(0, value))
    }
  }

  #text(value: string): void {
    const bytes = new TextEncoder().encode(value)
    this.#bytes('X', 4, (view) => view.setUint32(0, bytes.length, true))
    this.#parts.push(bytes)
  }

  #raw(bytes: Uint8Array): void {
    this.#bytes('B', 4, (view) => view.setUint32(0, bytes.length, true))
    this.#parts.push(bytes)
  }

  #global(module: string, name: string): void {
    this.#parts.push(new TextEncoder().encode(`c${module}\n${name}\n`))
  }

  /** As numpy pickles arrays: an empty one, then its state (version, shape, type, order, data). */
  #vector(values: VectorToWrite['values']): void {
    // the module's name before numpy 2, which later versions still know
    this.#global('numpy.core.multiarray', '_reconstruct')
    this.#code('(')
    this.#global('numpy', 'ndarray')
    this.#tuple(0)
    this.#raw(Uint8Array.of(0x62))
    this.#code('t', 'R', '(')
    this.value(ARRAY_STATE)
    this.#tuple(values.length)
    const { type, bytes } = encodeVector(values)
    this.#type(type)
    this.value(false)
    if (bytes) this.#raw(bytes)
    else this.#list(values)
    this.#code('t', 'b')
  }

  #type(code: string): void {
    this.#global('numpy', 'dtype')
    this.#tuple(code, false, true)
    this.#code('R')
    const hasOrder = code !== 'O8' && code !== 'b1'
    this.#tuple(TYPE_STATE, hasOrder ? '<' : '|', null, null, null, -1, -1, code === 'O8' ? 63 : 0)
    this.#code('b')
  }

  /** As PyTorch pickles tensors: a call with the storage, which is outside the pickle, and the window on it. */
  #tensor({ storage, key, shape }: TensorToWrite): void {
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, n) => product * n, 1))
    this.#global('torch._utils', '_rebuild_tensor_v2')
    this.#code('(', '(')
    this.#text('storage')
    this.#global('torch', storage)
    this.#text(key)
    this.#text('cpu')
    this.#number(shape.reduce((product, n) => product * n, 1))
    this.#code('t', 'Q')
    this.#number(0)
    this.#tuple(...shape)
    this.#tuple(...strides)
    this.#code('\x89')
    this.#global('collections', 'OrderedDict')
    this.#code(')', 'R', 't', 'R')
  }

  #code(...letters: string[]): void {
    this.#parts.push(Uint8Array.from(letters, (letter) => letter.charCodeAt(0)))
  }

  #bytes(letter: string, size: number, fill: (view: DataView) => void): void {
    const bytes = new Uint8Array(1 + size)
    bytes[0] = letter.charCodeAt(0)
    fill(new DataView(bytes.buffer, 1))
    this.#parts.push(bytes)
  }
}

/** Numpy's code of the type, and the bytes; none for text, which is kept as objects. */
function encodeVector(values: VectorToWrite['values']): { type: string; bytes?: Uint8Array } {
  if (values.some((value) => typeof value === 'string')) return { type: 'O8' }
  if (typeof values[0] === 'boolean') return { type: 'b1', bytes: Uint8Array.from(values, Number) }
  const numbers = Array.from(values, Number)
  const isWhole = numbers.every((value) => Number.isSafeInteger(value))
  const array = isWhole ? BigInt64Array.from(numbers, BigInt) : Float64Array.from(numbers)
  return { type: isWhole ? 'i8' : 'f8', bytes: new Uint8Array(array.buffer) }
}
