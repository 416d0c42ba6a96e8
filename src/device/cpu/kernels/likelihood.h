/* Log-likelihoods of counts and their derivatives, W cells at a time. Formulas: section "likelihoods" in docs/model.md. */
#ifndef SCVAE_LIKELIHOOD_H
#define SCVAE_LIKELIHOOD_H

#include "arguments.h"

#define EPS 1e-8f

enum { NB, ZINB, POISSON };

/* Terms of one vector of cells for a negative binomial: count zero (dense pass) or given. */
typedef struct {
  vec ll, q, by_theta, by_zero;
} Terms;

/* NB or ZINB (logits of dropout `pi`) with every count zero. `it` = 1 / (theta + eps). */
INLINE Terms zero_terms(vec mean, vec theta, vec it, int zero_inflated, vec pi) {
  vec u = mean * it, s = 1.0f + u, r = 1.0f / s;
  vec l = vlog(s) + (u - (s - 1.0f)) * r; /* ln(1 + mean / (theta + eps)) */
  vec share_theta = theta * it;
  Terms t;
  t.ll = -theta * l;
  t.q = -mean * share_theta * r;
  t.by_theta = share_theta * u * r - l;
  if (zero_inflated) {
    vec x = t.ll - pi;
    vec p = vsigmoid(x);
    t.by_zero = vsigmoid(-pi) - p;
    t.ll = vsoftplus(x) - vsoftplus(-pi);
    t.q = p * t.q;
    t.by_theta = p * t.by_theta;
  } else
    t.by_zero = splat(0.0f);
  return t;
}

/* NB or ZINB with counts above zero, and NB with any; `log_gamma` and `digamma` are those of gamma_ratio(x, theta). */
INLINE Terms count_terms(vec x, vec mean, vec theta, vec it, vec log_gamma, vec digamma, int zero_inflated, vec pi) {
  vec u = mean * it, s = 1.0f + u, r = 1.0f / s;
  vec l = vlog(s) + (u - (s - 1.0f)) * r;
  vec share_theta = theta * it;
  vec log_sum = l - vlog(it); /* ln(theta + mean + eps) */
  Terms t;
  t.ll = -theta * l + x * (vlog(mean + EPS) - log_sum) + log_gamma;
  t.q = mean * (x / (mean + EPS) - (x + theta) * it * r);
  t.by_theta = share_theta * u * r - l - x * it * r + digamma;
  t.by_zero = splat(0.0f);
  if (zero_inflated) {
    t.ll = t.ll - pi - vsoftplus(-pi);
    t.by_zero = vsigmoid(-pi) - 1.0f;
  }
  return t;
}

/* gamma_ratio of small counts and one dispersion: a gene's cells share it. */
typedef struct {
  float log_gamma[TABLED], digamma[TABLED];
} __attribute__((aligned(64))) GammaTable;

/* By the recurrence: sums of ln(theta + k) and of 1 / (theta + k) over k < x. */
INLINE void fill_gammas(GammaTable *t, float theta) {
  float log_sum = 0.0f, sum = 0.0f, logs[TABLED] __attribute__((aligned(64))), parts[TABLED] __attribute__((aligned(64)));
  for (int k = 0; k < TABLED; k += W) {
    vec at = splat(theta) + counting(k);
    store(logs + k, vlog(at)), store(parts + k, 1.0f / at);
  }
  for (int k = 0; k < TABLED; k++) {
    t->log_gamma[k] = log_sum, t->digamma[k] = sum;
    log_sum += logs[k], sum += parts[k];
  }
}

INLINE void gammas_of(const GammaTable *t, vec x, vec theta, vec *log_gamma, vec *digamma) {
  ivec tabled = is_tabled(x);
  *log_gamma = lookup(t->log_gamma, x, tabled), *digamma = lookup(t->digamma, x, tabled);
  if (every_lane(tabled)) return;
  vec lg, dg;
  gamma_ratio(x, theta, &lg, &dg);
  *log_gamma = pick(tabled, *log_gamma, lg), *digamma = pick(tabled, *digamma, dg);
}

INLINE vec theta_of(vec log_theta) { return vmin(vexp(log_theta), splat(LARGEST_THETA)); }

INLINE Terms pick_terms(ivec mask, Terms a, Terms b) {
  Terms t = {pick(mask, a.ll, b.ll), pick(mask, a.q, b.q), pick(mask, a.by_theta, b.by_theta), pick(mask, a.by_zero, b.by_zero)};
  return t;
}

INLINE Terms poisson_zero_terms(vec mean) {
  Terms t = {-mean, -mean, splat(0.0f), splat(0.0f)};
  return t;
}

INLINE Terms poisson_terms(vec x, vec mean) {
  Terms t = {x * vlog(vmax(mean, splat(EPS))) - mean, x - mean, splat(0.0f), splat(0.0f)};
  return t;
}

#endif
