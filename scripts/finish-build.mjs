// What the compiler leaves undone: the report's browser scripts, and the command's permission to run.
import { chmodSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import './build-page.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

chmodSync(join(root, 'dist/src/cli/main.js'), 0o755)
