import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import { type Scope, sharedCode } from '../queue/scope.js'
import { NOISE_SCALARS } from './activation.js'
import { COS_TURN, MATH } from './math.js'
import { FIELD } from './minibatch.js'
import { PHILOX } from './philox.js'
import { workgroupSum } from './workgroup.js'

const THREADS = 64

/** Standard normals by Box-Muller, as in `cpu/kernels/latent.c`: column k takes two of the four words of block k / 2. */
const BOX_MULLER = sharedCode(
  'box_muller',
  /* wgsl */ `
fn box_muller(words: vec4u, k: u32) -> f32 {
  let u = unit(words[2u * (k & 1u)]) + 2.9802322387695312e-8;
  let v = unit(words[2u * (k & 1u) + 1u]) + 2.9802322387695312e-8;
  return sqrt(-2.0 * log_(u)) * cos_turn(v);
}
`,
  COS_TURN,
  MATH,
  PHILOX,
)

export const DRAW_SCALARS = { noisy: 'u32', ...NOISE_SCALARS } as const

/** Declares a function (row, k) that gives the noise of a latent dimension of a cell, 0 where there is to be none. */
export const normal = ({ p, fn, use }: Scope<keyof typeof DRAW_SCALARS, never>): string =>
  fn(
    'normal',
    '(row: u32, k: u32) -> f32',
    /* wgsl */ `
  if (${p.noisy} == 0u) { return 0.0; }
  return ${use(BOX_MULLER)}(philox(${p.seed}, ${p.purpose}, k / 2u, row, ${p.step}), k);`,
  )

/** Declares a function that gives mean and variance of the prior of a cell. */
export const priorOf = ({ p, buffers, fn }: Scope<'prior' | 'capacity', 'prior' | 'metadata'>): string =>
  fn(
    'prior_of',
    '(cell: u32) -> vec2f',
    /* wgsl */ `
  if (${p.prior} == 0u) { return vec2f(0.0, 1.0); }
  let batch = ${buffers.metadata`${FIELD.covariates}u * ${p.capacity} + cell`};
  return vec2f(${buffers.prior`2u * batch`}, ${buffers.prior`2u * batch + 1u`});`,
  )

export const LATENT_SCALARS = { dimensions: 'u32', capacity: 'u32', prior: 'u32', ...DRAW_SCALARS } as const

/** z = mean + √variance · noise with variance = exp(raw) + 1e-4, and its KL divergence to the prior. A workgroup a cell. */
export const sampleLatent = kernelSource({
  name: 'sample latent',
  threads: THREADS,
  scalars: LATENT_SCALARS,
  buffers: {
    mean: 'read f32',
    rawVariance: 'read f32',
    prior: 'read f32',
    metadata: 'read u32',
    output: 'read_write f32',
    kl: 'read_write f32',
  },
  code: (scope) => {
    const { p, buffers, use } = scope
    use(MATH)
    return /* wgsl */ `
  let cell = group.x;
  let of_prior = ${priorOf(scope)}(cell);
  let inverse = 1.0 / of_prior.y;
  let log_prior = log_(of_prior.y);
  var sum = 0.0;
  for (var k = t; k < ${p.dimensions}; k += ${THREADS}u) {
    let at = cell * ${p.dimensions} + k;
    let m = ${buffers.mean`at`};
    let variance = exp_(${buffers.rawVariance`at`}) + 1e-4;
    ${buffers.output`at`} = m + sqrt(variance) * ${normal(scope)}(cell, k);
    let d = m - of_prior.x;
    sum += 0.5 * ((variance + d * d) * inverse - 1.0 - log_(variance) + log_prior);
  }
  let total = ${use(workgroupSum(THREADS))}(t, sum);
  if (t == 0u) { ${buffers.kl`cell`} = total; }`
  },
})

const GRADIENT_BUFFERS = {
  mean: 'read f32',
  rawVariance: 'read f32',
  prior: 'read f32',
  metadata: 'read u32',
  outputGradient: 'read f32',
  meanGradient: 'read_write f32',
  rawVarianceGradient: 'read_write f32',
} as const

const GRADIENT_SCALARS = { ...LATENT_SCALARS, klWeight: 'f32' } as const

/**
 * @param byDraw the gradient by the draw
 * @param byKl the gradient by the divergence of each cell
 */
function latentGradientCode(
  scope: Scope<keyof typeof GRADIENT_SCALARS, keyof typeof GRADIENT_BUFFERS>,
  byDraw: string,
  byKl: string,
): string {
  const { p, buffers, use } = scope
  use(MATH)
  return /* wgsl */ `
  let cell = group.x;
  let of_prior = ${priorOf(scope)}(cell);
  let inverse = 1.0 / of_prior.y;
  for (var k = t; k < ${p.dimensions}; k += ${THREADS}u) {
    let at = cell * ${p.dimensions} + k;
    let g = ${byDraw};
    let e = exp_(${buffers.rawVariance`at`});
    let variance = e + 1e-4;
    ${buffers.meanGradient`at`} = g + ${byKl} * (${buffers.mean`at`} - of_prior.x) * inverse;
    let by_variance = 0.5 * (g * ${normal(scope)}(cell, k) / sqrt(variance) + ${byKl} * (inverse - 1.0 / variance));
    ${buffers.rawVarianceGradient`at`} = by_variance * e;
  }`
}

export const sampleLatentGradient = kernelSource({
  name: 'sample latent gradient',
  threads: THREADS,
  scalars: GRADIENT_SCALARS,
  buffers: GRADIENT_BUFFERS,
  code: (scope) => latentGradientCode(scope, scope.buffers.outputGradient`at`, scope.p.klWeight),
})

/** The same with a gradient by the divergence of each cell, or for a draw that nothing uses. */
export const sampleLatentGradientBy = perKey((byCell: boolean, used: boolean) =>
  kernelSource({
    name: 'sample latent gradient, by cell',
    threads: THREADS,
    scalars: GRADIENT_SCALARS,
    buffers: { ...GRADIENT_BUFFERS, klGradients: 'read f32' },
    code: (scope) => {
      const { p, buffers } = scope
      const byDraw = used ? buffers.outputGradient`at` : '0.0'
      return latentGradientCode(scope, byDraw, byCell ? buffers.klGradients`cell` : p.klWeight)
    },
  }),
)
