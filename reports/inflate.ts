import { type Packed, unpack } from '../src/report/page/pack.js'
import type { PageHeader } from '../src/report/page/page-data.js'

/** Bytes that are compressed and written as base64. */
export async function inflated(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** Reads the page's data: a compressed pack. */
export async function readPageData(text: string): Promise<Packed<PageHeader>> {
  return unpack(await inflated(text))
}
