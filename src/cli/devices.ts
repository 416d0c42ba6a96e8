import { availableParallelism, cpus, totalmem } from 'node:os'
import { availableBuilds, pickBuild } from '../device/cpu/builds.js'
import { describeTensorFlow, tensorFlowLine } from '../device/tensorflow/describe.js'
import type { Arguments, Command } from './arguments.js'
import { formatBytes, textTable } from './text.js'

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
    const tensorflow = { device: 'tensorflow', ...describeTensorFlow() }
    if (args.flag('json')) {
      process.stdout.write(`${JSON.stringify({ devices: [cpu, tensorflow] }, null, 2)}\n`)
      return
    }
    const rows = [
      ['cpu', cpu.model],
      ['threads', `${cpu.threads} of ${cpu.cores} cores`],
      ['memory', formatBytes(cpu.memory_bytes)],
      ['kernels', cpu.kernels.join(', ')],
      ['would run', cpu.would_run],
      ['tensorflow', tensorFlowLine(tensorflow)],
    ]
    process.stdout.write(`${textTable(rows)}\n`)
  },
}
