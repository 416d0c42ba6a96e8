import type { CpuDevice } from '../../device/cpu/cpu-device.js'
import type { Check, Outputs } from '../kernels/check.js'

/** One use of a kernel for the work after training, which only a CPU has; `run` is the same on every build. */
export interface HostCheck extends Omit<Check, 'run'> {
  run(device: CpuDevice): Promise<Outputs>
}
