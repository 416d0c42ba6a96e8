import { type CellRow, type CellSource, MISSING } from '../../device/device.js'
import { rowsOf } from '../../device/loaded-rows.js'

/** The counts of two cells together; what is missing in one of them is missing. */
export function sumOfRows(a: CellRow, b: CellRow): CellRow {
  const [{ genes: genesA, counts: countsA }, { genes: genesB, counts: countsB }] = [a, b]
  const genes = new Int32Array(genesA.length + genesB.length)
  const counts = new Float32Array(genes.length)
  let [i, j, n] = [0, 0, 0]
  while (i < genesA.length || j < genesB.length) {
    const [geneA, geneB] = [genesA[i] ?? Number.POSITIVE_INFINITY, genesB[j] ?? Number.POSITIVE_INFINITY]
    const inA = geneA <= geneB ? countsA[i++]! : 0
    const inB = geneB <= geneA ? countsB[j++]! : 0
    genes[n] = Math.min(geneA, geneB)
    counts[n++] = inA === MISSING || inB === MISSING ? MISSING : inA + inB
  }
  return { genes: genes.slice(0, n), counts: counts.slice(0, n) }
}

/** Rows of some cells of a source, of which each may be named more than once, by cell. */
export async function rowsByCell(source: CellSource, cells: Iterable<number>): Promise<Map<number, CellRow>> {
  const wanted = Int32Array.from(new Set(cells))
  const rows = await rowsOf(source, wanted)
  // a packed row unpacks whenever it is asked
  return new Map(
    Array.from(rows, ({ genes, counts }, i): [number, CellRow] => [wanted[i]!, { genes, counts }]),
  )
}
