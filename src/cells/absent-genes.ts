/** Which genes of a selection the data lacks: those of position −1, ascending. */
export function absentGenes(genes: Int32Array | undefined): Int32Array {
  return genes ? Int32Array.from(genes.keys()).filter((gene) => genes[gene]! < 0) : new Int32Array()
}
