import type { Camera } from './camera.js'
import type { Painted, Painter } from './painter.js'

/** Draws by writing the pixels of a canvas, where there is no WebGL. */
export function pixelPainter(canvas: HTMLCanvasElement, places: Float32Array): Painter {
  let painted: Painted = { colors: new Uint8Array(places.length * 2), order: new Uint32Array() }
  return {
    paint: (next) => {
      painted = next
    },
    draw: (camera: Camera, radius: number, ratio: number) => {
      const context = canvas.getContext('2d')
      if (!context) return
      const { width, height } = canvas
      const image = context.createImageData(width, height)
      const disc = discStamp(radius)
      const { colors, order } = painted
      for (const cell of order) {
        const [px, py] = camera.pixelOf(places[2 * cell]!, places[2 * cell + 1]!)
        const cx = Math.round(px * ratio)
        const cy = Math.round(py * ratio)
        for (const { dx, dy, coverage } of disc) {
          const x = cx + dx
          const y = cy + dy
          if (x < 0 || y < 0 || x >= width || y >= height) continue
          blend(image.data, (y * width + x) * 4, colors, 4 * cell, coverage)
        }
      }
      context.putImageData(image, 0, 0)
    },
  }
}

interface StampPixel {
  dx: number
  dy: number
  coverage: number
}

/** The pixels of a disc with a soft edge around (0, 0). */
function discStamp(radius: number): StampPixel[] {
  const reach = Math.ceil(radius)
  const pixels: StampPixel[] = []
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const coverage = Math.min(1, radius + 0.5 - Math.hypot(dx, dy))
      if (coverage > 0) pixels.push({ dx, dy, coverage })
    }
  }
  return pixels
}

/** Paints a colour over a pixel (source-over, straight alpha). */
function blend(
  data: Uint8ClampedArray,
  at: number,
  colors: Uint8Array,
  from: number,
  coverage: number,
): void {
  const alpha = (coverage * colors[from + 3]!) / 255
  const below = (data[at + 3]! / 255) * (1 - alpha)
  const total = alpha + below
  if (total === 0) return
  for (let c = 0; c < 3; c++) data[at + c] = (colors[from + c]! * alpha + data[at + c]! * below) / total
  data[at + 3] = total * 255
}
