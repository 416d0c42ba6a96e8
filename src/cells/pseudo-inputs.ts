import type { CellSource } from '../device/device.js'
import { rowsOf } from '../device/loaded-rows.js'
import { NOISE } from '../numeric/philox.js'
import { Random } from '../numeric/random.js'

/**
 * log1p of the counts of cells drawn at random (components × genes): where the pseudo-inputs of a VampPrior start.
 *
 * @param cells those to draw from: training cells alone, since a prior that knows a held-out cell would be judged by it
 */
export async function pseudoInputs(
  source: CellSource,
  cells: Int32Array,
  components: number,
  seed: number,
): Promise<Float32Array> {
  const random = new Random(seed, NOISE.pseudoInputs)
  const drawn = Int32Array.from({ length: components }, () => cells[random.integer(cells.length)]!)
  const rows = await rowsOf(source, drawn)
  const values = new Float32Array(components * source.nGenes)
  for (const [i, { genes, counts }] of rows.entries()) {
    for (let k = 0; k < genes.length; k++) {
      // a count that is not known is zero to the encoder
      values[i * source.nGenes + genes[k]!] = Math.log1p(Math.max(0, counts[k]!))
    }
  }
  return values
}
