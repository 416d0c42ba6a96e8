import type { Camera } from './camera.js'
import type { Point } from './lasso.js'

/** A name that stands at a place. */
export interface MapLabel {
  name: string
  x: number
  y: number
}

export interface OverlayContent {
  labels: readonly MapLabel[]
  /** The line of a lasso that is being drawn, in pixels. */
  line: readonly Point[]
  /** Places of cells with a ring around them. */
  ringed: readonly Point[]
  /** x and y of cells that are not the run's own, in turn; NaN for one that has no place. */
  others: Float32Array
}

/** Pixels around a name that no other name may touch. */
const APART = 3
const RING = 7
/** Pixels of the side of a cell that is not the run's own. */
const OTHER = 5

/** Draws what lies over the cells: names, a lasso, rings. */
export function drawOverlay(
  canvas: HTMLCanvasElement,
  camera: Camera,
  ratio: number,
  content: OverlayContent,
): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const style = getComputedStyle(canvas)
  const [text, halo] = [style.color, style.getPropertyValue('--surface')]
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, canvas.width, canvas.height)
  drawOthers(context, camera, content.others, text, halo)
  context.strokeStyle = text
  context.lineWidth = 1.5
  for (const [x, y] of content.ringed) {
    const [px, py] = camera.pixelOf(x, y)
    context.beginPath()
    context.arc(px, py, RING, 0, 2 * Math.PI)
    context.stroke()
  }
  drawLabels(context, camera, content.labels, text, halo)
  const [first, ...rest] = content.line
  if (!first) return
  // names leave the halo's
  context.strokeStyle = text
  context.lineWidth = 1.5
  context.beginPath()
  context.moveTo(...first)
  for (const point of rest) context.lineTo(...point)
  context.closePath()
  context.setLineDash([5, 4])
  context.stroke()
  context.setLineDash([])
}

/** Squares with an edge, so that they are told from the run's own cells whatever the colours. */
function drawOthers(
  context: CanvasRenderingContext2D,
  camera: Camera,
  others: Float32Array,
  text: string,
  halo: string,
): void {
  for (const [color, side] of [
    [halo, OTHER + 2],
    [text, OTHER],
  ] as const) {
    context.fillStyle = color
    for (let i = 0; i < others.length; i += 2) {
      if (Number.isNaN(others[i]!)) continue
      const [px, py] = camera.pixelOf(others[i]!, others[i + 1]!)
      context.fillRect(px - side / 2, py - side / 2, side, side)
    }
  }
}

/** Names in turn, but for those that would lie over another. */
function drawLabels(
  context: CanvasRenderingContext2D,
  camera: Camera,
  labels: readonly MapLabel[],
  text: string,
  halo: string,
): void {
  context.font = `600 13px ${getComputedStyle(document.body).fontFamily}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  context.lineJoin = 'round'
  const drawn: { left: number; right: number; y: number }[] = []
  for (const { name, x, y } of labels) {
    const [px, py] = camera.pixelOf(x, y)
    const half = context.measureText(name).width / 2 + APART
    const box = { left: px - half, right: px + half, y: py }
    if (
      drawn.some((other) => Math.abs(other.y - py) < 16 && other.left < box.right && box.left < other.right)
    )
      continue
    drawn.push(box)
    context.strokeStyle = halo
    context.lineWidth = 4
    context.strokeText(name, px, py)
    context.fillStyle = text
    context.fillText(name, px, py)
  }
}
