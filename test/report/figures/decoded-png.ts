import { inflateSync } from 'node:zlib'

// what a byte is guessed by: those to the left, above, and above to the left
const left = (a: number) => a
const above = (_: number, b: number) => b
const mean = (a: number, b: number) => (a + b) >> 1
function paeth(a: number, b: number, c: number): number {
  const da = Math.abs(b - c)
  const db = Math.abs(a - c)
  const dc = Math.abs(a + b - 2 * c)
  return da <= db && da <= dc ? a : db <= dc ? b : c
}

/** The pixels of a PNG of eight bits a channel with opacity, by the filters of the specification (section 9). */
export function decodedPng(file: Uint8Array) {
  const png = Buffer.from(file)
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  if (png[24] !== 8 || png[25] !== 6) throw new Error(`bits ${png[24]}, kind ${png[25]}`)
  const parts: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at))
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  const rows = inflateSync(Buffer.concat(parts))
  const side = 4 * width
  const pixels = new Uint8Array(side * height)
  for (let y = 0; y < height; y++) {
    const from = y * (side + 1)
    const guess = [() => 0, left, above, mean, paeth][rows[from]!]!
    for (let x = 0; x < side; x++) {
      const a = x < 4 ? 0 : pixels[y * side + x - 4]!
      const b = y === 0 ? 0 : pixels[(y - 1) * side + x]!
      const c = x < 4 || y === 0 ? 0 : pixels[(y - 1) * side + x - 4]!
      pixels[y * side + x] = rows[from + 1 + x]! + guess(a, b, c)
    }
  }
  const pixel = (x: number, y: number) =>
    Array.from(pixels.subarray(4 * (y * width + x), 4 * (y * width + x) + 4))
  return { width, height, pixel }
}
