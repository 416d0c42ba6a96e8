/**
 * Runs of consecutive positions that cover those asked for, in ascending order; runs with little between them are one.
 *
 * @param n number of all positions, which is the answer where none is asked for
 * @param between what lies between the end of a run and the start of the next, in units of the file
 */
export function runsOf(
  positions: Int32Array | undefined,
  n: number,
  between: (stop: number, start: number) => number,
): [start: number, stop: number][] {
  if (positions === undefined) return n > 0 ? [[0, n]] : []
  const runs: [number, number][] = []
  for (const position of Int32Array.from(positions).sort()) {
    const last = runs.at(-1)
    if (last && between(last[1], position) <= NEAR) last[1] = position + 1
    else runs.push([position, position + 1])
  }
  return runs
}

/** Values that are sooner read and passed over than skipped: a chunk is decompressed whole. */
const NEAR = 65536
