import { availableParallelism, cpus, totalmem } from 'node:os'
import { findBuilds, type KernelBuild } from '../../device/cpu/builds.js'
import { pickTestedBuild } from '../../device/cpu/cpu-device.js'
import { hasBfloat16 } from '../../device/cpu/load-build.js'
import type { AdapterSummary } from '../../device/webgpu/open/open-webgpu.js'
import { ScvaeError } from '../../errors.js'
import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import type { DeviceResult } from '../check-devices.js'
import { Log } from '../log.js'
import { printJson } from '../print-json.js'
import { formatBytes, textTable } from '../text.js'

/** `scvae devices`: what this machine can compute on. */
export const devices: Command = {
  usage: 'devices',
  describe: 'Show the devices and kernels that this machine can run',
  positionals: {},
  options: {
    check: {
      type: 'boolean',
      describe:
        'Hold every kernel on every device to its values in double precision, train on each; exit 1 if one is wrong',
      group: 'Check:',
    },
    threads: {
      type: 'number',
      describe: 'CPU threads of the check; all cores when left out',
      group: 'Check:',
    },
    json: { type: 'boolean', describe: 'Print as JSON', group: 'Output:' },
  },
  examples: [['scvae devices --check', 'after a driver, a card or a processor has changed']],
  async run(args: Arguments): Promise<void> {
    if (args.flag('check')) return check(args)
    if (args.number('threads') !== undefined) throw new ScvaeError('usage', '--threads needs --check.')
    const processor = cpus()
    const { builds } = findBuilds()
    const { build, warning } = await pickTestedBuild()
    const cpu = {
      device: 'cpu',
      model: processor[0]?.model.trim() || process.arch,
      cores: processor.length,
      threads: availableParallelism(),
      memory_bytes: totalmem(),
      kernels: builds.map(({ name }) => name),
      builds: builds.map(({ name, id, builtHere }) => ({ name, id, built_here: builtHere })),
      would_run: build.name,
      would_run_id: build.id,
      bfloat16: hasBfloat16(build.file),
      ...(warning !== undefined && { warning }),
    }
    const { describeTensorFlow, tensorFlowLine } = await import('../../device/tensorflow/describe.js')
    const { describeWebgpu } = await import('../../device/webgpu/open/open-webgpu.js')
    const webgpu = await describeWebgpu()
    const tensorflow = { device: 'tensorflow', ...describeTensorFlow() }
    if (args.flag('json')) {
      const gpus =
        webgpu.adapters.length > 0 ? webgpu.adapters : [{ device: 'webgpu', missing: webgpu.missing }]
      return printJson({ devices: [cpu, ...gpus, tensorflow] }, verbosityOf(args))
    }
    const rows = [
      ['cpu', cpu.model],
      ['threads', `${cpu.threads} of ${cpu.cores} cores`],
      ['memory', formatBytes(cpu.memory_bytes)],
      ['kernels', builds.map(buildName).join(', ')],
      ['would run', `${build.name}, build ${build.id}${cpu.bfloat16 ? '; products of bfloat16' : ''}`],
      ...(warning === undefined ? [] : [['warning', warning]]),
      ...webgpu.adapters.map((adapter) => [adapter.device, adapterLine(adapter)]),
      ...(webgpu.missing === undefined ? [] : [['webgpu', webgpu.missing]]),
      ['tensorflow', tensorFlowLine(tensorflow)],
    ]
    process.stdout.write(`${textTable(rows)}\n`)
  },
}

async function check(args: Arguments): Promise<void> {
  const verbosity = verbosityOf(args)
  const threads = args.whole('threads', 1)
  const { checkDevices, resultLine } = await import('../check-devices.js')
  const json = args.flag('json')
  const results: DeviceResult[] = []
  await checkDevices(new Log(verbosity), threads, (result) => {
    results.push(result)
    if (!json) process.stdout.write(`${resultLine(result, verbosity === 'verbose')}\n`)
  })
  const wrong = results.filter(({ passed }) => passed === false)
  if (json) printJson({ ok: wrong.length === 0, devices: results }, verbosity)
  if (wrong.length > 0) {
    throw new ScvaeError('failed', `The check finds ${wrong.length} of ${results.length} devices wrong.`, {
      hint: 'Choose another with --device or --kernels, and tell us what the check says of it.',
    })
  }
}

const buildName = ({ name, id, builtHere }: KernelBuild): string =>
  `${name} (${id}${builtHere ? ', built here' : ''})`

function adapterLine({ name, software, limits, features }: AdapterSummary): string {
  const memory = `buffers of up to ${formatBytes(limits.binding_bytes)}`
  const threads = `workgroups of ${limits.workgroup_threads} threads and ${Math.round(limits.workgroup_bytes / 1024)} KiB`
  const kind = software ? 'software, never taken by "auto"' : undefined
  return [name, kind, memory, threads, ...features].filter(Boolean).join('; ')
}
