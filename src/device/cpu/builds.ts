import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { ScvaeError } from '../../errors.js'
import { PACKAGE_ROOT } from '../../package.js'
import { type AddressOf, knownAddresses } from './addresses.js'

/** `run(kernel, arguments, part, parts)`: one thread's share of a kernel; `arguments` is a word of the shared memory. */
export type RunKernel = (kernel: number, args: number, part: number, parts: number) => void

/** Which build of the kernels to use: the best, or one kind. */
export type KernelChoice = 'auto' | 'native' | 'wasm'

interface NativeAddon {
  address(array: Uint8Array): number
  run(memory: Uint8Array, ...call: Parameters<RunKernel>): void
}

const NATIVE_BUILDS = ['avx512', 'avx2', 'neon']

/** Best first. Relaxed SIMD brings fused multiply-add. */
const WASM_BUILDS = ['wasm relaxed', 'wasm simd']

/** V8 switched relaxed SIMD on in the version after the one of Node 20, which has it whole behind a flag. */
function allowRelaxedSimd(): void {
  if (process.versions.node.startsWith('20.')) setFlagsFromString('--experimental-wasm-relaxed-simd')
}

function wasmFile(build: string): string {
  return join(
    PACKAGE_ROOT,
    'dist/kernels',
    build === 'wasm relaxed' ? 'kernels-relaxed.wasm' : 'kernels.wasm',
  )
}

function nativeFile(build: string): string {
  return join(PACKAGE_ROOT, 'build', `kernels-${build.replace('native ', '')}.node`)
}

/** Whether this processor has the instructions of a native build. */
function processorTakes(build: string): boolean {
  if (process.arch === 'arm64') return build === 'neon'
  if (process.platform === 'darwin') return build === 'avx2'
  try {
    const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' '))
    const needed =
      build === 'avx512'
        ? ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl']
        : ['avx2', 'fma', 'bmi2']
    return needed.every((flag) => flags.has(flag))
  } catch {
    return false
  }
}

/** The builds of the kernels that are there and that run here, best first: "native avx512", …, "wasm simd". */
export function availableBuilds(): string[] {
  allowRelaxedSimd()
  const native = NATIVE_BUILDS.filter((b) => existsSync(nativeFile(b)) && processorTakes(b)).map(
    (b) => `native ${b}`,
  )
  const wasm = WASM_BUILDS.filter((build) => {
    const file = wasmFile(build)
    return existsSync(file) && WebAssembly.validate(readFileSync(file))
  })
  return [...native, ...wasm]
}

/**
 * Picks a build.
 *
 * @param choice `auto` for the best one, `native` or `wasm` for the best of a kind, or a build's full name
 * @throws ScvaeError (no-device) when there is none of that kind.
 */
export function pickBuild(choice: KernelChoice | string = 'auto'): string {
  const builds = availableBuilds()
  const build = builds.find((b) => choice === 'auto' || b === choice || b.startsWith(`${choice} `))
  if (build) return build
  throw new ScvaeError(
    'no-device',
    `There is no "${choice}" build of the kernels here (there is: ${builds.join(', ') || 'none'}).`,
    {
      hint:
        choice === 'native'
          ? 'Install a C compiler and run "npm rebuild scvae", or use --kernels wasm.'
          : 'Run "npm run build".',
    },
  )
}

const loadAddon = (build: string): NativeAddon =>
  createRequire(import.meta.url)(nativeFile(build)) as NativeAddon

/** How a build's kernels find arrays of JavaScript; WebAssembly sees nothing but the shared memory. */
export function loadAddresses(build: string): AddressOf | undefined {
  return build.startsWith('native') ? knownAddresses(loadAddon(build).address) : undefined
}

/**
 * Loads a build for the calling thread.
 *
 * @param stackTop byte address in the shared memory from which this thread's WebAssembly stack grows down
 */
export function loadBuild(build: string, memory: WebAssembly.Memory, stackTop: number): RunKernel {
  if (build.startsWith('native')) {
    const addon = loadAddon(build)
    const bytes = new Uint8Array(memory.buffer)
    return (kernel, args, part, parts) => addon.run(bytes, kernel, args, part, parts)
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(wasmFile(build))), {
    env: { memory },
  })
  const exports = instance.exports as { run: RunKernel; __stack_pointer: WebAssembly.Global }
  exports.__stack_pointer.value = stackTop
  return exports.run
}
