import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type KernelSource, kernelSource } from '../../src/device/webgpu/queue/kernel-source.js'
import { kernelWgsl } from '../../src/device/webgpu/queue/kernel-wgsl.js'
import type { Launch } from '../../src/device/webgpu/queue/launch.js'
import type { Words } from '../../src/device/webgpu/queue/scope.js'
import { besideEachOther } from '../../src/device/webgpu/steps/beside.js'
import { headColumnUpdate } from '../../src/device/webgpu/wgsl/head-columns.js'
import { weightUpdate } from '../../src/device/webgpu/wgsl/linear.js'
import { batchNormReluGradient } from '../../src/device/webgpu/wgsl/norm-gradient.js'

const SOURCE = 'src/device/webgpu'

/** A kernel with a binding for each buffer. */
const compiled = (source: KernelSource): string =>
  kernelWgsl(source, {
    scalars: source.scalarNames.map((name) => `p.${name}`),
    group: 0,
    places: source.bufferNames.map((_, i) => ({ binding: i, written: true, start: `p.start${i}` })),
  })

/** Names that are declared at module scope. */
const declared = (wgsl: string): string[] =>
  Array.from(wgsl.matchAll(/^(?:fn|var<[^>]*>|@group.* var<[^>]*>) *(\w+)/gm), ([, name]) => name!)

const launchOf = (source: KernelSource): Launch => ({
  source,
  dispatch: { buffers: {}, scalars: {}, groups: [1, 1, 1] },
})

const together = (...[first, ...others]: [Launch, ...Launch[]]): KernelSource =>
  others.reduce((both, other) => besideEachOther(both, other)!, first).source

const addOne = kernelSource({
  name: 'add one',
  threads: 64,
  scalars: { size: 'u32', step: 'f32' },
  buffers: { input: 'read f32', output: 'read_write f32' },
  code: ({ p, buffers: { input, output }, fn }) => {
    const more = fn('more', '(x: f32) -> f32', `return x + ${p.step};`)
    return `if (t < ${p.size}) { ${output`2u * t`} = ${more}(${input`t + ${1}u`}); }`
  },
})

describe('the WGSL of a kernel', () => {
  it('has the names of where it is compiled', () => {
    const wgsl = kernelWgsl(addOne, {
      scalars: ['constants.size', 'now.step'],
      group: 1,
      places: [
        { binding: 5, written: false, start: 'from' },
        { binding: 2, written: true, start: 'to' },
      ],
    })
    expect(wgsl).toContain('@group(1) @binding(5) var<storage, read> bound5: array<f32>;')
    expect(wgsl).toContain('@group(1) @binding(2) var<storage, read_write> bound2: array<f32>;')
    expect(wgsl).toContain('if (t < constants.size) { bound2[to + 2u * t] = more(bound5[from + t + 1u]); }')
    expect(wgsl).toContain('return x + now.step;')
  })

  it('may not have words of two types in one binding', () => {
    const mixed = kernelSource({
      name: 'mixed',
      threads: 1,
      scalars: {},
      buffers: { input: 'read f32', counts: 'read u32' },
      code: () => '',
    })
    const place = { binding: 0, written: false, start: '0u' }
    expect(() => kernelWgsl(mixed, { scalars: [], group: 0, places: [place, place] })).toThrow(
      'mixed: counts shares a buffer with words of another type.',
    )
  })

  it('takes no scalar and no buffer that the kernel does not have', () => {
    kernelSource({
      name: 'typed',
      threads: 1,
      scalars: { size: 'u32' },
      buffers: { input: 'read f32' },
      code: ({ p, buffers }) => {
        expectTypeOf(p).toEqualTypeOf<Readonly<Record<'size', string>>>()
        expectTypeOf(buffers).toEqualTypeOf<Readonly<Record<'input', Words>>>()
        return ''
      },
    })
  })
})

describe('kernels side by side', () => {
  it('have names of their own', () => {
    const wgsl = compiled(together(launchOf(addOne), launchOf(addOne)))
    const names = declared(wgsl)
    expect(names).toEqual(
      expect.arrayContaining(['first_more', 'second_more', 'first_main', 'second_main', 'main']),
    )
    expect(new Set(names).size).toBe(names.length)
    expect(wgsl).toContain('if (t < p.first_size) { bound1[p.start1 + 2u * t] = first_more(')
    expect(wgsl).toContain('if (t < p.second_size) { bound3[p.start3 + 2u * t] = second_more(')
  })

  it('declare nothing twice, and what is the same for all of them once', () => {
    const tile = { m: 32, n: 32, k: 16, rows: 4, columns: 4 }
    const norm = launchOf(batchNormReluGradient(64))
    const update = launchOf(headColumnUpdate('zinb', 64))
    const names = declared(compiled(together(update, launchOf(weightUpdate(tile)), norm, norm)))
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => name.endsWith('_put'))).toHaveLength(4)
    expect(names.filter((name) => name.includes('lane_sum'))).toEqual([
      'lane_sum_1_threads',
      'lane_sum_1_parts',
      'lane_sum_1',
    ])
  })
})

it('WGSL is written with its names, never searched or rewritten', () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  expect(files.length).toBeGreaterThan(40)
  const rewriting = /\.(?:replace|replaceAll|match|matchAll|search|split)\(|RegExp/
  const found = files
    // the names of cards, messages of drivers
    .filter((file) => !file.startsWith('open/') && file !== 'webgpu-device.ts')
    .filter((file) => rewriting.test(readFileSync(join(SOURCE, file), 'utf8')))
  expect(found).toEqual([])
})
