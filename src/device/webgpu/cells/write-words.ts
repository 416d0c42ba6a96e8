import { WORD } from '../queue/view.js'

/** Words written to a buffer at a time. */
const MOST_WORDS = 2 ** 22

export function writeWords(
  device: GPUDevice,
  buffer: GPUBuffer,
  at: number,
  words: Uint32Array<ArrayBuffer>,
): void {
  for (let from = 0; from < words.length; from += MOST_WORDS) {
    const n = Math.min(MOST_WORDS, words.length - from)
    device.queue.writeBuffer(buffer, (at + from) * WORD, words, from, n)
  }
}
