/** A point of a page or a map. */
export type Point = readonly [x: number, y: number]

/** The cells within a closed line, by the even-odd rule; places are x and y of each cell in turn. */
export function cellsWithin(places: Float32Array, line: readonly Point[]): Uint32Array {
  const xs = line.map(([x]) => x)
  const ys = line.map(([, y]) => y)
  const [left, right] = [Math.min(...xs), Math.max(...xs)]
  const [bottom, top] = [Math.min(...ys), Math.max(...ys)]
  const found: number[] = []
  for (let cell = 0; cell < places.length / 2; cell++) {
    const x = places[2 * cell]!
    const y = places[2 * cell + 1]!
    if (x < left || x > right || y < bottom || y > top) continue
    let inside = false
    for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
      const [xi, yi] = line[i]!
      const [xj, yj] = line[j]!
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
    }
    if (inside) found.push(cell)
  }
  return Uint32Array.from(found)
}
