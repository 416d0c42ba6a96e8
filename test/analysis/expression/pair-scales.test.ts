import { describe, expect, it } from 'vitest'
import { PairScales } from '../../../src/analysis/expression/pair-scales.js'
import { geneEffect } from '../../../src/check/oracle/gene-effect.js'
import { CpuTensor, padded } from '../../../src/device/cpu/cpu-tensor.js'
import { type HostKernels, withHostKernels } from '../../../src/device/host-kernels.js'
import { Random } from '../../../src/numeric/random.js'

/** Effects of genes whose scales are given, one row of genes for each pair. */
function effectsOf(
  host: HostKernels,
  first: readonly (readonly number[])[],
  second: readonly (readonly number[])[],
  pseudocount: number,
  delta: number,
) {
  const nGenes = first[0]!.length
  const scales = new PairScales(host, nGenes, first.length)
  const rows = new CpuTensor(nGenes, first.length, host.arena.allocate(nGenes * padded(first.length)))
  for (const [side, values] of [[0, first] as const, [1, second] as const]) {
    rows.write(
      host.arena,
      Float32Array.from(
        { length: nGenes * values.length },
        (_, i) => values[i % values.length]![Math.floor(i / values.length)]!,
      ),
    )
    scales.put(side, rows, first.length, 0, 0)
  }
  const effects = scales.effects(0, pseudocount, delta)
  const genes = Int32Array.from({ length: nGenes }, (_, gene) => gene)
  const largest = [scales.largest(0, genes), scales.largest(1, genes)]
  scales.release()
  rows.release(host.arena)
  return { effects, largest }
}

/** None in one gene; in others hardly any difference between pairs, but for a few far away, and scales that come many times. */
function scaleOf(random: Random, gene: number): number {
  if (gene === 3) return 0
  if (gene === 5) return random.integer(100) === 0 ? 0.9 : 0.01 * (1 + 1e-3 * random.normal())
  if (gene === 7) return 2 ** -random.integer(3)
  return Math.exp(2 * random.normal() - 6)
}

const columns = (...values: readonly number[]) => values.map((value) => [value])

describe('effects of genes', () => {
  it('count changes of at least delta on either side', () =>
    withHostKernels(
      undefined,
      (host) => {
        const { effects, largest } = effectsOf(
          host,
          columns(4, 1, 1, 2, 1),
          columns(1, 4, 1, 1, 2),
          1e-9,
          0.99,
        )
        const [effect] = effects
        expect(effect!.probaUp).toBeCloseTo(0.4, 6)
        expect(effect!.probaDown).toBeCloseTo(0.4, 6)
        expect(effect!.probaMore).toBeCloseTo(0.4, 6)
        expect([effect!.effect, effect!.lfcMedian, effect!.lfcMin, effect!.lfcMax]).toEqual([0, 0, -2, 2])
        expect(effect!.lfcStd).toBeCloseTo(Math.sqrt(2), 6)
        expect(largest).toEqual([Float32Array.of(4), Float32Array.of(4)])
      },
      { threads: 1 },
    ))

  it.each([2, 15, 16, 700, 1001])(
    'of %i pairs are those of the definition, on any number of threads',
    async (n) => {
      const random = new Random(n, 1)
      const nGenes = 21
      const draw = () =>
        Array.from({ length: n }, () =>
          Array.from({ length: nGenes }, (_, gene) => Math.fround(scaleOf(random, gene))),
        )
      const [first, second] = [draw(), draw()]
      const on = (threads: number) =>
        withHostKernels(undefined, (host) => effectsOf(host, first, second, 1e-4, 0.25), { threads })
      const one = await on(1)
      expect(await on(3)).toEqual(one)
      const column = (rows: readonly (readonly number[])[], gene: number) => rows.map((row) => row[gene]!)
      for (const [gene, effect] of one.effects.entries()) {
        const expected = geneEffect(column(first, gene), column(second, gene), 1e-4, 0.25)
        for (const [key, value] of Object.entries(expected))
          expect(effect[key as keyof typeof effect], `${key} of ${gene}`).toBeCloseTo(value, 4)
        expect(one.largest[0]![gene]).toBe(Math.fround(Math.max(...column(first, gene))))
      }
    },
  )
})
