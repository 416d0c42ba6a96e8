import type { Likelihood } from '../../device.js'
import { GAMMA_RATIO, MATH } from './math.js'

/**
 * Log-likelihoods of counts and their derivatives, as in `cpu/kernels/likelihood.h` (docs/model.md). `zero_terms` takes every
 * count for zero and needs no gamma function. A result is (log-likelihood, by log mean, by θ, by the logit of dropout).
 */
export function likelihoodTerms(likelihood: Likelihood): string {
  if (likelihood === 'poisson') {
    return /* wgsl */ `${MATH}
fn zero_terms(mean: f32, theta: f32, pi: f32) -> vec4f { return vec4f(-mean, -mean, 0.0, 0.0); }
fn count_terms(x: f32, mean: f32, theta: f32, pi: f32) -> vec4f {
  return vec4f(x * log_(max(mean, EPS)) - mean, x - mean, 0.0, 0.0);
}
const EPS = 1e-8;
`
  }
  const inflated = likelihood === 'zinb'
  const zeroInflation = /* wgsl */ `
  let x = terms.x - pi;
  let q = sigmoid(x);
  return vec4f(softplus(x) - softplus(-pi), q * terms.y, q * terms.z, sigmoid(-pi) - q);`
  const countInflation = /* wgsl */ `
  terms.x = terms.x - pi - softplus(-pi);
  terms.w = sigmoid(-pi) - 1.0;`
  return /* wgsl */ `${MATH}${GAMMA_RATIO}
const EPS = 1e-8;

fn zero_terms(mean: f32, theta: f32, pi: f32) -> vec4f {
  let it = 1.0 / (theta + EPS);
  let u = mean * it;
  let r = 1.0 / (1.0 + u);
  let l = log1p_(u);
  let share = theta * it;
  let terms = vec4f(-theta * l, -mean * share * r, share * u * r - l, 0.0);
  ${inflated ? zeroInflation : 'return terms;'}
}

fn count_terms(x: f32, mean: f32, theta: f32, pi: f32) -> vec4f {
  let it = 1.0 / (theta + EPS);
  let u = mean * it;
  let r = 1.0 / (1.0 + u);
  let l = log1p_(u);
  let gammas = gamma_ratio(x, theta);
  let log_sum = l - log_(it);
  var terms = vec4f(
    -theta * l + x * (log_(mean + EPS) - log_sum) + gammas.x,
    mean * (x / (mean + EPS) - (x + theta) * it * r),
    theta * it * u * r - l - x * it * r + gammas.y,
    0.0);
  ${inflated ? countInflation : ''}
  return terms;
}
`
}
