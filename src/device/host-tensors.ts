import { CpuTensor, padded } from './cpu/cpu-tensor.js'
import type { Device, Tensor } from './device.js'
import { type HostKernels, sharesMemory } from './host-kernels.js'
import { HostSpace } from './host-space.js'

/** Tensors of a device where the kernels of the host read them: a CPU device's own, copies of another's. */
export class HostTensors {
  readonly #device: Device
  readonly #host: HostKernels
  readonly #space: HostSpace
  readonly #copies = new Map<Tensor, CpuTensor>()
  readonly #turned = new Map<Tensor, CpuTensor>()

  constructor(device: Device, host: HostKernels) {
    this.#device = device
    this.#host = host
    this.#space = new HostSpace(host.arena)
  }

  /** What a tensor holds now; a copy is written over by the next one of the same tensor. */
  async of(tensor: Tensor): Promise<CpuTensor> {
    if (sharesMemory(this.#device, this.#host)) return tensor as CpuTensor
    let copy = this.#copies.get(tensor)
    if (!copy) {
      const { rows, columns } = tensor
      copy = new CpuTensor(rows, columns, this.#space.take(rows * padded(columns)))
      this.#copies.set(tensor, copy)
    }
    copy.write(this.#host.arena, await this.#device.read(tensor))
    return copy
  }

  /** The first rows of a tensor as columns; written over by the next ones of the same tensor. */
  async turned(tensor: Tensor, rows: number): Promise<CpuTensor> {
    const from = await this.of(tensor)
    let to = this.#turned.get(tensor)
    if (!to) {
      to = new CpuTensor(tensor.columns, tensor.rows, this.#space.take(tensor.columns * padded(tensor.rows)))
      this.#turned.set(tensor, to)
    }
    this.#host.call('turnRows', {
      rows,
      columns: tensor.columns,
      input: from.offset,
      inputWidth: from.stride,
      output: to.offset,
      outputWidth: to.stride,
    })
    return to
  }

  /** Gives the copies back. */
  release(): void {
    this.#space.release()
    this.#copies.clear()
    this.#turned.clear()
  }
}
