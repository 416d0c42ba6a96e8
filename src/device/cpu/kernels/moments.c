/*
 * How large, and how scattered, log p(X) is when X is drawn from p: for every cell, the mean and the variance summed over genes.
 *
 * A gene has a table of M_k = sum_x p(x) (log p(x))^k, k = 1, 2, at nodes of the mean, 16 to each doubling; where zeros may be
 * inflated, over x > 0. Nodes are filled when first asked for and read linearly between. Threads own blocks of genes, their tables
 * and their sums.
 */
#include "double.h"
#include "likelihood.h"

#define MOMENT_GENES 64
/* Nodes are the float32 numbers of no more than four bits of mantissa, from 2^-20 to 2^24. */
#define NODE_SHIFT 19
#define LOWEST_MEAN 9.5367431640625e-7f
#define HIGHEST_MEAN 16777216.0f
#define FIRST_NODE ((127 - 20) << 4)
/* A dispersion from here on is a Poisson's. */
#define POISSON_THETA 1e12
#define LEAST_THETA 1e-37
/* Past so many counts the sum over counts is taken as an integral. */
#define MOST_TERMS 3000
#define INTEGRAL_POINTS 400
/* Upper-tail mass that a sum may leave out. */
#define TAIL_MASS 1e-10
/* Terms that a part may sum in one call: a tenth of a second or so. What is left is done in the next. */
#define TERMS_PER_CALL 3000000
/* A point of the integral takes as long as so many terms of the sum. */
#define TERMS_PER_POINT 6

typedef struct {
  double theta, mean;
  int poisson;
} Count;

INLINE double log_zero_of(const Count *d) {
  return d->poisson ? -d->mean : -d->theta * double_log1p(d->mean / d->theta);
}

/* Term by term: p(x + 1) = p(x) (x + theta) / (x + 1) mean / (theta + mean). Gives the number of terms. */
INLINE int sum_of_counts(const Count *d, double *first, double *second) {
  double log_ratio = double_log(d->poisson ? d->mean : d->mean / (d->theta + d->mean));
  double log = log_zero_of(d), left = 1.0 - double_exp(log);
  int x = 0;
  *first = *second = 0.0;
  while (x < 20 * MOST_TERMS && left > TAIL_MASS) {
    log += log_ratio + double_log(d->poisson ? 1.0 / (x + 1.0) : (x + d->theta) / (x + 1.0));
    double p = double_exp(log);
    left -= p;
    *first += p * log;
    *second += p * log * log;
    x++;
    /* what is left may be rounding alone */
    if (x > d->mean && p < TAIL_MASS * 1e-3) break;
  }
  return x;
}

INLINE double log_probability(const Count *d, double x) {
  if (d->poisson) return x * double_log(d->mean) - d->mean - double_log_gamma(x + 1.0);
  double gammas = double_log_gamma(x + d->theta) - double_log_gamma(d->theta) - double_log_gamma(x + 1.0);
  return gammas + log_zero_of(d) + x * double_log(d->mean / (d->theta + d->mean));
}

/* Simpson's rule in log x over all counts that matter: for means so large that single counts no longer show. */
INLINE int integral_of_counts(const Count *d, double deviation, double *first, double *second) {
  double least = d->theta < 20.0 ? 0.5 : d->mean - 10.0 * deviation;
  double low = double_log(least > 0.5 ? least : 0.5);
  double high = double_log(d->mean + 12.0 * deviation + (d->theta < 4.0 ? 30.0 * d->mean / d->theta : 0.0));
  double h = (high - low) / INTEGRAL_POINTS;
  *first = *second = 0.0;
  for (int i = 0; i <= INTEGRAL_POINTS; i++) {
    double x = double_exp(low + i * h), log = log_probability(d, x);
    double p = (i == 0 || i == INTEGRAL_POINTS ? 1.0 : i % 2 ? 4.0 : 2.0) * h / 3.0 * x * double_exp(log);
    *first += p * log;
    *second += p * log * log;
  }
  return TERMS_PER_POINT * INTEGRAL_POINTS;
}

static __attribute__((noinline)) int fill_node(float theta, int zero_inflated, int node, float *out) {
  union {
    int32_t bits;
    float value;
  } mean = {(FIRST_NODE + node) << NODE_SHIFT};
  Count d = {theta > LEAST_THETA ? theta : LEAST_THETA, mean.value, theta > POISSON_THETA};
  double first, second, variance = d.mean + (d.poisson ? 0.0 : d.mean * d.mean / d.theta), deviation = __builtin_sqrt(variance);
  int terms = d.mean + 10.0 * deviation < MOST_TERMS ? sum_of_counts(&d, &first, &second)
                                                     : integral_of_counts(&d, deviation, &first, &second);
  double log_zero = log_zero_of(&d), zero = zero_inflated ? 0.0 : double_exp(log_zero);
  out[0] = (float)(first + zero * log_zero);
  out[1] = (float)(second + zero * log_zero * log_zero);
  return terms;
}

/* Moments over x > 0 made those of an inflated count: x = 0 is added. */
INLINE void inflate(vec mean, vec theta, vec dropout, vec *first, vec *second) {
  vec log_zero = -theta * vlog1p(vmin(mean / theta, splat(1e37f)));
  vec keep = vsigmoid(-dropout), log_keep = -vsoftplus(dropout), positive = 1.0f - vexp(log_zero);
  /* ln(d + (1 - d) p(0)) as softplus(x) - softplus(-dropout), without what is large in both */
  vec x = log_zero - dropout, zero = splat(0.0f);
  vec above = pick(dropout < zero, log_zero, x), below = vmin(dropout, zero);
  vec log_inflated = pick(x > zero, above, below) + vlog1p(vexp(-vabs(x))) - vlog1p(vexp(-vabs(dropout)));
  vec inflated = vexp(log_inflated);
  vec square = positive * log_keep * log_keep + 2.0f * log_keep * *first + *second;
  *first = inflated * log_inflated + keep * (positive * log_keep + *first);
  *second = inflated * log_inflated * log_inflated + keep * square;
}

/* A cell's moments of a block's genes, before inflation; 0 when the terms have run out. */
INLINE int read_tables(const LikelihoodMomentsArgs *a, int from, int n, const float *mean, float *first, float *second, int *terms) {
  int node[MOMENT_GENES] __attribute__((aligned(64)));
  float part[MOMENT_GENES] __attribute__((aligned(64)));
  for (int k = 0; k < n; k += W) {
    ivec bits = as_ivec(vmin(vmax(load(mean + k), splat(LOWEST_MEAN)), splat(HIGHEST_MEAN)));
    *(ivec *)(node + k) = (bits >> NODE_SHIFT) - FIRST_NODE;
    store(part + k, __builtin_convertvector(bits & ((1 << NODE_SHIFT) - 1), vec) * (1.0f / (1 << NODE_SHIFT)));
  }
  for (int k = 0; k < n; k++) {
    float *at = a->nodes + ((intptr_t)(from + k) * a->nodes_of_gene + node[k]) * 2;
    for (int side = 0; side < 2; side++) {
      if (at[2 * side] != 0.0f) continue;
      if (*terms <= 0) return 0;
      *terms -= fill_node(a->theta[from + k], a->zero_logits != 0, node[k] + side, at + 2 * side);
    }
    first[k] = at[0] * (1.0f - part[k]) + at[2] * part[k];
    second[k] = at[1] * (1.0f - part[k]) + at[3] * part[k];
  }
  return 1;
}

INLINE int block_moments(const LikelihoodMomentsArgs *a, int block, int *terms) {
  int from = block * MOMENT_GENES, n = a->genes - from < MOMENT_GENES ? a->genes - from : MOMENT_GENES;
  float first[MOMENT_GENES] __attribute__((aligned(64))) = {0}, second[MOMENT_GENES] __attribute__((aligned(64))) = {0};
  for (int i = 0; i < a->cells; i++) {
    const float *mean = a->mean + (intptr_t)i * a->width + from;
    const float *dropout = a->zero_logits ? a->zero_logits + (intptr_t)i * a->width + from : 0;
    if (!read_tables(a, from, n, mean, first, second, terms)) return 0;
    vec expected = splat(0.0f), variance = splat(0.0f);
    for (int k = 0; k < n; k += W) {
      vec m = load(mean + k), e = load(first + k), v = load(second + k);
      if (dropout) inflate(m, load(a->theta + from + k), load(dropout + k), &e, &v);
      /* a mean that is no number shows; one below zero stands for a count that is not known */
      e += 0.0f * m;
      v = vmax(v - e * e, splat(0.0f)) + 0.0f * m;
      ivec known = ~(m < splat(0.0f));
      e = as_vec(as_ivec(e) & known), v = as_vec(as_ivec(v) & known);
      expected += k + W <= n ? e : first_lanes(e, n - k);
      variance += k + W <= n ? v : first_lanes(v, n - k);
    }
    a->expected[(intptr_t)block * a->padded + i] = sum(expected);
    a->variance[(intptr_t)block * a->padded + i] = sum(variance);
  }
  return 1;
}

KERNEL likelihood_moments(const Call *c) {
  LikelihoodMomentsArgs a = likelihood_moments_args(c);
  int from, to, terms = TERMS_PER_CALL;
  share(c, round_up(a.genes, MOMENT_GENES) / MOMENT_GENES, 1, &from, &to);
  for (int b = from; b < to; b++) {
    if (!a.pending[b]) continue;
    if (!block_moments(&a, b, &terms)) return;
    a.pending[b] = 0;
  }
}
