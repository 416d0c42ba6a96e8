import type { Camera } from './camera.js'
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
  return {
    paint: (painted: Painted) => {
      gl.bindBuffer(gl.ARRAY_BUFFER, colors)
      gl.bufferData(gl.ARRAY_BUFFER, painted.colors, gl.DYNAMIC_DRAW)
      gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, painted.order, gl.DYNAMIC_DRAW)
    },
    draw: (camera: Camera, radius: number) => {
      gl.viewport(0, 0, canvas.width, canvas.height)
      gl.clearColor(0, 0, 0, 0)
      gl.clear(gl.COLOR_BUFFER_BIT)
      const clip = camera.clip()
      gl.uniform2fv(factor, clip.factor)
      gl.uniform2fv(offset, clip.offset)
      gl.uniform1f(size, 2 * radius)
      gl.drawElements(gl.POINTS, n, gl.UNSIGNED_INT, 0)
    },
  }
}

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
