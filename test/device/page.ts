import { GPU_CHECKS } from '../../src/check/kernels/checks.js'
import { openAdapter } from '../../src/device/webgpu/open/open-gpu.js'

/** Outputs of one of the checks on the browser's own GPU, as plain numbers for the way to Node. */
export type RunCheck = (check: number) => Promise<Record<string, number[]>>

declare global {
  var runCheck: RunCheck | undefined
}

const { navigator } = globalThis as unknown as { navigator: NavigatorGPU }
const adapter = await navigator.gpu?.requestAdapter()
if (!adapter) throw new Error('The browser has no WebGPU adapter.')
const device = await openAdapter(adapter)

globalThis.runCheck = async (check) => {
  const outputs = await GPU_CHECKS[check]!.run(device)
  return Object.fromEntries(Object.entries(outputs).map(([name, values]) => [name, Array.from(values)]))
}
