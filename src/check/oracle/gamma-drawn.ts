import { NOISE, philox4x32, uniform } from '../../numeric/philox.js'

/** Uniforms of one gene's draw, four from each step of the generator. */
function uniformsOf(seed: number, row: number, gene: number): () => number {
  const words = new Uint32Array(4)
  let used = 4
  let step = 0
  return () => {
    if (used === 4) {
      philox4x32([gene, row, step++, 0], [seed, NOISE.gammas], words)
      used = 0
    }
    return uniform(words[used++]!)
  }
}

/** A gamma of rate 1 in float64, from the random words of a row and a gene (Marsaglia and Tsang 2000). */
export function gammaAt(seed: number, row: number, gene: number, theta: number): number {
  const next = uniformsOf(seed, row, gene)
  const normal = (): number => {
    const [u, v] = [2 * next() - 1, 2 * next() - 1]
    const r = u * u + v * v
    return r < 1 && r > 0 ? u * Math.sqrt((-2 * Math.log(r)) / r) : normal()
  }
  const boost = theta < 1 ? Math.exp(Math.log(next()) / theta) : 1
  const d = (theta < 1 ? theta + 1 : theta) - 1 / 3
  for (;;) {
    const x = normal()
    const root = 1 + x / Math.sqrt(9 * d)
    if (root <= 0) continue
    const v = root ** 3
    if (Math.log(next()) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v * boost
  }
}
