import { readPart } from './assets.js'
import { escapeHtml } from './html.js'

export interface PlainPage {
  title: string
  /** What the page is, above its title: `scvae evaluate`. */
  kind: string
  /** HTML, escaped by who made it. */
  body: string
  /** A file of `reports` with styles beyond the report's. */
  style?: string
}

/** A self-contained page without scripts in the style of the report; a content security policy forbids it any request. */
export function plainPage({ title, kind, body, style }: PlainPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)} – ${escapeHtml(kind)}</title>
<style>
${readPart('reports', 'page.css')}${style === undefined ? '' : `\n${readPart('reports', style)}`}</style>
</head>
<body>
<header>
<p class="product">${escapeHtml(kind)}</p>
<h1>${escapeHtml(title)}</h1>
</header>
<main>
${body.trimEnd()}
</main>
</body>
</html>
`
}
