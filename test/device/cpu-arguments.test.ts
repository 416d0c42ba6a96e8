import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { Arena } from '../../src/device/cpu/arena.js'
import { CpuTensor } from '../../src/device/cpu/cpu-tensor.js'
import { KERNEL_NAMES, KERNELS, MOST_WORDS } from '../../src/device/cpu/kernel-arguments.js'

describe("the kernels' arguments", () => {
  it('are written from the table on both sides', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      ['scripts/write-kernel-arguments.mjs', '--check'],
      {
        encoding: 'utf8',
      },
    )
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  it('have a number for each kernel', () => {
    expect(KERNEL_NAMES.map((name) => KERNELS[name].number)).toEqual(KERNEL_NAMES.map((_, i) => i))
  })

  it('are packed word by word, those left out as zeros', () => {
    const arena = new Arena(0)
    const at = arena.allocate(MOST_WORDS)
    arena.ints.fill(-7, at, at + MOST_WORDS)
    const tensor = (words: number) => new CpuTensor(1, 16, words)
    const latent = {
      cells: 3,
      dims: 5,
      width: 16,
      mean: tensor(160),
      rawVariance: tensor(176),
      output: tensor(192),
      kl: tensor(208),
      prior: undefined,
      codes: 224,
      noisy: false,
      noise: undefined,
    }
    KERNELS.sampleLatentGradient.pack(arena, at, {
      latent,
      outputGradient: tensor(240),
      klWeight: 0.75,
      klGradient: undefined,
      meanGradient: tensor(256),
      rawVarianceGradient: tensor(272),
    })
    const words = Array.from(arena.ints.subarray(at, at + 19))
    expect(words.toSpliced(14, 1)).toEqual([
      3, 5, 16, 160, 176, 192, 208, 0, 224, 0, 0, 0, 0, 240, 0, 256, 272, -7,
    ])
    expect(arena.floats[at + 14]).toBe(0.75)
    const noise = { seed: 2 ** 32 - 1, purpose: 1, step: 2 ** 31 }
    KERNELS.sampleLatent.pack(arena, at, { latent: { ...latent, prior: tensor(288), noisy: true, noise } })
    expect(arena.ints[at + 7]).toBe(288)
    expect(Array.from(new Uint32Array(arena.memory.buffer, 4 * (at + 9), 4))).toEqual([
      1,
      2 ** 32 - 1,
      1,
      2 ** 31,
    ])
  })

  it('are refused where a tensor is not of this device', () => {
    const arena = new Arena(0)
    const foreign = { rows: 1, columns: 1 }
    expect(() =>
      KERNELS.addSum.pack(arena, 16, { cells: 1, values: foreign, sums: foreign, element: 0 }),
    ).toThrow('another device')
  })
})
