import type { CellRow } from '../device/device.js'
import { MISSING } from '../numeric/missing.js'

/** Which genes of a selection the data lacks: those of position −1, ascending. */
export function absentGenes(genes: Int32Array | undefined): Int32Array {
  return genes ? Int32Array.from(genes.keys()).filter((gene) => genes[gene]! < 0) : new Int32Array()
}

/** A cell's row with a missing count for every gene that its data lacks, so that no likelihood takes it for a zero. */
export function withAbsent({ genes, counts }: CellRow, absent: Int32Array): CellRow {
  if (absent.length === 0) return { genes, counts }
  const length = genes.length + absent.length
  const merged = { genes: new Int32Array(length), counts: new Float32Array(length) }
  let next = 0
  let missing = 0
  for (let at = 0; at < length; at++) {
    const isAbsent = next === genes.length || (missing < absent.length && absent[missing]! < genes[next]!)
    merged.genes[at] = isAbsent ? absent[missing++]! : genes[next]!
    merged.counts[at] = isAbsent ? MISSING : counts[next++]!
  }
  return merged
}
