import { type CpuDevice, type CpuDeviceOptions, createCpuDevice } from './cpu/cpu-device.js'
import type { HostKernels } from './cpu/host.js'
import type { Device } from './device.js'

export type { HostKernels }

/** Whether host kernels are a device's own. */
export const isCpu = (device: Device | undefined): device is CpuDevice => device?.kind === 'cpu'

/** Whether kernels of the host read and write the tensors of a device in place. */
export const sharesMemory = (device: Device, host: HostKernels): boolean =>
  isCpu(device) && device.host.arena === host.arena

/**
 * Gives work the kernels of a CPU device, or where a model is on another device, or on none, those of a CPU device that is there
 * only for the time of the work.
 *
 * @param options of the device that is opened; without meaning for one that is there
 * @throws ScvaeError (no-device) when no build of the kernels runs here
 */
export const withHostKernels = <T>(
  device: Device | undefined,
  work: (host: HostKernels) => T | Promise<T>,
  options: CpuDeviceOptions = {},
): Promise<T> => withCpuDevice(device, ({ host }) => work(host), options)

/** The same for work that needs the device itself. */
export async function withCpuDevice<T>(
  device: Device | undefined,
  work: (cpu: CpuDevice) => T | Promise<T>,
  options: CpuDeviceOptions = {},
): Promise<T> {
  if (isCpu(device)) return await work(device)
  const own = await createCpuDevice(options)
  try {
    return await work(own)
  } finally {
    await own.dispose()
  }
}
