import { availableParallelism, cpus } from 'node:os'
import { ScvaeError } from '../../errors.js'
import type {
  CellSource,
  Device,
  KernelProfile,
  Minibatch,
  Parameter,
  ParameterSpec,
  Tensor,
} from '../device.js'
import type { StepInputs } from '../step-number.js'
import type { AddressOf } from './addresses.js'
import { type KernelBuild, type KernelChoice, type PickedBuild, pickBuild } from './builds.js'
import { type Caller, makeCaller, type Profile, startProfile } from './caller.js'
import { CpuKernels } from './cpu-kernels.js'
import { CpuMinibatch } from './cpu-minibatch.js'
import { type CpuParameter, CpuTensor, cpu, cpuParameter, padded } from './cpu-tensor.js'
import type { HostKernels } from './host.js'
import { hasBfloat16, loadAddresses } from './load-build.js'
import { ThreadPool } from './pool.js'
import { selfTest } from './self-test.js'

export interface CpuDeviceOptions {
  /** All cores when left out. */
  threads?: number
  /** Which build of the kernels, or a build's full name or id; the best when left out. */
  kernels?: KernelChoice | string
  /**
   * Hears, once a process, why a better build that should be there cannot be used; one line on standard error when left out.
   */
  onFallback?: ((warning: string) => void) | undefined
  /** Filled with the time that each kernel takes. */
  profile?: Profile
}

/**
 * The CPU device: C kernels (native or WebAssembly) on threads over one shared memory. Results are the same, bit for bit,
 * for any number of threads.
 *
 * @throws ScvaeError (usage) for a number of threads that makes no sense, (no-device) when no build of the kernels runs here.
 */
export async function createCpuDevice(options: CpuDeviceOptions = {}): Promise<CpuDevice> {
  const threads = options.threads ?? availableParallelism()
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw new ScvaeError(
      'usage',
      `The number of threads must be a whole number from 1 to 256, not ${threads}.`,
    )
  }
  const { build, warning } = await pickTestedBuild(options.kernels)
  if (warning !== undefined && !heard.has(warning)) {
    heard.add(warning)
    const say = options.onFallback ?? ((line: string) => process.stderr.write(`scvae: warning: ${line}\n`))
    say(warning)
  }
  const pool = await ThreadPool.start(build.file, threads)
  return new ThreadsDevice(build, pool, options.profile)
}

/** Warnings that this process has given. */
const heard = new Set<string>()

/** Picks a build that computes what it should on a small network. */
export function pickTestedBuild(
  kernels: KernelChoice | string = 'auto',
  root?: string,
): Promise<PickedBuild> {
  return pickBuild(kernels, testBuild, root)
}

async function testBuild(build: KernelBuild): Promise<string | undefined> {
  try {
    const device = new ThreadsDevice(build, await ThreadPool.start(build.file, 1), undefined)
    const reason = await selfTest(device)
    await device.dispose()
    return reason
  } catch (error) {
    return `fails (${error instanceof Error ? error.message : String(error)})`
  }
}

/** A device that also says how much memory it is using. */
export interface CpuDevice extends Device {
  /** Bytes of the kernels' memory, up to the last one in use: weights, minibatches and what lies between. */
  readonly bytes: number
  /** Its threads and memory, for kernels that are no part of a network. */
  readonly host: HostKernels
  profile(): KernelProfile
}

class ThreadsDevice implements CpuDevice {
  readonly kind = 'cpu'
  readonly label: string
  readonly build: string
  readonly buildId: string
  readonly bfloat16: boolean
  readonly kernels: CpuKernels
  readonly host: HostKernels
  readonly #pool: ThreadPool
  readonly #call: Caller
  readonly #profiles: Set<Profile>
  readonly #addressOf: AddressOf | undefined

  constructor(build: KernelBuild, pool: ThreadPool, profile: Profile | undefined) {
    this.build = build.name
    this.buildId = build.id
    this.bfloat16 = hasBfloat16(build.file)
    this.#pool = pool
    const threads = `${pool.threads} thread${pool.threads === 1 ? '' : 's'}`
    this.label = `${cpus()[0]?.model.trim() || process.arch}, ${threads}`
    this.#profiles = new Set(profile ? [profile] : [])
    this.#call = makeCaller(pool.arena, pool, this.#profiles)
    this.#addressOf = loadAddresses(build.file)
    this.kernels = new CpuKernels(pool.arena, this.#call, pool.threads)
    const addressOf = this.#addressOf
    this.host = {
      threads: pool.threads,
      arena: pool.arena,
      call: this.#call,
      ...(addressOf && { addressOf }),
    }
  }

  get bytes(): number {
    return this.#pool.arena.bytes
  }

  profile(): KernelProfile {
    return startProfile(this.#profiles)
  }

  tensor(rows: number, columns: number, values?: Float32Array): Tensor {
    const tensor = new CpuTensor(rows, columns, this.#pool.arena.allocate(rows * padded(columns)))
    if (values) tensor.write(this.#pool.arena, values)
    return tensor
  }

  parameters(specs: readonly ParameterSpec[]): Parameter[] {
    const { arena } = this.#pool
    const words = specs.reduce((n, spec) => n + spec.rows * padded(spec.columns), 0)
    const starts = [0, 1, 2, 3].map(() => arena.allocate(words)) as [number, number, number, number]
    let at = 0
    return specs.map(({ name, rows, columns, values }): CpuParameter => {
      const [value, gradient, firstMoment, secondMoment] = starts.map(
        (start) => new CpuTensor(rows, columns, start + at),
      )
      at += rows * padded(columns)
      value!.write(arena, values)
      return {
        name,
        value: value!,
        gradient: gradient!,
        firstMoment: firstMoment!,
        secondMoment: secondMoment!,
      }
    })
  }

  shadows(parameters: readonly Parameter[]): Parameter[] {
    const { arena } = this.#pool
    return parameters.map((parameter): CpuParameter => {
      const { name, value, firstMoment, secondMoment } = cpuParameter(parameter)
      const gradient = new CpuTensor(value.rows, value.columns, arena.allocate(value.words))
      return { name, value, gradient, firstMoment, secondMoment }
    })
  }

  step(inputs: StepInputs): void {
    this.kernels.inputs = inputs
  }

  write(tensor: Tensor, values: Float32Array): void {
    cpu(tensor).write(this.#pool.arena, values)
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    return cpu(tensor).read(this.#pool.arena)
  }

  async minibatch(source: CellSource, capacity: number): Promise<Minibatch> {
    return new CpuMinibatch(this.#pool.arena, source, capacity, this.#addressOf)
  }

  load(batch: Minibatch, cells: Int32Array): void | Promise<void> {
    return (batch as CpuMinibatch).loaded.load(cells)
  }

  gather(batch: Minibatch, cells: Int32Array): void {
    const mini = batch as CpuMinibatch
    mini.fill(cells)
    const csr = {
      cells: mini.nCells,
      genes: mini.source.nGenes,
      rowStart: mini.rowStart,
      gene: mini.gene,
      count: mini.count,
      logCount: mini.logCount,
    }
    const beginStride = padded(mini.capacity)
    const begins = mini.space('begins', this.#pool.threads * beginStride)
    const { sources } = mini
    if (mini.full) {
      const { fullCount, fullLog } = mini
      const cells = padded(mini.nCells)
      this.#call('stageFull', { csr, padded: cells, sources, begins, beginStride, fullCount, fullLog })
    } else {
      const { geneNext, geneStart, cell, geneMajorCount, geneMajorLog } = mini
      const lists = { geneStart, cell, geneMajorCount, geneMajorLog }
      this.#call('stageRows', { csr, sources })
      this.#call('stageGenes', { csr, geneNext, begins, beginStride, ...lists })
    }
    mini.held = []
  }

  release(...items: readonly (Tensor | Parameter | Minibatch)[]): void {
    for (const item of items) {
      if (item instanceof CpuMinibatch) item.release()
      else if (item instanceof CpuTensor) item.release(this.#pool.arena)
      else if ('value' in item) {
        const { value, gradient, firstMoment, secondMoment } = cpuParameter(item)
        this.release(value, gradient, firstMoment, secondMoment)
      }
    }
  }

  dispose(): Promise<void> {
    return this.#pool.dispose()
  }
}
