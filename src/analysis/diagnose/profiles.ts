import type { CellSource } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'
import type { Matrix } from '../../numeric/matrix.js'
import { withDecoders } from '../posterior/scale-decoder.js'

/**
 * Expression profiles that latents decode to: rows × genes, each row of sum 1.
 *
 * @param cells whose other covariates the rows have, one for each row of the latent
 */
export type DecodeProfiles = (cells: Int32Array, latent: Matrix) => Promise<Matrix>

/**
 * Runs work that decodes profiles of cells of a source.
 *
 * @param batch code of a batch in place of the cells' own
 */
export function withProfiles<T>(
  network: Network,
  source: CellSource,
  batch: number | undefined,
  work: (decode: DecodeProfiles) => Promise<T>,
): Promise<T> {
  return withHostKernels(network.device, (host) =>
    withDecoders(network, host, source, [batch], ([decoder]) =>
      work(async (cells, { values, rows, columns }) => {
        const { nGenes } = source
        const profiles = new Float32Array(rows * nGenes)
        for (let from = 0; from < rows; from += decoder!.capacity) {
          const end = Math.min(rows, from + decoder!.capacity)
          const part = values.slice(from * columns, end * columns)
          const { mean } = await decoder!.decode(cells.slice(from, end), part)
          for (let i = from; i < end; i++) {
            const start = mean.offset + (i - from) * mean.stride
            profiles.set(host.arena.floats.subarray(start, start + nGenes), i * nGenes)
          }
        }
        normalise(profiles, nGenes)
        return { values: profiles, rows, columns: nGenes }
      }),
    ),
  )
}

function normalise(values: Float32Array, columns: number): void {
  for (let from = 0; from < values.length; from += columns) {
    let sum = 0
    for (let g = from; g < from + columns; g++) sum += values[g]!
    if (sum > 0) for (let g = from; g < from + columns; g++) values[g]! /= sum
  }
}
