import type { Tile } from './wgsl/product.js'

/** Cuts from small to large: large ones read less, small ones keep more of a card busy on small products. */
export const TILES: readonly Tile[] = [
  { m: 32, n: 32, k: 16, rows: 4, columns: 4 },
  { m: 64, n: 64, k: 16, rows: 4, columns: 4 },
  { m: 128, n: 64, k: 16, rows: 8, columns: 4 },
  { m: 128, n: 128, k: 8, rows: 8, columns: 8 },
]

/** Workgroups that keep a large card busy. */
const ENOUGH = 128

export const groupsOf = (tile: Tile, m: number, n: number): number =>
  Math.ceil(m / tile.m) * Math.ceil(n / tile.n)

/** The largest cut that still makes enough workgroups, else the smallest. */
export function pickTile(m: number, n: number): Tile {
  for (let i = TILES.length - 1; i > 0; i--) {
    if (groupsOf(TILES[i]!, m, n) >= ENOUGH) return TILES[i]!
  }
  return TILES[0]!
}

/** Into how many parts the summands of a product with a small result are split, and how many each has. */
export function splitSum(tile: Tile, m: number, n: number, k: number): { splits: number; kSplit: number } {
  const wanted = Math.max(1, Math.floor(ENOUGH / groupsOf(tile, m, n)))
  const kSplit = Math.ceil(Math.max(k / wanted, 64) / tile.k) * tile.k
  return { splits: Math.ceil(k / kSplit), kSplit }
}
