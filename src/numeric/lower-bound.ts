/** How many of some ascending numbers lie below another, which is where it would stand among them. `end`: only those before it are looked at. */
export function lowerBound(ascending: ArrayLike<number>, x: number, end = ascending.length): number {
  let low = 0
  let high = end
  while (low < high) {
    const middle = (low + high) >> 1
    if (ascending[middle]! < x) low = middle + 1
    else high = middle
  }
  return low
}
