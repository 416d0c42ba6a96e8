import { availableParallelism, cpus, totalmem } from 'node:os'
import { availableBuilds, pickBuild } from '../../device/cpu/builds.js'
import type { AdapterSummary } from '../../device/webgpu/open/open-webgpu.js'
import type { Arguments, Command } from '../arguments.js'
import { formatBytes, textTable } from '../text.js'

/** `scvae devices`: what this machine can compute on. */
export const devices: Command = {
  usage: 'devices',
  describe: 'Show the devices and kernels that this machine can run',
  positionals: {},
  options: { json: { type: 'boolean', describe: 'Print as JSON', group: 'Output:' } },
  examples: [],
  async run(args: Arguments): Promise<void> {
    const processor = cpus()
    const cpu = {
      device: 'cpu',
      model: processor[0]?.model.trim() || process.arch,
      cores: processor.length,
      threads: availableParallelism(),
      memory_bytes: totalmem(),
      kernels: availableBuilds(),
      would_run: pickBuild(),
    }
    const { describeTensorFlow, tensorFlowLine } = await import('../../device/tensorflow/describe.js')
    const { describeWebgpu } = await import('../../device/webgpu/open/open-webgpu.js')
    const webgpu = await describeWebgpu()
    const tensorflow = { device: 'tensorflow', ...describeTensorFlow() }
    if (args.flag('json')) {
      const gpus =
        webgpu.adapters.length > 0 ? webgpu.adapters : [{ device: 'webgpu', missing: webgpu.missing }]
      process.stdout.write(`${JSON.stringify({ devices: [cpu, ...gpus, tensorflow] }, null, 2)}\n`)
      return
    }
    const rows = [
      ['cpu', cpu.model],
      ['threads', `${cpu.threads} of ${cpu.cores} cores`],
      ['memory', formatBytes(cpu.memory_bytes)],
      ['kernels', cpu.kernels.join(', ')],
      ['would run', cpu.would_run],
      ...webgpu.adapters.map((adapter) => [adapter.device, adapterLine(adapter)]),
      ...(webgpu.missing === undefined ? [] : [['webgpu', webgpu.missing]]),
      ['tensorflow', tensorFlowLine(tensorflow)],
    ]
    process.stdout.write(`${textTable(rows)}\n`)
  },
}

function adapterLine({ name, software, limits, features }: AdapterSummary): string {
  const memory = `buffers of up to ${formatBytes(limits.binding_bytes)}`
  const threads = `workgroups of ${limits.workgroup_threads} threads and ${Math.round(limits.workgroup_bytes / 1024)} KiB`
  const kind = software ? 'software, never taken by "auto"' : undefined
  return [name, kind, memory, threads, ...features].filter(Boolean).join('; ')
}
