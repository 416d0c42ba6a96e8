import { describe, it } from 'vitest'
import { nodeGpu } from '../../src/device/webgpu/node-gpu.js'
import { openAdapter } from '../../src/device/webgpu/open-gpu.js'
import { describeConformance } from './conformance.js'

const gpu = await nodeGpu()
const adapter = await gpu.requestAdapter()
describeConformance('WebGPU', async () => openAdapter(adapter!))
