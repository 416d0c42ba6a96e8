import type { Likelihood } from '../../device.js'
import { perKey } from '../queue/per-key.js'
import { type SharedCode, sharedCode } from '../queue/scope.js'
import { GAMMA_RATIO, MATH } from './math.js'

const EPS = '1e-8'

const POISSON = /* wgsl */ `
fn zero_terms(mean: f32, theta: f32, pi: f32) -> vec4f { return vec4f(-mean, -mean, 0.0, 0.0); }
fn count_terms(x: f32, mean: f32, theta: f32, pi: f32) -> vec4f {
  return vec4f(x * log_(max(mean, ${EPS})) - mean, x - mean, 0.0, 0.0);
}
`

const ZERO_INFLATION = /* wgsl */ `
  let x = terms.x - pi;
  let q = sigmoid(x);
  return vec4f(softplus(x) - softplus(-pi), q * terms.y, q * terms.z, sigmoid(-pi) - q);`

const COUNT_INFLATION = /* wgsl */ `
  terms.x = terms.x - pi - softplus(-pi);
  terms.w = sigmoid(-pi) - 1.0;`

const negativeBinomial = (inflated: boolean) => /* wgsl */ `
fn zero_terms(mean: f32, theta: f32, pi: f32) -> vec4f {
  let it = 1.0 / (theta + ${EPS});
  let u = mean * it;
  let r = 1.0 / (1.0 + u);
  let l = log1p_(u);
  let share = theta * it;
  let terms = vec4f(-theta * l, -mean * share * r, share * u * r - l, 0.0);
  ${inflated ? ZERO_INFLATION : 'return terms;'}
}

fn count_terms(x: f32, mean: f32, theta: f32, pi: f32) -> vec4f {
  let it = 1.0 / (theta + ${EPS});
  let u = mean * it;
  let r = 1.0 / (1.0 + u);
  let l = log1p_(u);
  let gammas = gamma_ratio(x, theta);
  let log_sum = l - log_(it);
  var terms = vec4f(
    -theta * l + x * (log_(mean + ${EPS}) - log_sum) + gammas.x,
    mean * (x / (mean + ${EPS}) - (x + theta) * it * r),
    theta * it * u * r - l - x * it * r + gammas.y,
    0.0);
  ${inflated ? COUNT_INFLATION : ''}
  return terms;
}
`

/**
 * Log-likelihoods of counts and their derivatives, as in `cpu/kernels/likelihood.h` (docs/model.md). `zero_terms` takes every
 * count for zero and needs no gamma function. A result is (log-likelihood, by log mean, by θ, by the logit of dropout).
 */
export const likelihoodTerms = perKey(
  (likelihood: Likelihood): SharedCode =>
    likelihood === 'poisson'
      ? sharedCode('poisson', POISSON, MATH)
      : sharedCode(likelihood, negativeBinomial(likelihood === 'zinb'), GAMMA_RATIO),
)
