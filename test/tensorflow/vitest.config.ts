import { defineConfig } from 'vitest/config'

// apart from `npm test`, which needs no TensorFlow
export default defineConfig({ test: { include: ['test/tensorflow/*.check.ts'], testTimeout: 180_000 } })
