import { type CpuTensor, padded, ROW_UNIT } from '../../device/cpu/cpu-tensor.js'
import type { HostKernels } from '../../device/host-kernels.js'
import type { HostSpace } from '../../device/host-space.js'
import type { Fed } from '../../network/network.js'
import type { ScaleDecoder } from '../posterior/scale-decoder.js'

/** Scales of draws, gene by gene where kernels compare them, for all genes of a model or some of them at a time. */
export class GeneScales {
  /** Where they start in the kernels' memory. */
  readonly at: number
  /** Words from one gene to the next. */
  readonly stride: number
  readonly #host: HostKernels
  readonly #genes: number

  /** @param genes how many there is room for */
  constructor(host: HostKernels, space: HostSpace, genes: number, draws: number) {
    this.#host = host
    this.#genes = genes
    this.stride = padded(draws)
    this.at = space.room(genes * this.stride)
  }

  /** Decodes consecutive draws of all genes to where they belong. */
  async decode(decoder: ScaleDecoder, cells: Int32Array, latent: Fed, firstDraw: number): Promise<void> {
    const lots = firstDraw % ROW_UNIT === 0 ? await decoder.lots(cells, latent) : undefined
    if (lots)
      this.#host.call('decodeGenes', {
        decoder: lots,
        mean: this.at + firstDraw,
        meanWidth: this.stride,
      })
    else this.put(await decoder.decodeByGene(cells, latent), cells.length, 0, firstDraw)
  }

  /**
   * Puts in decoded scales (genes × rows) of consecutive draws.
   *
   * @param firstGene of the genes there is room for
   */
  put(mean: CpuTensor, rows: number, firstGene: number, firstDraw: number): void {
    this.#host.call('keepScales', {
      rows,
      firstGene,
      genes: Math.min(this.#genes, mean.rows - firstGene),
      mean,
      width: mean.stride,
      scales: this.at,
      stride: this.stride,
      firstPair: firstDraw,
    })
  }

  /** The largest of a gene's scales, in the draws of an order or in the first `n`. */
  largest(gene: number, n: number, order?: Int32Array): number {
    const scales = this.#host.arena.floats.subarray(
      this.at + gene * this.stride,
      this.at + (gene + 1) * this.stride,
    )
    let largest = 0
    for (let i = 0; i < n; i++) largest = Math.max(largest, scales[order ? order[i]! : i]!)
    return largest
  }
}
