import { ScvaeError } from '../../errors.js'
import { hasEntry } from '../../numeric/packed-row.js'
import type { CountsSource } from './count-sources.js'
import type { CountMatrix } from './counts.js'

/** Which counts were observed: a sparse matrix of ones. */
export class ObservedMask {
  readonly #ones: CountMatrix

  private constructor(ones: CountMatrix) {
    this.#ones = ones
  }

  /**
   * @param layer the mask as it was read, of the form of the counts
   * @throws ScvaeError `bad-input` for a value that is neither 1 nor 0
   */
  static of(layer: CountMatrix, { path, source, obsNames, varNames }: MaskOrigin): ObservedMask {
    for (let cell = 0; cell < layer.nCells; cell++) {
      const { genes, counts } = layer.row(cell)
      const odd = counts.findIndex((value) => value !== 1)
      if (odd < 0) continue
      const where = `cell "${obsNames[cell]}" and gene "${varNames[genes[odd]!]}"`
      throw new ScvaeError('bad-input', `"${path}": the mask ${source} holds ${counts[odd]} for ${where}.`, {
        hint: 'A mask is 1 where a count was observed and 0 where it is missing.',
      })
    }
    return new ObservedMask(layer)
  }

  /** Genes of a cell that were observed, ascending. */
  genesOf(cell: number): Int32Array {
    return this.#ones.row(cell).genes
  }

  has(cell: number, gene: number): boolean {
    return hasEntry(this.#ones.heldRow(cell), gene)
  }
}

/** Where a mask comes from, for errors. */
export interface MaskOrigin {
  path: string
  source: CountsSource
  obsNames: readonly string[]
  varNames: readonly string[]
}
