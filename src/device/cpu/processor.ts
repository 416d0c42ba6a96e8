import { readFileSync } from 'node:fs'

const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'native avx512': ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl'],
  'native avx2': ['avx2', 'fma', 'bmi2'],
}

/** Flags of the processor where the system has them in a file, as Linux does. */
function flags(): ReadonlySet<string> | undefined {
  try {
    const line = /^flags\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]
    return line === undefined ? undefined : new Set(line.split(' '))
  } catch {
    return undefined
  }
}

/**
 * Whether this processor has the instructions of a build, as far as can be told without loading it: the build itself asks the
 * processor when it is loaded.
 */
export function processorMayTake(name: string): boolean {
  if (name.startsWith('wasm')) return true
  if (name === 'native neon' || process.arch === 'arm64')
    return name === 'native neon' && process.arch === 'arm64'
  const known = flags()
  return known === undefined || NEEDED[name]!.every((flag) => known.has(flag))
}
