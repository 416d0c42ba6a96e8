import type { CellSource } from '../device/device.js'
import { rowsOf } from '../device/loaded-rows.js'
import { NOISE } from '../numeric/philox.js'
import { Random } from '../numeric/random.js'

/** log1p of the counts of cells drawn at random (components × genes): where the pseudo-inputs of a VampPrior start. */
export async function pseudoInputs(
  source: CellSource,
  components: number,
  seed: number,
): Promise<Float32Array> {
  const random = new Random(seed, NOISE.pseudoInputs)
  const cells = Int32Array.from({ length: components }, () => random.integer(source.nCells))
  const rows = await rowsOf(source, cells)
  const values = new Float32Array(components * source.nGenes)
  for (const [i, { genes, counts }] of rows.entries()) {
    for (let k = 0; k < genes.length; k++) {
      values[i * source.nGenes + genes[k]!] = Math.log1p(Math.max(0, counts[k]!))
    }
  }
  return values
}
