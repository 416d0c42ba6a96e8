import { USAGE } from './flags.js'

/** A buffer that kernels read and the host writes; none where the GPU's memory has no room for it. */
export async function bufferIfRoom(
  device: GPUDevice,
  label: string,
  bytes: number,
): Promise<GPUBuffer | undefined> {
  device.pushErrorScope('out-of-memory')
  const buffer = device.createBuffer({ label, size: bytes, usage: USAGE.storage | USAGE.copyDestination })
  const error = await device.popErrorScope()
  if (!error) return buffer
  buffer.destroy()
  return undefined
}
