/** Bytes of a word: everything on the device is 32-bit floats or integers. */
export const WORD = 4

/** A binding starts at a multiple of this many words (256 bytes, the most that any adapter may ask for). */
export const VIEW_UNIT = 64

export const aligned = (words: number): number => Math.ceil(words / VIEW_UNIT) * VIEW_UNIT

/** A stretch of a buffer that a kernel binds. */
export class View {
  readonly buffer: GPUBuffer
  /** In words. */
  readonly offset: number
  readonly words: number

  constructor(buffer: GPUBuffer, offset: number, words: number) {
    this.buffer = buffer
    this.offset = offset
    this.words = words
  }

  get binding(): GPUBufferBinding {
    return { buffer: this.buffer, offset: this.offset * WORD, size: this.words * WORD }
  }
}
