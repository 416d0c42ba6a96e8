import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

// what the examples are made of is tested against the sources
export default defineConfig({
  resolve: { alias: [{ find: /^scvae$/, replacement: resolve(import.meta.dirname, 'src/index.ts') }] },
  test: {
    // two files at a time also where there are two cores, since most of the time of most is one thread's; modules are loaded once a worker
    maxWorkers: 2,
    isolate: false,
  },
})
