/** Share of the canvas by which the picture reaches beyond each of its sides. */
const BEYOND = 0.25

type Pair = readonly [x: number, y: number]

/** A picture of the cells somewhat beyond the canvas, from which a map that is moved is copied: without a graphics card a copy is far cheaper than its cells. */
export class KeptPicture {
  readonly #gl: WebGL2RenderingContext
  readonly #frame: WebGLFramebuffer
  #width = 0
  #height = 0
  /** Where the cells' origin was when it was drawn, in pixels of the canvas, y downwards. */
  #at: Pair | undefined

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl
    this.#frame = gl.createFramebuffer()
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.#frame)
    gl.bindRenderbuffer(gl.RENDERBUFFER, gl.createRenderbuffer())
  }

  /** The picture is of other cells, colours or sizes. */
  forget(): void {
    this.#at = undefined
  }

  /** Whether a canvas with the cells' origin at a place is within the picture. */
  reaches(at: Pair): boolean {
    if (!this.#at) return false
    const [right, down] = this.#moved(at)
    const [beside, above] = this.#margins()
    return Math.abs(right) <= beside && Math.abs(down) <= above
  }

  /**
   * Draws the picture anew.
   *
   * @param paint draws the cells; takes by what places in clip space are to be multiplied
   */
  draw(at: Pair, paint: (scale: Pair) => void): void {
    const gl = this.#gl
    const { width, height } = gl.canvas
    const [beside, above] = this.#margins()
    const [wide, high] = [width + 2 * beside, height + 2 * above]
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#frame)
    if (wide !== this.#width || high !== this.#height) {
      gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, wide, high)
      const bound = gl.getParameter(gl.RENDERBUFFER_BINDING) as WebGLRenderbuffer
      gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, bound)
      this.#width = wide
      this.#height = high
    }
    gl.viewport(0, 0, wide, high)
    paint([width / wide, height / high])
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null)
    this.#at = at
  }

  /** Copies the part of the picture that the canvas shows. */
  show(at: Pair): void {
    const gl = this.#gl
    const { width, height } = gl.canvas
    const [right, down] = this.#moved(at)
    const [beside, above] = this.#margins()
    // from the lower left
    const [x, y] = [beside - right, above + down]
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.#frame)
    gl.blitFramebuffer(
      ...([x, y, x + width, y + height] as const),
      ...([0, 0, width, height] as const),
      gl.COLOR_BUFFER_BIT,
      gl.NEAREST,
    )
  }

  #margins(): Pair {
    const { width, height } = this.#gl.canvas
    return [Math.round(BEYOND * width), Math.round(BEYOND * height)]
  }

  /** Whole pixels by which the cells have moved since, to the right and down. */
  #moved([x, y]: Pair): Pair {
    const [fromX, fromY] = this.#at ?? [x, y]
    return [Math.round(x - fromX), Math.round(y - fromY)]
  }
}
