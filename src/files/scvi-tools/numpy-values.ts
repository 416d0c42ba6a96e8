import { PickleObject, PickleProblem, type PickleValue } from './pickle-values.js'

/** A numpy dtype: kind and size (`i8`, `f4`, `U12`, `O8`). */
export class NumpyType extends PickleObject {
  #bigEndian = false

  constructor(readonly code: string) {
    super()
  }

  /** @param state version, order of bytes, and more for types of several fields */
  override build(state: PickleValue): void {
    if (!Array.isArray(state)) throw new PickleProblem('it has a numpy type without its state')
    this.#bigEndian = state[1] === '>'
  }

  /** Bytes of one element. */
  get itemSize(): number {
    const size = Number(this.code.slice(1) || 8)
    if (!Number.isInteger(size) || size < 0) throw new PickleProblem(`it has a numpy type "${this.code}"`)
    return this.code.startsWith('U') ? 4 * size : size
  }

  /** @throws PickleProblem for elements of another kind than numbers, truth values and text */
  decode(bytes: Uint8Array): (number | boolean | string)[] {
    const { code, itemSize } = this
    if (this.#bigEndian) throw new PickleProblem('it has a numpy array in big-endian order')
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const read = READERS.get(code) ?? (code.startsWith('U') ? textReader(itemSize) : undefined)
    if (!read) throw new PickleProblem(`it has a numpy array of type "${code}" where numbers or names belong`)
    if (itemSize === 0) return []
    return Array.from({ length: bytes.length / itemSize }, (_, i) => read(view, i * itemSize))
  }
}

type Reader = (view: DataView, at: number) => number | boolean | string

const READERS = new Map<string, Reader>(
  Object.entries({
    b1: (view, at) => view.getUint8(at) !== 0,
    i1: (view, at) => view.getInt8(at),
    i2: (view, at) => view.getInt16(at, true),
    i4: (view, at) => view.getInt32(at, true),
    i8: (view, at) => Number(view.getBigInt64(at, true)),
    u1: (view, at) => view.getUint8(at),
    u2: (view, at) => view.getUint16(at, true),
    u4: (view, at) => view.getUint32(at, true),
    u8: (view, at) => Number(view.getBigUint64(at, true)),
    f4: (view, at) => view.getFloat32(at, true),
    f8: (view, at) => view.getFloat64(at, true),
  }),
)

/** Text of fixed width: code points of four bytes, padded with zeros. */
const textReader =
  (width: number): Reader =>
  (view, at) => {
    let text = ''
    for (let i = at; i < at + width; i += 4) {
      const point = view.getUint32(i, true)
      if (point === 0) break
      if (point > 0x10ffff) throw new PickleProblem('it has a numpy text that is none')
      text += String.fromCodePoint(point)
    }
    return text
  }

/** A numpy array, empty until its state is set; decoded when asked for. */
export class NumpyArray extends PickleObject {
  #shape: readonly PickleValue[] = [0]
  #type: NumpyType | undefined
  #data: PickleValue = []

  /** @param state version, shape, dtype, whether columns come first, data: what numpy's pickles set */
  override build(state: PickleValue): void {
    if (!Array.isArray(state) || state.length !== 5)
      throw new PickleProblem('it has a numpy array without its state')
    const [, shape, type, , data] = state
    if (!Array.isArray(shape) || !(type instanceof NumpyType)) {
      throw new PickleProblem('it has a numpy array without its shape and type')
    }
    this.#shape = shape
    this.#type = type
    this.#data = data!
  }

  /** The elements of an array of one dimension. */
  vector(): PickleValue[] {
    const [length, ...more] = this.#shape
    if (more.length > 0) throw new PickleProblem(`it has a numpy array of ${more.length + 1} dimensions`)
    const data = this.#data
    const type = this.#type
    const values = Array.isArray(data)
      ? data
      : data instanceof Uint8Array && type
        ? this.#decode(type, data)
        : undefined
    if (values?.length !== length)
      throw new PickleProblem('it has a numpy array of another length than it says')
    return values as PickleValue[]
  }

  #decode(type: NumpyType, data: Uint8Array): PickleValue[] {
    if (data.length % Math.max(1, type.itemSize) !== 0)
      throw new PickleProblem('it has a numpy array that is cut short')
    return type.decode(data)
  }
}
