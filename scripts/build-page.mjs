// Bundles the scripts of the report's page: the page's own, that of the worker in which its model computes, and that of the worker
// that reads files, which is compressed since few readers of a page will want it.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'rolldown'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Modules that are others in a browser. */
const REPLACED = {
  'node:fs': 'node-fs.ts',
  'node:path': 'node-path.ts',
  './builder/valid.mjs': 'arrow-valid.ts',
  'src/anndata/zarr/store.js': 'without-node.ts',
  'src/anndata/tenx/mtx-folder.js': 'without-node.ts',
  'src/anndata/hdf5/object-times.js': 'without-node.ts',
  'src/anndata/slices/workers.js': 'without-node.ts',
  'src/anndata/hdf5/layout.js': 'without-node.ts',
  'src/anndata/hdf5/plugins.js': 'without-node.ts',
}

const inBrowser = {
  name: 'in-browser',
  resolveId(source, importer) {
    if (source === 'h5wasm/node') return this.resolve('h5wasm', importer)
    const ofOurs = source.startsWith('.') && !importer?.includes('node_modules')
    const name = ofOurs ? relative(root, resolve(dirname(importer ?? root), source)) : source
    const other = REPLACED[name]
    return other && join(root, 'reports/reader', other)
  },
}

const built = (name) => join(root, 'dist/reports', name)

for (const [input, output] of [
  ['main.ts', 'page.js'],
  ['model/worker.ts', 'worker.js'],
  ['reader/worker.ts', 'reader.js'],
]) {
  await build({
    input: join(root, 'reports', input),
    platform: 'browser',
    // sources name each other as the compiler's output does
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    plugins: [inBrowser],
    transform: { define: { 'import.meta': '{}' } },
    output: { file: built(output), format: 'iife', minify: true, codeSplitting: false },
    logLevel: 'warn',
  })
}

const reader = readFileSync(built('reader.js'))
writeFileSync(built('reader.js.gz.txt'), gzipSync(reader, { level: 9 }).toString('base64'))
rmSync(built('reader.js'))
