import { productGroups } from '../kernels/weight-product.js'
import type { KernelContext } from '../queue/kernel-context.js'
import { type Launch, launch } from '../queue/launch.js'
import { plainProduct, transposedProduct, weightGradient } from '../wgsl/linear.js'
import { type Tile, tileName } from '../wgsl/product.js'
import { type ProductShape, splitSum, TILES, type TunedProduct } from './tiles.js'

/** Products of one measurement: the wait for its end is shared. */
const TIMES = 20
const REPEATS = 3

/**
 * Measures which cut does each product fastest on this card, on matrices of zeros. A product takes a fraction of a second, most of
 * it to compile.
 */
export async function tuneProducts(
  context: KernelContext,
  shapes: readonly ProductShape[],
  settle: () => Promise<void>,
): Promise<TunedProduct[]> {
  const tuned: TunedProduct[] = []
  const trials = shapes.map((shape) => ({ shape, ...candidates(context, shape) }))
  const { recorder } = context
  await recorder.prepare({
    once: () => {
      for (const { launches } of trials) for (const one of launches) recorder.run(one)
    },
  })
  for (const { shape, launches, release } of trials) {
    const best = await fastest(context, launches, settle)
    release()
    tuned.push({ ...shape, tile: tileName(TILES[best]!) })
  }
  return tuned
}

async function fastest(
  { recorder }: KernelContext,
  launches: readonly Launch[],
  settle: () => Promise<void>,
): Promise<number> {
  const times: number[] = []
  for (const one of launches) {
    let least = Number.POSITIVE_INFINITY
    for (let repeat = 0; repeat <= REPEATS; repeat++) {
      const start = performance.now()
      for (let i = 0; i < TIMES; i++) recorder.run(one)
      await settle()
      // the first one may compile
      if (repeat > 0) least = Math.min(least, performance.now() - start)
    }
    times.push(least)
  }
  return times.indexOf(Math.min(...times))
}

/** The product with each cut, on matrices of its own. */
function candidates(
  context: KernelContext,
  { kind, m, n, k }: ProductShape,
): { launches: Launch[]; release: () => void } {
  const left = context.buffer('left of a trial', m * k)
  const right = context.buffer('right of a trial', k * n)
  const { splits, kSplit } = kind === 'product' ? splitSum(m, n, k) : { splits: 1, kSplit: k }
  const result = context.buffer('result of a trial', splits * m * n)
  // neither covariates nor a bias row
  const uses = context.buffer('covariates of a trial', 4)
  const { nothing } = context
  const scalars = { m, n, k, kSplit }
  const launchOf = (tile: Tile): Launch => {
    const groups = productGroups(tile, m, n, splits)
    switch (kind) {
      case 'product':
        return launch(plainProduct(tile), {
          buffers: { input: left, weight: right, output: result },
          scalars: { ...scalars, layer: 0 },
          groups,
        })
      case 'transposed product':
        return launch(transposedProduct(tile), {
          buffers: { input: left, weight: right, bias: nothing, output: result },
          scalars: { ...scalars, biased: 0, accumulate: 0 },
          groups,
        })
      case 'weight gradient':
        return launch(weightGradient(tile), {
          buffers: { input: left, outputGradient: right, metadata: nothing, uses, gradient: result },
          scalars: { ...scalars, capacity: 1, inputs: m, biasRow: m, weightAt: 0, biasAt: 0 },
          groups,
        })
    }
  }
  return {
    launches: TILES.map(launchOf),
    release: () => context.destroy(left, right, result, uses),
  }
}
