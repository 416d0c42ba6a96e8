import { ScvaeError } from '../../errors.js'
import { logFactorial } from '../../numeric/special.js'
import type { CellSource } from '../device.js'
import { USAGE } from './flags.js'
import { View, WORD } from './view.js'
import { FIELD } from './wgsl/minibatch.js'

/** Words written to a buffer at a time. */
const UPLOAD_WORDS = 2 ** 22

/** A stretch of the data set's cells whose entries fit one binding. */
interface Chunk {
  firstCell: number
  entries: number
}

/**
 * The cells of a data set in the device's memory: nonzero entries row by row, in as many buffers as the largest binding asks
 * for, and the facts of every cell (`FIELD` in wgsl/minibatch.ts). Uploaded once, shared by all minibatches of the source.
 */
export class ResidentCells {
  /** Gene and count in one word: whole counts below 65,536, and as many genes. */
  readonly packed: boolean
  readonly fields: number
  readonly nCells: number
  readonly facts: View
  readonly chunks: readonly View[]
  /** Minibatches that use it. */
  users = 0
  /** Bytes of the device's memory. */
  readonly bytes: number
  readonly #device: GPUDevice

  constructor(
    device: GPUDevice,
    source: CellSource,
    bindingBytes = device.limits.maxStorageBufferBindingSize,
  ) {
    this.#device = device
    this.nCells = source.nCells
    this.fields = FIELD.covariates + source.categorical.length + source.continuous.length
    const rows = scan(source)
    this.packed = source.nGenes <= 0x10000 && rows.largest <= 0xffff && rows.whole
    const entryWords = this.packed ? 1 : 2
    const most = Math.floor(bindingBytes / WORD / entryWords)
    const facts = new Uint32Array(this.fields * source.nCells)
    const chunks = layOut(rows.lengths, most, facts, source.nCells)
    fillFacts(source, facts)
    this.facts = this.#buffer('cells', facts.length)
    this.chunks = chunks.map(({ entries }) => this.#buffer('counts', Math.max(entries, 1) * entryWords))
    this.#upload(source, chunks, rows.lengths, facts)
    this.bytes = WORD * (facts.length + this.chunks.reduce((sum, { words }) => sum + words, 0))
  }

  #buffer(label: string, words: number): View {
    const { limits } = this.#device
    const size = words * WORD
    if (size > Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize)) {
      throw new ScvaeError('no-device', `${this.nCells} cells are more than this GPU takes in one buffer.`, {
        hint: 'Use --device cpu.',
      })
    }
    const usage = USAGE.storage | USAGE.copyDestination
    return new View(this.#device.createBuffer({ label, size, usage }), 0, words)
  }

  #write(view: View, at: number, words: Uint32Array<ArrayBuffer>): void {
    for (let from = 0; from < words.length; from += UPLOAD_WORDS) {
      const n = Math.min(UPLOAD_WORDS, words.length - from)
      this.#device.queue.writeBuffer(view.buffer, (at + from) * WORD, words, from, n)
    }
  }

  #upload(
    source: CellSource,
    chunks: readonly Chunk[],
    lengths: Uint32Array,
    facts: Uint32Array<ArrayBuffer>,
  ): void {
    const step = this.packed ? 1 : 2
    let staging = new Uint32Array(UPLOAD_WORDS)
    const floats = () => new Float32Array(staging.buffer)
    for (const [c, chunk] of chunks.entries()) {
      const last = chunks[c + 1]?.firstCell ?? source.nCells
      let [at, used] = [0, 0]
      const flush = () => {
        this.#write(this.chunks[c]!, at, staging.subarray(0, used))
        at += used
        used = 0
      }
      for (let cell = chunk.firstCell; cell < last; cell++) {
        const words = lengths[cell]! * step
        if (used + words > staging.length) flush()
        if (words > staging.length) staging = new Uint32Array(words)
        const { genes, counts } = source.row(cell)
        const values = floats()
        let constant = 0
        for (let k = 0; k < genes.length; k++) {
          const count = counts[k]!
          if (count === 0) continue
          constant += logFactorial(count)
          if (this.packed) staging[used++] = genes[k]! | (count << 16)
          else {
            staging[used++] = genes[k]!
            values[used++] = count
          }
        }
        asFloats(facts)[FIELD.constant * source.nCells + cell] = constant
      }
      flush()
    }
    this.#write(this.facts, 0, facts)
  }

  release(): View[] {
    const views = [this.facts, ...this.chunks]
    for (const { buffer } of views) buffer.destroy()
    return views
  }
}

const asFloats = (words: Uint32Array): Float32Array =>
  new Float32Array(words.buffer, words.byteOffset, words.length)

/** Lengths of the rows without stored zeros, and what kind of counts there are. */
function scan(source: CellSource): { lengths: Uint32Array; largest: number; whole: boolean } {
  const lengths = new Uint32Array(source.nCells)
  let largest = 0
  let whole = true
  for (let cell = 0; cell < source.nCells; cell++) {
    const { counts } = source.row(cell)
    let n = 0
    for (let k = 0; k < counts.length; k++) {
      const count = counts[k]!
      if (count === 0) continue
      n++
      if (count > largest) largest = count
      whole &&= Number.isInteger(count) && count > 0
    }
    lengths[cell] = n
  }
  return { lengths, largest, whole }
}

/** Cuts the rows into chunks of at most so many entries, and writes each cell's place into its facts. */
function layOut(lengths: Uint32Array, most: number, facts: Uint32Array, nCells: number): Chunk[] {
  const chunks: Chunk[] = []
  let entries = 0
  for (let cell = 0; cell < nCells; cell++) {
    const n = lengths[cell]!
    if (chunks.length === 0 || entries + n > most) {
      entries = 0
      chunks.push({ firstCell: cell, entries: 0 })
    }
    facts[FIELD.chunk * nCells + cell] = chunks.length - 1
    facts[FIELD.start * nCells + cell] = entries
    entries += n
    facts[FIELD.end * nCells + cell] = entries
    chunks.at(-1)!.entries = entries
  }
  return chunks
}

function fillFacts(source: CellSource, facts: Uint32Array): void {
  const { nCells, categorical, continuous, size } = source
  const floats = asFloats(facts)
  for (let cell = 0; cell < nCells; cell++) {
    floats[FIELD.logSize * nCells + cell] = Math.log(Math.max(size[cell]!, 1e-30))
  }
  for (const [k, codes] of categorical.entries()) facts.set(codes, (FIELD.covariates + k) * nCells)
  for (const [k, values] of continuous.entries()) {
    floats.set(values, (FIELD.covariates + categorical.length + k) * nCells)
  }
}
