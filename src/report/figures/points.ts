import type { Rgb } from '../page/palette.js'
import type { Bitmap } from './png.js'

const OPACITY = 0.9

export interface Points {
  /** x and y of each point in turn, in pixels from the upper left. */
  places: Float32Array
  radius: number
  color: (point: number) => Rgb
  /** The points from the bottom to the top. */
  order: ArrayLike<number>
}

/** Draws discs with a soft edge of one pixel on nothing. */
export function drawPoints({ places, radius, color, order }: Points, width: number, height: number): Bitmap {
  const pixels = new Uint8Array(4 * width * height)
  const reach = Math.ceil(radius + 0.5)
  for (let i = 0; i < order.length; i++) {
    const point = order[i]!
    const [x, y] = [places[2 * point]!, places[2 * point + 1]!]
    const rgb = color(point)
    for (let row = Math.max(0, Math.floor(y) - reach); row <= Math.min(height - 1, y + reach); row++) {
      for (
        let column = Math.max(0, Math.floor(x) - reach);
        column <= Math.min(width - 1, x + reach);
        column++
      ) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y)
        const opacity = OPACITY * Math.min(1, Math.max(0, radius + 0.5 - distance))
        if (opacity > 0) lay(pixels, 4 * (row * width + column), rgb, opacity)
      }
    }
  }
  return { width, height, pixels }
}

/** Lays a colour over a pixel. (Porter and Duff, 1984: over, with colours not multiplied.) */
function lay(pixels: Uint8Array, at: number, rgb: Rgb, opacity: number): void {
  const below = (pixels[at + 3]! / 255) * (1 - opacity)
  const all = opacity + below
  for (let channel = 0; channel < 3; channel++)
    pixels[at + channel] = Math.round((rgb[channel]! * opacity + pixels[at + channel]! * below) / all)
  pixels[at + 3] = Math.round(255 * all)
}
