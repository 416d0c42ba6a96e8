import { kernelSource } from '../program.js'
import { NOISE_SCALARS } from './activation.js'
import { MATH } from './math.js'
import { FIELD, workgroupSum } from './minibatch.js'
import { PHILOX } from './philox.js'

const THREADS = 64

/** Standard normals by Box-Muller and the terms of a latent dimension, as in `cpu/kernels/latent.c`. */
const LATENT = /* wgsl */ `${MATH}${PHILOX}
fn cos_turn(u: f32) -> f32 {
  let t = (u - 0.5) * 3.14159265358979;
  let t2 = t * t;
  var q = -2.3889859e-8 * t2 + 2.7525562e-6;
  q = q * t2 - 1.9840874e-4;
  q = q * t2 + 8.3333310e-3;
  q = q * t2 - 1.6666667e-1;
  let s = t + t * t2 * q;
  return 2.0 * s * s - 1.0;
}

// column k takes two of the four words of block k / 2
fn normal(row: u32, k: u32) -> f32 {
  if (p.noisy == 0u) { return 0.0; }
  let words = philox(p.seed, p.purpose, k / 2u, row, p.step);
  let u = unit(words[2u * (k & 1u)]) + 2.9802322387695312e-8;
  let v = unit(words[2u * (k & 1u) + 1u]) + 2.9802322387695312e-8;
  return sqrt(-2.0 * log_(u)) * cos_turn(v);
}

// mean and variance of the prior of a cell
fn prior_of(cell: u32) -> vec2f {
  if (p.prior == 0u) { return vec2f(0.0, 1.0); }
  let batch = metadata[${FIELD.covariates}u * p.capacity + cell];
  return vec2f(prior[2u * batch], prior[2u * batch + 1u]);
}
`

const LATENT_SCALARS = {
  dimensions: 'u32',
  capacity: 'u32',
  prior: 'u32',
  noisy: 'u32',
  ...NOISE_SCALARS,
} as const

/** z = mean + √variance · noise with variance = exp(raw) + 1e-4, and its KL divergence to the prior. A workgroup a cell. */
export const sampleLatent = kernelSource({
  name: 'sample latent',
  scalars: LATENT_SCALARS,
  buffers: {
    mean: 'read f32',
    rawVariance: 'read f32',
    prior: 'read f32',
    metadata: 'read u32',
    output: 'read_write f32',
    kl: 'read_write f32',
  },
  code: /* wgsl */ `${LATENT}${workgroupSum(THREADS)}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let cell = group.x;
  let of_prior = prior_of(cell);
  let inverse = 1.0 / of_prior.y;
  let log_prior = log_(of_prior.y);
  var sum = 0.0;
  for (var k = t; k < p.dimensions; k += ${THREADS}u) {
    let at = cell * p.dimensions + k;
    let m = mean[at];
    let variance = exp_(rawVariance[at]) + 1e-4;
    output[at] = m + sqrt(variance) * normal(cell, k);
    let d = m - of_prior.x;
    sum += 0.5 * ((variance + d * d) * inverse - 1.0 - log_(variance) + log_prior);
  }
  let total = workgroup_sum(t, sum);
  if (t == 0u) { kl[cell] = total; }
}`,
})

export const sampleLatentGradient = kernelSource({
  name: 'sample latent gradient',
  scalars: { ...LATENT_SCALARS, klWeight: 'f32' },
  buffers: {
    mean: 'read f32',
    rawVariance: 'read f32',
    prior: 'read f32',
    metadata: 'read u32',
    outputGradient: 'read f32',
    meanGradient: 'read_write f32',
    rawVarianceGradient: 'read_write f32',
  },
  code: /* wgsl */ `${LATENT}
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) t: u32) {
  let cell = group.x;
  let of_prior = prior_of(cell);
  let inverse = 1.0 / of_prior.y;
  for (var k = t; k < p.dimensions; k += ${THREADS}u) {
    let at = cell * p.dimensions + k;
    let g = outputGradient[at];
    let e = exp_(rawVariance[at]);
    let variance = e + 1e-4;
    meanGradient[at] = g + p.klWeight * (mean[at] - of_prior.x) * inverse;
    let by_variance = 0.5 * (g * normal(cell, k) / sqrt(variance) + p.klWeight * (inverse - 1.0 / variance));
    rawVarianceGradient[at] = by_variance * e;
  }
}`,
})
