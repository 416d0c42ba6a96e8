import type { Camera } from './camera.js'
import { KeptPicture } from './kept-picture.js'
import type { Painted, Painter } from './painter.js'

const VERTEX = `#version 300 es
in vec2 place;
in vec4 color;
uniform vec2 factor;
uniform vec2 offset;
uniform float size;
out vec4 tint;
void main() {
  gl_Position = vec4(place * factor + offset, 0.0, 1.0);
  gl_PointSize = size + 1.0;
  tint = color;
}`

// a disc with a soft edge of one pixel; colours are multiplied by their opacity
const FRAGMENT = `#version 300 es
precision highp float;
in vec4 tint;
uniform float size;
out vec4 pixel;
void main() {
  float distance = length(gl_PointCoord - 0.5) * (size + 1.0);
  float opacity = tint.a * clamp(0.5 * size + 0.5 - distance, 0.0, 1.0);
  pixel = vec4(tint.rgb * opacity, opacity);
}`

/** Draws with WebGL 2; undefined where there is none. */
export function glPainter(canvas: HTMLCanvasElement, places: Float32Array): Painter | undefined {
  // kept after drawing, so that the page can be printed
  const gl = canvas.getContext('webgl2', { antialias: false, depth: false, preserveDrawingBuffer: true })
  if (!gl) return undefined
  const program = link(gl)
  const n = places.length / 2
  const buffer = (name: string, size: number, type: number) => {
    const made = gl.createBuffer()
    const at = gl.getAttribLocation(program, name)
    gl.bindBuffer(gl.ARRAY_BUFFER, made)
    gl.enableVertexAttribArray(at)
    gl.vertexAttribPointer(at, size, type, type === gl.UNSIGNED_BYTE, 0, 0)
    return made
  }
  buffer('place', 2, gl.FLOAT)
  gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW)
  const colors = buffer('color', 4, gl.UNSIGNED_BYTE)
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer())
  const uniform = (name: string) => gl.getUniformLocation(program, name)
  const [factor, offset, size] = [uniform('factor'), uniform('offset'), uniform('size')]
  gl.useProgram(program)
  gl.enable(gl.BLEND)
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
  const kept = new KeptPicture(gl)
  // by what the last picture differs from one that is only moved
  let [drawn, paintings] = ['', 0]
  const drawCells = ({ factor: [fx, fy], offset: [ox, oy] }: Clip, radius: number) => {
    gl.clearColor(0, 0, 0, 0)
    gl.clear(gl.COLOR_BUFFER_BIT)
    gl.uniform2f(factor, fx, fy)
    gl.uniform2f(offset, ox, oy)
    gl.uniform1f(size, 2 * radius)
    gl.drawElements(gl.POINTS, n, gl.UNSIGNED_INT, 0)
  }
  return {
    paint: (painted: Painted) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, colors)
      gl.bufferData(gl.ARRAY_BUFFER, painted.colors, gl.DYNAMIC_DRAW)
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, painted.order, gl.DYNAMIC_DRAW)
      kept.forget()
      paintings++
    },
    draw: (camera: Camera, radius: number, ratio: number) => {
      const look = [camera.scale, radius, canvas.width, canvas.height, paintings].join()
      const [left, top] = camera.pixelOf(0, 0)
      const at = [left * ratio, top * ratio] as const
      if (look !== drawn) {
        kept.forget()
        drawn = look
        gl.viewport(0, 0, canvas.width, canvas.height)
        drawCells(camera.clip(), radius)
        return
      }
      // the map is being moved: that costs no drawing of all cells as long as the picture reaches
      if (!kept.reaches(at)) kept.draw(at, ([x, y]) => drawCells(scaled(camera.clip(), x, y), radius))
      kept.show(at)
    },
  }
}

type Clip = ReturnType<Camera['clip']>

/** The same in a picture that reaches beyond the canvas. */
const scaled = ({ factor, offset }: Clip, x: number, y: number): Clip => ({
  factor: [factor[0] * x, factor[1] * y],
  offset: [offset[0] * x, offset[1] * y],
})

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram()
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type)
    if (!shader) continue
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS))
    throw new Error(`the shaders of the map do not link: ${gl.getProgramInfoLog(program)}`)
  return program
}
