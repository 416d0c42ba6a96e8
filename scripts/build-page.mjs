// Bundles the scripts of the report's page: the page's own, and that of the worker in which its model computes.
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

for (const [input, output] of [
  ['main.ts', 'page.js'],
  ['model/worker.ts', 'worker.js'],
]) {
  await build({
    input: join(root, 'reports', input),
    platform: 'browser',
    // sources name each other as the compiler's output does
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    output: { file: join(root, 'dist/reports', output), format: 'iife', minify: true },
    logLevel: 'warn',
  })
}
