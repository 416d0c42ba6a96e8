import { TrainingStep } from './training-step.mjs'

const WARM_STEPS = 10

/** Which part of a step a kernel belongs to; Adam is taken out of the fused ones afterwards. */
const PARTS = {
  headLogits: 'products',
  headGradient: 'products',
  headHiddenGradient: 'products',
  headNormalise: 'likelihood',
  headCountsNb: 'likelihood',
  headSum: 'likelihood',
  sparseForward: 'sparse',
  sparseGradient: 'sparse',
  adamUpdate: 'adam',
  stageRows: 'staging',
  stageGenes: 'staging',
}
/** Kernels that update weights as soon as they have their gradient. */
const FUSED = ['headGradient', 'sparseGradient']

/**
 * Where the time of a training step goes, in milliseconds a step.
 *
 * Adam's share of the fused kernels is what they take longer with the update than when they store the gradient, so it is
 * rather too small.
 *
 * @param {{ source: object, threads: number, kernels: string, batch: number, hidden: number, latent: number }} shape
 * @param {number} seconds
 */
export async function measureBreakdown(shape, seconds) {
  const step = await TrainingStep.start({ ...shape, profiled: true })
  try {
    const stored = run(step, () => step.differentiate(), seconds / 3)
    const fused = run(step, () => step.train(), seconds)
    const parts = { products: 0, likelihood: 0, sparse: 0, adam: 0, staging: 0, small: 0 }
    for (const [kernel, { milliseconds }] of Object.entries(fused.kernels))
      parts[PARTS[kernel] ?? 'small'] += milliseconds
    for (const kernel of FUSED) {
      const update = Math.max(0, fused.kernels[kernel].milliseconds - stored.kernels[kernel].milliseconds)
      parts[PARTS[kernel]] -= update
      parts.adam += update
    }
    // copying rows into the staging area happens outside of kernels
    parts.staging = fused.gather
    const inKernels = Object.values(parts).reduce((sum, part) => sum + part, 0)
    parts.rest = Math.max(0, fused.total - inKernels)
    const calls = Object.values(fused.kernels).reduce((sum, kernel) => sum + kernel.calls, 0)
    return {
      total: fused.total,
      parts,
      calls,
      kernels: fused.kernels,
      products: products(shape, fused, stored),
    }
  } finally {
    await step.stop()
  }
}

function run(step, work, seconds) {
  for (let i = 0; i < WARM_STEPS; i++) {
    step.gather()
    work()
  }
  step.profile.clear()
  const start = performance.now()
  let steps = 0
  let gathering = 0
  while (performance.now() - start < seconds * 1000) {
    const before = performance.now()
    step.gather()
    gathering += performance.now() - before
    work()
    steps++
  }
  const total = (performance.now() - start) / steps
  const kernels = Object.fromEntries(
    [...step.profile].map(([name, { calls, milliseconds }]) => [
      name,
      { calls: calls / steps, milliseconds: milliseconds / steps },
    ]),
  )
  return { total, gather: gathering / steps, kernels }
}

/** GFLOP/s of every kernel with a product, over the whole kernel's time (softmax and Adam too). */
function products({ source, batch, hidden, latent }, fused, stored) {
  const dense = 2 * batch * source.nGenes * hidden
  const sparse = 2 * batch * (source.nonzeros / source.nCells) * hidden
  // encoder to mean and to variance, latent to decoder
  const small = 3 * 2 * batch * hidden * latent
  const rows = [
    ['headLogits', 'logits = H·Wᵀ, with the softmax sums', dense, fused],
    ['headGradient', 'dH = dL·W and dW = dLᵀ·H, with Adam', 2 * dense, fused],
    ['headGradient', 'the same, gradient stored', 2 * dense, stored],
    ['sparseForward', 'log1p(X)·W of the nonzeros', sparse, fused],
    ['sparseGradient', 'dW from the nonzeros, with Adam', sparse, fused],
    ['sparseGradient', 'the same, gradient stored', sparse, stored],
    ['linearForward', 'three small layers', small, fused],
    ['linearWeightGradient', 'three small layers', small, fused],
    ['linearInputGradient', 'three small layers', small, fused],
  ]
  return rows.map(([kernel, what, flops, { kernels }]) => {
    const { milliseconds } = kernels[kernel]
    return { kernel, what, megaflop: flops / 1e6, milliseconds, gflops: flops / milliseconds / 1e6 }
  })
}
