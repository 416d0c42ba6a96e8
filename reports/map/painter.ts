import type { Camera } from './camera.js'

/** Cells ready to be drawn. */
export interface Painted {
  /** Red, green, blue and opacity of each cell. */
  colors: Uint8Array
  /** The cells from the bottom to the top. */
  order: Uint32Array
}

/** Draws the cells on a canvas. */
export interface Painter {
  /** Takes other colours; they are seen with the next drawing. */
  paint(painted: Painted): void
  /** @param radius of a cell, in pixels of the canvas; @param ratio pixels of the canvas to a pixel of the page */
  draw(camera: Camera, radius: number, ratio: number): void
}

/** Levels of the drawing order. */
const LEVELS = 256

/**
 * Cells from the bottom to the top by layer (0 to 1, negative at the bottom), in each layer in the order given: that of the file would have the
 * last batch hide the others.
 */
export function drawingOrder(shuffled: Uint32Array, layer: (cell: number) => number): Uint32Array {
  const n = shuffled.length
  const level = new Uint16Array(n)
  const starts = new Uint32Array(LEVELS + 2)
  for (let cell = 0; cell < n; cell++) {
    const at = layer(cell)
    level[cell] = at < 0 ? 0 : 1 + Math.round(Math.min(1, at) * (LEVELS - 1))
    starts[level[cell]! + 1]!++
  }
  for (let i = 0; i <= LEVELS; i++) starts[i + 1]! += starts[i]!
  const order = new Uint32Array(n)
  for (const cell of shuffled) order[starts[level[cell]!]!++] = cell
  return order
}

/** A fixed shuffle of so many cells. */
export function shuffledOrder(n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  let state = 1
  for (let i = n - 1; i > 0; i--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const j = Math.floor((state / 2 ** 32) * (i + 1))
    const kept = order[i]!
    order[i] = order[j]!
    order[j] = kept
  }
  return order
}
