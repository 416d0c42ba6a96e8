import { defineConfig } from 'vitest/config'

// apart from `npm test`, which needs no Python
export default defineConfig({ test: { include: ['test/interop/*.check.ts'], testTimeout: 60_000 } })
