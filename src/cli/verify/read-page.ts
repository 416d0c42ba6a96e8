import { gunzipSync } from 'node:zlib'
import { type Packed, unpack } from '../../report/page/pack.js'
import type { RunClaim } from '../../report/report-data.js'

/** A report taken apart. */
export interface Page {
  /** Undefined for a page that no fit made. */
  claim: RunClaim | undefined
  /** What is read by people, without what is true of one run alone. */
  text: string
  /** What the page's own scripts and style are. */
  programs: string
  /** What the map and the model of the page are; undefined without a map, a sentence where it cannot be read. */
  data: Packed<unknown> | string | undefined
}

/** Facts that another run of the same build does not repeat. */
const ONCE = /^(Time|Time: .*|Started|Threads|Input|Device|Peak memory .*|Training speed .*)$/

const SCRIPT = /<script([^>]*)>(.*?)<\/script>/gs

export function readPage(html: string): Page {
  const scripts = Array.from(html.matchAll(SCRIPT), ([, attributes, content]) => ({
    id: /id="([^"]*)"/.exec(attributes!)?.[1],
    content: content!,
  }))
  const contentOf = (id: string) => scripts.find((script) => script.id === id)?.content
  const claim = contentOf('claim')
  const style = /<style>.*?<\/style>/s.exec(html)?.[0] ?? ''
  const others = scripts.filter(({ id }) => id !== 'claim' && id !== 'report-data')
  return {
    claim: claim === undefined ? undefined : (parsed(claim) as RunClaim | undefined),
    text: html
      .replace(SCRIPT, '')
      .replace(style, '')
      .replace(/<pre class="command"[^>]*>.*?<\/pre>/gs, '')
      .replace(/<div><dt>([^<]*)<\/dt><dd>[^<]*<\/dd><\/div>/g, (fact, name: string) =>
        ONCE.test(name) ? '' : fact,
      ),
    programs: [style, ...others.map(({ content }) => content)].join('\n'),
    data: unpacked(contentOf('report-data') ?? ''),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function unpacked(text: string): Page['data'] {
  if (text === '') return undefined
  try {
    const bytes = new Uint8Array(gunzipSync(Buffer.from(text, 'base64')))
    return unpack(bytes)
  } catch {
    return 'The data of the map cannot be read.'
  }
}
