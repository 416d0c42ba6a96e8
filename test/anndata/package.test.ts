import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'

const ENTRY = resolve('dist/src/anndata/index.js')
if (!existsSync(ENTRY)) throw new Error(`${ENTRY} is missing: run "npm run build" first`)

/** Writes the URL of each module that is loaded, a line each. */
const HOOKS = `
import { writeSync } from 'node:fs'
export async function load(url, context, next) {
  writeSync(1, url + '\\n')
  return next(url, context)
}`

/** Folders of dist/src, or files, that an import of the package loads. */
function loadedBy(specifier: string): Set<string> {
  const program = `
    import { register } from 'node:module'
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(HOOKS)}`)})
    const { readAnnData, ScvaeError } = await import('${specifier}')
    if (!readAnnData || !ScvaeError) process.exit(1)`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
  const root = pathToFileURL(resolve('dist/src')).href
  const own = output.split('\n').filter((url) => url.startsWith(`${root}/`))
  return new Set(own.map((url) => url.slice(root.length + 1).split('/')[0]!))
}

it('scvae/anndata loads neither models nor devices', () => {
  const rooms = loadedBy('scvae/anndata')
  expect(rooms).toContain('anndata')
  for (const room of rooms) expect(['anndata', 'numeric', 'errors.js', 'package.js']).toContain(room)
})

it('scvae loads both', () => {
  const rooms = loadedBy('scvae')
  for (const room of ['anndata', 'models', 'device']) expect(rooms).toContain(room)
})
