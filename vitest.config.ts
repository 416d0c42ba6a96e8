import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

// what the examples are made of is tested against the sources
export default defineConfig({
  resolve: { alias: [{ find: /^scvae$/, replacement: resolve(import.meta.dirname, 'src/index.ts') }] },
})
