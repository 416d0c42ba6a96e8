import { createCpuDevice } from '../../device/cpu/cpu-device.js'
import { type HostKernels, isCpu } from '../../device/host-kernels.js'
import { Network } from '../../network/network.js'

/**
 * Gives work that looks at every expected count a network whose tensors the kernels of the host read in place: the network itself on a CPU
 * device, else a copy of it on one that is there only for the time of the work. A GPU decodes faster, but what it decodes, cells ×
 * genes, would have to be fetched from it.
 *
 * @throws ScvaeError (no-device) when no build of the kernels runs here
 */
export async function withHostNetwork<T>(
  network: Network,
  work: (network: Network, host: HostKernels) => Promise<T>,
): Promise<T> {
  const { device, model, capacity } = network
  if (isCpu(device)) return await work(network, device.host)
  const own = await createCpuDevice()
  try {
    const copy = new Network(own, model, capacity)
    copy.setState(await network.state())
    return await work(copy, own.host)
  } finally {
    await own.dispose()
  }
}
