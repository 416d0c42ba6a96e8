import { gunzipSync } from 'node:zlib'
import { type Packed, unpack } from '../../src/report/page/pack.js'
import type { PageHeader } from '../../src/report/page/page-data.js'

/** What a report's page holds for its script; null where it has no map. */
export function embedded(html: string): Packed<PageHeader> | null {
  const [, text] = /<script type="application\/octet-stream" id="report-data">(.*?)<\/script>/s.exec(html)!
  return text === '' ? null : unpack(new Uint8Array(gunzipSync(Buffer.from(text!, 'base64'))))
}
