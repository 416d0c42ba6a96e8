import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { partPath } from '../assets.js'

/** Pixels of the PNG to each of the SVG: those of the map's image are kept one by one. */
export const ZOOM = 2
/** The family that all text is set in, whatever fonts a machine has, and its files in the package. */
const FAMILY = 'DejaVu Sans'
const FONTS = ['DejaVuSansCondensed.ttf', 'DejaVuSansCondensed-Bold.ttf']

let loaded: ReturnType<typeof load> | undefined

/** resvg in WebAssembly: the same bytes on every machine. It is loaded only where a PNG is asked for. */
async function load() {
  const { initWasm, Resvg } = await import('@resvg/resvg-wasm')
  const module = createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')
  await initWasm(readFileSync(module))
  return { Resvg, fontBuffers: FONTS.map((font) => readFileSync(partPath('dist', 'fonts', font))) }
}

/**
 * Draws an SVG as a PNG of twice its size. Its text is set in a font of the package; characters that this does not have are empty boxes.
 *
 * @throws ScvaeError `failed` when the package was built without its fonts
 */
export async function svgToPng(svg: string): Promise<Uint8Array> {
  loaded ??= load()
  const { Resvg, fontBuffers } = await loaded
  const drawing = new Resvg(svg, {
    font: { fontBuffers, defaultFontFamily: FAMILY, sansSerifFamily: FAMILY },
    fitTo: { mode: 'zoom', value: ZOOM },
  })
  const image = drawing.render()
  const png = image.asPng()
  // the memory is WebAssembly's, which nothing else gives back
  image.free()
  drawing.free()
  return png
}
