import { type Tile, tileName } from '../wgsl/product.js'

/** Cuts from small to large: large ones read less, small ones keep more of a card busy on small products. */
export const TILES: readonly Tile[] = [
  { m: 32, n: 32, k: 16, rows: 4, columns: 4 },
  { m: 64, n: 64, k: 16, rows: 4, columns: 4 },
  { m: 128, n: 64, k: 16, rows: 8, columns: 4 },
  { m: 128, n: 128, k: 8, rows: 8, columns: 8 },
]

/** Workgroups that keep a large card busy. */
const ENOUGH = 128

/** Workgroups into which sums are split: many more, since each of them waits for memory most of its time. */
const ENOUGH_SPLITS = 512

/** A multiple of every cut's k. */
const K_UNIT = 16

const groupsOf = (tile: Tile, m: number, n: number): number => Math.ceil(m / tile.m) * Math.ceil(n / tile.n)

/** The largest cut that still makes enough workgroups, else the smallest. */
export function pickTile(m: number, n: number): Tile {
  for (let i = TILES.length - 1; i > 0; i--) {
    if (groupsOf(TILES[i]!, m, n) >= ENOUGH) return TILES[i]!
  }
  return TILES[0]!
}

/**
 * Into how many parts the summands of a product with a small result are split, and how many each has. The cut that is taken
 * has no say: the order of a sum, and so its rounding, does not depend on what was measured.
 */
export function splitSum(m: number, n: number, k: number): { splits: number; kSplit: number } {
  const wanted = Math.max(1, Math.floor(ENOUGH_SPLITS / groupsOf(pickTile(m, n), m, n)))
  const kSplit = Math.ceil(Math.max(k / wanted, 64) / K_UNIT) * K_UNIT
  return { splits: Math.ceil(k / kSplit), kSplit }
}

/** Products that are cut by {@link Tiles}, by how they read their operands. */
export type ProductKind = 'product' | 'transposed product' | 'weight gradient'

/** A product's shape: m × k times k × n. */
export interface ProductShape {
  kind: ProductKind
  m: number
  n: number
  k: number
}

/** The cut, by its name, that a measurement found fastest. */
export type TunedProduct = ProductShape & { tile: string }

/** Sizes that may share a measurement: a layer with a few rows more. */
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 0.1 * b

/** Which cut a product takes: what was measured on this card, else a rule. Results do not depend on it, bit for bit. */
export class Tiles {
  #tuned: (ProductShape & { tile: Tile })[] = []

  pick(kind: ProductKind, m: number, n: number, k: number): Tile {
    return this.#find(kind, m, n, k) ?? pickTile(m, n)
  }

  has({ kind, m, n, k }: ProductShape): boolean {
    return this.#find(kind, m, n, k) !== undefined
  }

  #find(kind: ProductKind, m: number, n: number, k: number): Tile | undefined {
    for (const tuned of this.#tuned) {
      if (tuned.kind === kind && near(m, tuned.m) && near(n, tuned.n) && near(k, tuned.k)) return tuned.tile
    }
    return undefined
  }

  /** Takes measurements, those of other versions left out whose cuts are no more. */
  learn(products: readonly TunedProduct[]): void {
    for (const { kind, m, n, k, tile: name } of products) {
      const tile = TILES.find((one) => tileName(one) === name)
      if (tile && !this.has({ kind, m, n, k })) this.#tuned.push({ kind, m, n, k, tile })
    }
  }
}
