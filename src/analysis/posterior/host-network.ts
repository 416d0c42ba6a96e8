import { type HostKernels, withCpuDevice } from '../../device/host-kernels.js'
import { Network } from '../../network/network.js'

/**
 * Gives work that looks at every expected count a network whose tensors the kernels of the host read in place: the network itself on a CPU
 * device, else a copy of it on one that is there only for the time of the work. A GPU decodes faster, but what it decodes, cells ×
 * genes, would have to be fetched from it.
 *
 * @throws ScvaeError (no-device) when no build of the kernels runs here
 */
export const withHostNetwork = <T>(
  network: Network,
  work: (network: Network, host: HostKernels) => Promise<T>,
): Promise<T> =>
  withCpuDevice(network.device, async (cpu) => {
    if (cpu === network.device) return work(network, cpu.host)
    const copy = new Network(cpu, network.model, network.capacity)
    copy.setState(await network.state())
    return work(copy, cpu.host)
  })
