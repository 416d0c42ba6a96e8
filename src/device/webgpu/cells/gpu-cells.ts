import { ScvaeError } from '../../../errors.js'
import type { CellSource } from '../../device.js'
import { bufferIfRoom } from '../queue/buffer-if-room.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { View, WORD } from '../queue/view.js'
import type { GpuCounts } from './gpu-counts.js'
import { cellFacts, factFields } from './row-facts.js'
import { writeWords } from './write-words.js'

/** Bytes of the facts of a data set's cells. */
export const factBytes = (source: CellSource): number => factFields(source) * source.nCells * WORD

/**
 * The cells of a data set as the GPU knows them, shared by all minibatches of the source: the facts of every cell (`FIELD` in
 * wgsl/minibatch.ts), and the counts that they are made of.
 */
export class GpuCells {
  readonly counts: GpuCounts
  readonly nCells: number
  readonly fields: number
  readonly facts: View

  /** @throws ScvaeError (no-device) when the facts find no room. */
  static async make(
    { device, largestBuffer }: KernelContext,
    source: CellSource,
    counts: GpuCounts,
  ): Promise<GpuCells> {
    const bytes = factBytes(source)
    if (bytes > largestBuffer) {
      throw new ScvaeError(
        'no-device',
        `${source.nCells} cells are more than this GPU takes in one buffer.`,
        { hint: 'Use --device cpu.' },
      )
    }
    const facts = await bufferIfRoom(device, 'cells', bytes)
    if (!facts) {
      throw new ScvaeError('no-device', 'The GPU ran out of memory.', { hint: 'Use --device cpu.' })
    }
    writeWords(device, facts, 0, cellFacts(source, counts.rows, counts.stays))
    return new GpuCells(source, counts, facts)
  }

  private constructor(source: CellSource, counts: GpuCounts, facts: GPUBuffer) {
    this.counts = counts
    this.nCells = source.nCells
    this.fields = factFields(source)
    this.facts = new View(facts, 0, facts.size / WORD)
  }
}
