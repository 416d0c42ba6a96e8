import type { CellSource } from '../device/device.js'

/** Batches of fewer cells than this say nothing of the sizes that their cells could have. */
export const FEWEST_OF_BATCH = 3

/** A batch whose cells are all of one size would pin the library to it. */
const SMALLEST_VARIANCE = 1e-4

/**
 * Mean and variance of log library size of every batch (batches × 2), as scvi-tools sets its prior. A batch of fewer than
 * three cells has those of all cells, where scvi-tools has the variance of one or two.
 */
export function libraryPrior(source: Pick<CellSource, 'nCells' | 'categorical' | 'size'>, nBatches: number) {
  const all = new LogSizes()
  const batches = Array.from({ length: nBatches }, () => new LogSizes())
  for (let i = 0; i < source.nCells; i++) {
    const log = Math.log(source.size[i]!)
    all.add(log)
    batches[source.categorical[0]![i]!]!.add(log)
  }
  return Float32Array.from(
    batches.flatMap((batch) => (batch.n < FEWEST_OF_BATCH ? all : batch).meanAndVariance()),
  )
}

class LogSizes {
  n = 0
  #sum = 0
  #squares = 0

  add(log: number): void {
    this.n++
    this.#sum += log
    this.#squares += log * log
  }

  meanAndVariance(): [number, number] {
    const mean = this.#sum / this.n
    return [mean, Math.max(this.#squares / this.n - mean * mean, SMALLEST_VARIANCE)]
  }
}
