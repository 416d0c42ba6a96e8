import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type AddressOf, knownAddresses } from './addresses.js'

/** `run(kernel, arguments, part, parts)`: one thread's share of a kernel; `arguments` is a word of the shared memory. */
export type RunKernel = (kernel: number, args: number, part: number, parts: number) => void

/** What kernels are handed, in all that native builds are asked for; `native.c` has the same number. */
export const INTERFACE = 3

/** What a native build has. */
export interface NativeAddon {
  address(array: Uint8Array): number
  run(memory: Uint8Array, ...call: Parameters<RunKernel>): void
  /** Whether the processor has the instructions that it was compiled for. */
  readonly runsHere: boolean
  /** Whether build and processor have products of bfloat16. */
  readonly bfloat16: boolean
  /** {@link INTERFACE} of its sources; builds of before had none. */
  readonly interface?: number
}

export const isNative = (file: string): boolean => file.endsWith('.node')

/** Loads a native build's file, whatever processor it is for; throws what the system's loader says. */
export function loadAddon(file: string): NativeAddon {
  return createRequire(import.meta.url)(file) as NativeAddon
}

/** Whether a build has products of operands rounded to bfloat16, and this processor their instructions. */
export const hasBfloat16 = (file: string): boolean => isNative(file) && loadAddon(file).bfloat16

/** How a build's kernels find arrays of JavaScript; WebAssembly sees nothing but the shared memory. */
export function loadAddresses(file: string): AddressOf | undefined {
  return isNative(file) ? knownAddresses(loadAddon(file).address) : undefined
}

/**
 * Loads a build's file for the calling thread.
 *
 * @param stackTop byte address in the shared memory from which this thread's WebAssembly stack grows down
 */
export function loadBuild(file: string, memory: WebAssembly.Memory, stackTop: number): RunKernel {
  if (isNative(file)) {
    const addon = loadAddon(file)
    const bytes = new Uint8Array(memory.buffer)
    return (kernel, args, part, parts) => addon.run(bytes, kernel, args, part, parts)
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), { env: { memory } })
  const exports = instance.exports as { run: RunKernel; __stack_pointer: WebAssembly.Global }
  exports.__stack_pointer.value = stackTop
  return exports.run
}
