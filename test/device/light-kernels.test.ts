import { describe, expect, it } from 'vitest'
import { KERNEL_WORDS, kernelSource } from '../../src/device/webgpu/queue/kernel-source.js'
import { type Launch, launch } from '../../src/device/webgpu/queue/launch.js'
import { View } from '../../src/device/webgpu/queue/view.js'
import { lightBeside } from '../../src/device/webgpu/steps/light-kernels.js'

/** Two buffers, of which nothing but their identity is looked at. */
const BUFFERS = [{}, {}] as GPUBuffer[]

/** Eight words of a buffer. */
const place = (which: number, buffer = 0): View => new View(BUFFERS[buffer]!, 8 * which, 8)

interface Kernel {
  reads: View
  writes: View
  light?: boolean
  threads?: number
  scalars?: number
}

function kernel(name: string, { reads, writes, light = true, threads = 64, scalars = 1 }: Kernel): Launch {
  const names = Array.from({ length: scalars }, (_, i) => `s${i}`)
  const source = kernelSource<string, 'input' | 'output'>({
    name,
    threads,
    light,
    scalars: Object.fromEntries(names.map((scalar) => [scalar, 'u32'])),
    buffers: { input: 'read f32', output: 'read_write f32' },
    code: () => '',
  })
  return launch(source, {
    buffers: { input: reads, output: writes },
    scalars: Object.fromEntries(names.map((scalar) => [scalar, 0])),
    groups: [1, 1, 1],
  })
}

const names = (launches: readonly Launch[], fits = (_: Launch) => true): string[] =>
  lightBeside(launches, fits).map(({ source }) => source.name)

describe('light kernels', () => {
  it('are done beside the first other one after all that they depend on', () => {
    const step = [
      kernel('a', { reads: place(0), writes: place(1), light: false }),
      kernel('b', { reads: place(1), writes: place(2), light: false }),
      kernel('c', { reads: place(2), writes: place(3), light: false }),
      kernel('free', { reads: place(0), writes: place(4) }),
      kernel('of a', { reads: place(1), writes: place(5) }),
      kernel('of c', { reads: place(3), writes: place(6) }),
    ]
    expect(names(step)).toEqual(['a & free', 'b & of a', 'c', 'of c'])
  })

  it.each([
    ['read what another writes', place(1), place(5)],
    ['write what another reads', place(5), place(0)],
    ['write what another writes', place(5), place(1)],
  ])('come after it where they %s', (_, reads, writes) => {
    const step = [kernel('a', { reads: place(0), writes: place(1) }), kernel('b', { reads, writes })]
    expect(names(step)).toEqual(['a', 'b'])
  })

  it('are kept apart by parts of a place, and not by the same place of another buffer', () => {
    const a = kernel('a', { reads: place(0), writes: new View(BUFFERS[0]!, 8, 16) })
    expect(names([a, kernel('b', { reads: place(2), writes: place(5) })])).toEqual(['a', 'b'])
    expect(names([a, kernel('b', { reads: place(3), writes: place(5) })])).toEqual(['a & b'])
    expect(names([a, kernel('b', { reads: place(1, 1), writes: place(5) })])).toEqual(['a & b'])
  })

  it('stay alone beside kernels of other threads, what the device does not take, and too many scalars', () => {
    const a = kernel('a', { reads: place(0), writes: place(1), scalars: KERNEL_WORDS / 2 })
    const other = { reads: place(2), writes: place(3) }
    expect(names([a, kernel('b', other)])).toEqual(['a & b'])
    expect(names([a, kernel('b', { ...other, threads: 128 })])).toEqual(['a', 'b'])
    expect(names([a, kernel('b', { ...other, scalars: KERNEL_WORDS / 2 })])).toEqual(['a', 'b'])
    expect(names([a, kernel('b', other)], () => false)).toEqual(['a', 'b'])
  })

  it('are needed: two heavy ones that do not depend on each other stay as they are', () => {
    const step = [
      kernel('a', { reads: place(0), writes: place(1), light: false }),
      kernel('b', { reads: place(2), writes: place(3), light: false }),
    ]
    expect(names(step)).toEqual(['a', 'b'])
  })
})
