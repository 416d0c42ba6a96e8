/** Bytes of a word: everything on the device is 32-bit floats or integers. */
export const WORD = 4

/** Places in a buffer start at a multiple of this many words: of 256 bytes, at which a card reads whole lines. */
const UNIT = 64

export const aligned = (words: number): number => Math.ceil(words / UNIT) * UNIT

/** A stretch of a buffer that a kernel reads or writes. */
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
}
