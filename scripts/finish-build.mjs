// What the compiler leaves undone: the report's browser scripts, the fonts of its figures, and the command's permission to run.
import { chmodSync, cpSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import './build-page.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

// two fonts of a package of many, with their licence
const fonts = dirname(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/package.json'))
const target = join(root, 'dist/fonts')
mkdirSync(target, { recursive: true })
for (const file of ['ttf/DejaVuSansCondensed.ttf', 'ttf/DejaVuSansCondensed-Bold.ttf', 'LICENSE'])
  cpSync(join(fonts, file), join(target, basename(file)))

chmodSync(join(root, 'dist/src/cli/main.js'), 0o755)
