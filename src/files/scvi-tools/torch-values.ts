import { PickleObject, PickleProblem, type PickleValue } from './pickle-values.js'

/** Bytes of one element of each kind of storage. */
export const STORAGE_SIZES: Readonly<Record<string, number>> = {
  DoubleStorage: 8,
  FloatStorage: 4,
  HalfStorage: 2,
  BFloat16Storage: 2,
  LongStorage: 8,
  IntStorage: 4,
  ShortStorage: 2,
  CharStorage: 1,
  ByteStorage: 1,
  BoolStorage: 1,
}

/** The numbers behind one or several tensors, as an entry of the archive. */
export class TorchStorage extends PickleObject {
  /**
   * @param kind a key of {@link STORAGE_SIZES}
   * @param read gives the entry's bytes
   */
  constructor(
    readonly kind: string,
    readonly length: number,
    readonly read: () => Uint8Array,
  ) {
    super()
  }

  override build(): void {
    throw new PickleProblem('it sets the state of a storage')
  }
}

const whole = (value: PickleValue): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** A tensor: a window of a storage. Nothing is read before its values are asked for. */
export class TorchTensor extends PickleObject {
  readonly storage: TorchStorage
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]

  /** @throws PickleProblem when the window does not lie in the storage, or has more elements than it */
  constructor(storage: PickleValue, offset: PickleValue, shape: PickleValue, strides: PickleValue) {
    super()
    if (
      !(storage instanceof TorchStorage && whole(offset) && Array.isArray(shape) && Array.isArray(strides)) ||
      shape.length !== strides.length ||
      !shape.every(whole) ||
      !strides.every(whole)
    ) {
      throw new PickleProblem('it has a tensor without a proper shape')
    }
    const elements = shape.reduce((product, n) => product * n, 1)
    const last = shape.reduce((at, n, i) => at + (n - 1) * strides[i]!, offset)
    // strides of 0 would repeat one number as often as a file likes
    if (elements > storage.length || (elements > 0 && last >= storage.length)) {
      throw new PickleProblem('it has a tensor that is larger than its storage')
    }
    this.storage = storage
    this.offset = offset
    this.shape = shape
    this.strides = strides
  }

  override build(): void {
    throw new PickleProblem('it sets the state of a tensor')
  }

  /** The values in row-major order. */
  values(): Float32Array {
    const { storage, shape, strides, offset } = this
    const bytes = storage.read()
    const size = STORAGE_SIZES[storage.kind]!
    if (bytes.length !== storage.length * size) {
      throw new PickleProblem('it has a tensor of another length than it says')
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const numbers =
      storage.kind === 'FloatStorage'
        ? (i: number) => view.getFloat32(4 * i, true)
        : storage.kind === 'DoubleStorage'
          ? (i: number) => view.getFloat64(8 * i, true)
          : undefined
    if (!numbers)
      throw new PickleProblem(`it has weights in torch.${storage.kind}, not in float32 or float64`)
    const values = new Float32Array(shape.reduce((product, n) => product * n, 1))
    const position = shape.map(() => 0)
    let at = offset
    for (let i = 0; i < values.length; i++) {
      values[i] = numbers(at)
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += strides[axis]!
        position[axis]!++
        if (position[axis]! < shape[axis]!) break
        at -= strides[axis]! * shape[axis]!
        position[axis] = 0
      }
    }
    return values
  }
}
