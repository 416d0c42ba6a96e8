import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { TunedProduct } from './tiles.js'

/** Where measurements of a card are kept between runs. */
export interface TileStore {
  read(): TunedProduct[]
  add(products: readonly TunedProduct[]): void
}

/** Where the system keeps what can be made anew. */
function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env
  if (XDG_CACHE_HOME) return XDG_CACHE_HOME
  if (process.platform === 'win32' && LOCALAPPDATA) return LOCALAPPDATA
  return join(homedir(), process.platform === 'darwin' ? 'Library/Caches' : '.cache')
}

/**
 * A file in the user's cache, for all cards: `scvae/tiles.json`. It saves time, no more: one that cannot be read counts as empty
 * and one that cannot be written is left.
 *
 * @param card its name and driver, and the version whose kernels were measured
 */
export function fileTileStore(card: string, folder = join(cacheFolder(), 'scvae')): TileStore {
  const path = join(folder, 'tiles.json')
  const all = (): Record<string, TunedProduct[]> => {
    try {
      const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
      return typeof value === 'object' && value !== null ? (value as Record<string, TunedProduct[]>) : {}
    } catch {
      return {}
    }
  }
  const read = () => {
    const products = all()[card]
    return Array.isArray(products) ? products : []
  }
  return {
    read,
    add: (products) => {
      const beside = `${path}.${process.pid}`
      try {
        mkdirSync(folder, { recursive: true })
        writeFileSync(beside, `${JSON.stringify({ ...all(), [card]: [...read(), ...products] }, null, 1)}\n`)
        renameSync(beside, path)
      } catch {
        // measured again next time
      }
    },
  }
}
