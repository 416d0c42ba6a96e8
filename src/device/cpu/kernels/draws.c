/*
 * Counts drawn from a decoder's distributions, cell by cell as sparse rows. Every count has random words of its own, found by its
 * cell and gene, so neither threads nor vectors show.
 */
#include "double.h"
#include "likelihood.h"
#include "philox.h"

/* Means above this are drawn as a Poisson of a gamma; below, by going up the distribution from zero. */
#define MOST_BY_INVERSION 30.0
#define POISSON_BY_SEARCH 10.0
#define UNKNOWN -1.0f

/* Steps of the generator's counter: what the words of a count are for. The last one goes on as long as draws are rejected. */
enum { FIRST_WORD, DROPOUT_WORD, MORE_WORDS };

INLINE double open_unit(uint32_t word) { return (word + 0.5) * 2.3283064365386963e-10; }

/* More random numbers of one count, four from each step. */
typedef struct {
  uint32_t seed, purpose, gene, row, step;
  int used;
  uint32_t words[4][W] __attribute__((aligned(64)));
} Stream;

INLINE double next_unit(Stream *s) {
  if (s->used == 4) {
    philox(s->seed, s->purpose, s->gene, s->row, s->step++, s->words);
    s->used = 0;
  }
  return open_unit(s->words[s->used++][0]);
}

/* Standard normal by Marsaglia's polar method. */
INLINE double next_normal(Stream *s) {
  for (;;) {
    double u = 2.0 * next_unit(s) - 1.0, v = 2.0 * next_unit(s) - 1.0, r = u * u + v * v;
    if (r < 1.0 && r > 0.0) return u * __builtin_sqrt(-2.0 * double_log(r) / r);
  }
}

/* Gamma of rate 1 by Marsaglia and Tsang (2000); for a shape below 1 from shape + 1 and a power of a uniform. */
INLINE double next_gamma(Stream *s, double shape) {
  double boost = 1.0;
  if (shape < 1.0) boost = double_exp(double_log(next_unit(s)) / shape), shape += 1.0;
  double d = shape - 1.0 / 3.0, c = 1.0 / __builtin_sqrt(9.0 * d);
  for (;;) {
    double x = next_normal(s), root = 1.0 + c * x;
    if (root <= 0.0) continue;
    double v = root * root * root;
    if (double_log(next_unit(s)) < 0.5 * x * x + d * (1.0 - v + double_log(v))) return d * v * boost;
  }
}

/* Poisson: search of the distribution function below 10, transformed rejection (Hoermann 1993, PTRS) above. */
INLINE double next_poisson(Stream *s, double mean) {
  if (mean < POISSON_BY_SEARCH) {
    double left = next_unit(s), p = double_exp(-mean), k = 0.0;
    while (left >= p && p > 0.0) left -= p, k += 1.0, p *= mean / k;
    return k;
  }
  double log_mean = double_log(mean), b = 0.931 + 2.53 * __builtin_sqrt(mean), a = -0.059 + 0.02483 * b;
  double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), acceptance = 0.9277 - 3.6224 / (b - 2.0);
  for (;;) {
    double u = next_unit(s) - 0.5, v = next_unit(s), side = 0.5 - (u < 0.0 ? -u : u);
    double k = __builtin_floor((2.0 * a / side + b) * u + mean + 0.43);
    if (side >= 0.07 && v <= acceptance) return k;
    if (k < 0.0 || (side < 0.013 && v > side)) continue;
    double log_ratio = double_log(v * inverse_alpha / (a / (side * side) + b));
    if (log_ratio <= k * log_mean - mean - double_log_gamma(k + 1.0)) return k;
  }
}

/* One count of a negative binomial, or of a Poisson where theta is infinite. `upper` is a uniform: small where the count is large. */
static __attribute__((noinline)) float draw_count(Stream *s, double upper, double mean, double theta) {
  int poisson = theta > 1e12;
  if (mean > MOST_BY_INVERSION) return (float)next_poisson(s, poisson ? mean : next_gamma(s, theta) * mean / theta);
  double p = double_exp(poisson ? -mean : -theta * double_log1p(mean / theta)), tail = 1.0 - p;
  double ratio = poisson ? mean : mean / (theta + mean), x = 0.0;
  /* up the distribution, to where the next probability no longer shows */
  while (upper < tail && x < 1e6) {
    p *= ratio * (poisson ? 1.0 : x + theta) / (x + 1.0);
    x += 1.0;
    tail -= p;
    if (p < 1e-18 && x > mean) break;
  }
  return (float)x;
}

/*
 * A little more than the probability of a count above 0, gene by gene: no smaller uniform number, no count. 2 where the mean is not known, and
 * where a count does not come from that number.
 */
INLINE void not_zero(const float *mean, const float *theta, int n, float *most) {
  for (int k = 0; k < n; k += W) {
    /* rows of dispersions are as long as there are genes: they start anywhere, and have nothing after them */
    vec t = splat(1.0f), m = load(mean + k);
    if (k + W <= n) t = loadu(theta + k);
    else
      for (int l = 0; k + l < n; l++) t[l] = theta[k + l];
    t = vmax(t, splat(1e-37f));
    vec exponent = pick(t > splat(1e12f), m, t * vlog1p(vmin(m / t, splat(1e30f))));
    /* the margin is far above the rounding of single precision */
    vec p = 1.0f - vexp(-exponent) + 1e-5f;
    store(most + k, pick((m >= splat(0.0f)) & (m <= splat((float)MOST_BY_INVERSION)), p, splat(2.0f)));
  }
}

KERNEL draw_counts(const Call *c) {
  DrawCountsArgs a = draw_counts_args(c);
  float most[4 * W] __attribute__((aligned(64)));
  uint32_t words[4][W] __attribute__((aligned(64)));
  int first, last;
  share(c, a.cells, 1, &first, &last);
  for (int i = first; i < last; i++) {
    const float *mean = a.mean + (intptr_t)(a.first_row + i) * a.width;
    const float *dropout = a.zero_logits ? a.zero_logits + (intptr_t)(a.first_row + i) * a.width : 0;
    const float *theta = a.theta + (intptr_t)a.codes[i] * a.genes;
    int32_t *gene = a.gene + (intptr_t)i * a.genes;
    float *count = a.count + (intptr_t)i * a.genes;
    uint32_t row = (uint32_t)a.numbers[i];
    int n = 0;
    for (int from = 0; from < a.genes; from += 4 * W) {
      philox(a.seed, a.purpose, (uint32_t)from / 4, row, FIRST_WORD, words);
      int here = a.genes - from < 4 * W ? a.genes - from : 4 * W;
      not_zero(mean + from, theta + from, here, most);
      for (int k = 0; k < here; k++) {
        int g = from + k;
        uint32_t word = words[k & 3][k >> 2];
        /* most counts are zeros, which need no double precision */
        if (!(unit(word) < most[k])) continue;
        int known = !(mean[g] < 0.0f);
        Stream s = {a.seed, a.purpose, (uint32_t)g, row, DROPOUT_WORD, 4};
        float x = UNKNOWN;
        if (known) {
          if (dropout && next_unit(&s) < vsigmoid(splat(dropout[g]))[0]) continue;
          s.step = MORE_WORDS, s.used = 4;
          x = draw_count(&s, open_unit(word), mean[g], theta[g] > 1e-37f ? theta[g] : 1e-37f);
          if (x == 0.0f) continue;
        }
        gene[n] = g;
        count[n++] = x;
      }
    }
    a.entries[i] = n;
  }
}
