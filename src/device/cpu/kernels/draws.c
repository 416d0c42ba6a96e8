/*
 * Counts drawn from a decoder's distributions, cell by cell as sparse rows. Every count has random words of its own, found by its
 * cell and gene, so neither threads nor vectors show.
 */
#include "double-vec.h"
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

/* A count of a large mean: negative binomial, or Poisson where theta is infinite. */
static __attribute__((noinline)) float large_count(Stream *s, double mean, double theta) {
  return (float)next_poisson(s, theta > 1e12 ? mean : next_gamma(s, theta) * mean / theta);
}

/* Counts of small means that wait until they fill a vector. `upper` is a uniform: small where the count is large. */
typedef struct {
  int n;
  float *to[D];
  double upper[D], mean[D], theta[D];
} __attribute__((aligned(64))) Waiting;

/* Goes up the distributions from zero, to where the next probability no longer shows. */
static __attribute__((noinline)) void count_up(Waiting *w) {
  for (int l = w->n; l < D; l++) w->upper[l] = w->mean[l] = w->theta[l] = 1.0;
  dvec upper = *(dvec *)w->upper, mean = *(dvec *)w->mean, theta = *(dvec *)w->theta;
  lvec poisson = theta > dsplat(1e12);
  dvec p = dvec_exp(dpick(poisson, -mean, -theta * dvec_log1p(mean / theta))), tail = 1.0 - p, x = dsplat(0.0);
  dvec ratio = dpick(poisson, mean, mean / (theta + mean));
  for (lvec on = upper < tail; any_of(on); on &= (upper < tail) & (x < dsplat(1e6)) & ~((p < dsplat(1e-18)) & (x > mean))) {
    /* of a lane that has arrived the count alone stays */
    p = p * (ratio * dpick(poisson, dsplat(1.0), x + theta) / (x + 1.0));
    x = dpick(on, x + 1.0, x);
    tail = tail - p;
  }
  for (int l = 0; l < w->n; l++) *w->to[l] = (float)x[l];
  w->n = 0;
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

/* What a row's counts come from. */
typedef struct {
  const float *mean, *theta, *dropout;
  uint32_t seed, purpose, row;
} CountRow;

/* Draws the count of a gene that may not be 0, at once or when others wait with it. */
INLINE void draw_count(const CountRow *r, int g, uint32_t word, Waiting *waiting, float *count) {
  Stream s = {r->seed, r->purpose, (uint32_t)g, r->row, DROPOUT_WORD, 4};
  *count = UNKNOWN;
  if (r->mean[g] < 0.0f) return;
  *count = 0.0f;
  if (r->dropout && next_unit(&s) < vsigmoid(splat(r->dropout[g]))[0]) return;
  double mean = r->mean[g], theta = r->theta[g] > 1e-37f ? r->theta[g] : 1e-37f;
  if (mean > MOST_BY_INVERSION) {
    s.step = MORE_WORDS, s.used = 4;
    *count = large_count(&s, mean, theta);
    return;
  }
  int l = waiting->n++;
  waiting->to[l] = count, waiting->upper[l] = open_unit(word), waiting->mean[l] = mean, waiting->theta[l] = theta;
  if (waiting->n == D) count_up(waiting);
}

/* Genes of a row that may have counts, and these; says how many. */
INLINE int draw_row(const CountRow *r, int genes, int32_t *gene, float *count) {
  float most[4 * W] __attribute__((aligned(64)));
  uint32_t words[4][W] __attribute__((aligned(64))), in_turn[4 * W] __attribute__((aligned(64)));
  Waiting waiting = {.n = 0};
  int n = 0;
  for (int from = 0; from < genes; from += 4 * W) {
    int here = genes - from < 4 * W ? genes - from : 4 * W;
    philox(r->seed, r->purpose, (uint32_t)from / 4, r->row, FIRST_WORD, words);
    for (int l = 0; l < W; l++)
      for (int k = 0; k < 4; k++) in_turn[4 * l + k] = words[k][l];
    not_zero(r->mean + from, r->theta + from, here, most);
    for (int k = 0; k < here; k += W) {
      /* most counts are zeros, which need no double precision */
      uvec word = *(uvec *)(in_turn + k);
      vec upper = __builtin_convertvector((ivec)(word >> 8), vec) * 5.9604644775390625e-8f;
      for (uint32_t bits = lane_bits(upper < load(most + k)); bits; bits &= bits - 1) {
        int lane = k + __builtin_ctz(bits);
        if (lane >= here) break;
        gene[n] = from + lane;
        draw_count(r, from + lane, in_turn[lane], &waiting, count + n++);
      }
    }
  }
  count_up(&waiting);
  return n;
}

KERNEL draw_counts(const Call *c) {
  DrawCountsArgs a = draw_counts_args(c);
  int first, last;
  share(c, a.cells, 1, &first, &last);
  for (int i = first; i < last; i++) {
    intptr_t at = (intptr_t)(a.first_row + i) * a.width, to = (intptr_t)i * a.genes;
    const float *theta = a.theta + (intptr_t)a.codes[i] * a.genes;
    CountRow row = {a.mean + at, theta, a.zero_logits ? a.zero_logits + at : 0, a.seed, a.purpose, (uint32_t)a.numbers[i]};
    int n = draw_row(&row, a.genes, a.gene + to, a.count + to), kept = 0;
    for (int k = 0; k < n; k++) {
      float x = a.count[to + k];
      a.gene[to + kept] = a.gene[to + k], a.count[to + kept] = x;
      kept += x != 0.0f;
    }
    a.entries[i] = kept;
  }
}
