/** ln Γ(x) for x > 0: shifted above 20, then Stirling's series. */
export function logGamma(x: number): number {
  let shift = 0
  let y = x
  while (y < 20) {
    shift += Math.log(y)
    y++
  }
  const series = 1 / (12 * y) - 1 / (360 * y ** 3) + 1 / (1260 * y ** 5) - 1 / (1680 * y ** 7)
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - shift
}

/** ψ(x) for x > 0, the derivative of {@link logGamma}. */
export function digamma(x: number): number {
  let shift = 0
  let y = x
  while (y < 20) {
    shift += 1 / y
    y++
  }
  const series = 1 / (12 * y ** 2) - 1 / (120 * y ** 4) + 1 / (252 * y ** 6) - 1 / (240 * y ** 8)
  return Math.log(y) - 1 / (2 * y) - series - shift
}

export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
}

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))
}
