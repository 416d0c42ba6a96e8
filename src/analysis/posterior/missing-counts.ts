import { type CellSource, MISSING } from '../../device/device.js'
import { rowsOf } from '../../device/loaded-rows.js'

/** 1 for each count of some cells that is missing: cells × genes. */
export async function missingOf(source: CellSource, cells: Int32Array): Promise<Uint8Array> {
  const { nGenes } = source
  const missing = new Uint8Array(cells.length * nGenes)
  for (const [i, { genes, counts }] of (await rowsOf(source, cells)).entries()) {
    for (let k = 0; k < genes.length; k++) if (counts[k] === MISSING) missing[i * nGenes + genes[k]!] = 1
  }
  return missing
}
