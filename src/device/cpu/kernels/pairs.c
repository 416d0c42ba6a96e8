/*
 * How two groups differ in a gene, from its scales in pairs of draws. Of the order of the changes a few ranks are wanted, the middle and
 * both ends: values are counted into bins of equal width, and only bins that hold such a rank are put in order.
 */
#include "memory.h"

/* Pairs whose sums are taken in single precision, before they go to a sum in double. */
#define RUN 256
#define LOG2E 1.44269504088896341f

INLINE vec log_ratio(const float *first, const float *second, float pseudocount) {
  return LOG2E * vlog((load(first) + pseudocount) / (load(second) + pseudocount));
}

/* Lanes of pairs that there are. */
INLINE ivec lanes_below(int n) {
  ivec lane;
  for (int i = 0; i < W; i++) lane[i] = i;
  return lane < isplat(n);
}

INLINE int lane_sum(ivec counts) {
  int total = 0;
  for (int i = 0; i < W; i++) total += counts[i];
  return total;
}

#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)
#define SORTS 3

/* Numbers whose order as unsigned integers is that of the floats. */
INLINE uint32_t key_of(int32_t bits) { return (uint32_t)bits ^ (uint32_t)((bits >> 31) | (int32_t)0x80000000); }
INLINE uint32_t bits_of_key(uint32_t key) { return key & 0x80000000u ? key ^ 0x80000000u : ~key; }

/* Sorts n floats digit by digit, in time that does not depend on what they are. */
static __attribute__((noinline)) void sort_digits(uint32_t *values, int n, uint32_t *space, uint32_t *counts) {
  for (int k = 0; k < SORTS * DIGITS; k++) counts[k] = 0;
  for (int i = 0; i < n; i++) {
    uint32_t key = values[i] = key_of((int32_t)values[i]);
    for (int s = 0; s < SORTS; s++) counts[s * DIGITS + ((key >> (s * DIGIT_BITS)) & (DIGITS - 1))]++;
  }
  uint32_t *from = values, *to = space;
  for (int s = 0; s < SORTS; s++) {
    uint32_t *next = counts + s * DIGITS, start = 0;
    for (int k = 0; k < DIGITS; k++) {
      uint32_t here = next[k];
      next[k] = start;
      start += here;
    }
    for (int i = 0; i < n; i++) to[next[(from[i] >> (s * DIGIT_BITS)) & (DIGITS - 1)]++] = from[i];
    uint32_t *other = from;
    from = to, to = other;
  }
  for (int i = 0; i < n; i++) values[i] = bits_of_key(from[i]);
}

/* As `BIN_WORDS` in pair-scales.ts has it. */
#define BINS 1024
/* With more values in one bin, digits sort faster than insertions. */
#define MOST_INSERTED 32

/*
 * Values of which some ranks are wanted. `starts` [BINS + 1]: values in the bins before each. `kept`: the values bin by bin. `space`: the bin
 * of each value, until digits are sorted there.
 */
typedef struct {
  int n;
  float least, most;
  int32_t *starts, *next;
  float *kept;
  uint32_t *space, *digits;
} Ranks;

/* Puts values into their bins; a NaN into any. */
static __attribute__((noinline)) void into_bins(Ranks *r, const float *values, int n) {
  vec least = splat(values[0]), most = least;
  for (int i = 0; i < n; i += W) {
    vec there = pick(lanes_below(n - i), load(values + i), splat(values[0]));
    least = vmin(there, least), most = vmax(there, most);
  }
  r->n = n, r->least = least[0], r->most = most[0];
  for (int l = 1; l < W; l++) {
    if (least[l] < r->least) r->least = least[l];
    if (most[l] > r->most) r->most = most[l];
  }
  const float scale = (float)BINS / (r->most - r->least);
  int32_t *bins = (int32_t *)r->space, *counts = r->starts + 1, *next = r->next;
  for (int i = 0; i < n; i += W) {
    vec bin = vmax(vmin((load(values + i) - r->least) * scale, splat((float)(BINS - 1))), splat(0.0f));
    store((float *)bins + i, as_vec(__builtin_convertvector(bin, ivec)));
  }
  for (int b = -1; b < BINS; b++) counts[b] = 0;
  for (int i = 0; i < n; i++) counts[bins[i]]++;
  for (int b = 0; b < BINS; b++) {
    next[b] = counts[b - 1];
    counts[b] += counts[b - 1];
  }
  for (int i = 0; i < n; i++) r->kept[next[bins[i]]++] = values[i];
}

/* The bin of a rank, sought from another one on. */
INLINE int bin_of_rank(const Ranks *r, int bin, int rank) {
  while (r->starts[bin + 1] <= rank) bin++;
  return bin;
}

/* Values from the rank `from` on, in order as far as the rank `to`. */
static __attribute__((noinline)) const float *ranks_between(const Ranks *r, int from, int to) {
  int first = bin_of_rank(r, 0, from), last = bin_of_rank(r, first, to), most = 0;
  for (int b = first; b <= last; b++) {
    int here = r->starts[b + 1] - r->starts[b];
    if (here > most) most = here;
  }
  float *kept = r->kept + r->starts[first];
  int n = r->starts[last + 1] - r->starts[first];
  if (most > MOST_INSERTED)
    sort_digits((uint32_t *)kept, n, r->space, r->digits);
  else
    for (int i = 1; i < n; i++) {
      float value = kept[i];
      int at = i;
      for (; at > 0 && kept[at - 1] > value; at--) kept[at] = kept[at - 1];
      kept[at] = value;
    }
  return r->kept + from;
}

INLINE float median_of(const Ranks *r) {
  const float *middle = ranks_between(r, (r->n - 1) / 2, r->n / 2);
  return r->n % 2 ? middle[0] : 0.5f * (middle[0] + middle[1]);
}

enum { UP, DOWN, MORE, SCALE_1, SCALE_2, EFFECT, EFFECT_LOW, EFFECT_HIGH, LFC_MEAN, LFC_MEDIAN, LFC_STD, LFC_MIN, LFC_MAX };

/* Fills changes with log2 ratios, and says how many are large in either direction, and the means of the scales. */
INLINE void count_changes(const PairEffectsArgs *a, const float *first, const float *second, float *changes, float *out) {
  ivec up = isplat(0), down = up, more = up;
  double total_1 = 0.0, total_2 = 0.0;
  for (int from = 0; from < a->pairs; from += RUN) {
    int to = from + RUN < a->pairs ? from + RUN : a->pairs;
    vec sum_1 = splat(0.0f), sum_2 = splat(0.0f);
    for (int i = from; i < to; i += W) {
      ivec there = lanes_below(to - i);
      vec change = log_ratio(first + i, second + i, a->pseudocount);
      store(changes + i, change);
      /* a lane that holds is -1 */
      up -= there & (change >= splat(a->delta));
      down -= there & (change <= splat(-a->delta));
      more -= there & (load(first + i) > load(second + i));
      sum_1 += as_vec(as_ivec(load(first + i)) & there);
      sum_2 += as_vec(as_ivec(load(second + i)) & there);
    }
    total_1 += sum(sum_1), total_2 += sum(sum_2);
  }
  out[UP] = (float)lane_sum(up), out[DOWN] = (float)lane_sum(down), out[MORE] = (float)lane_sum(more);
  out[SCALE_1] = (float)(total_1 / a->pairs), out[SCALE_2] = (float)(total_2 / a->pairs);
}

/* The shortest interval between values with a span of the others from one to the next. */
INLINE void shortest_interval(const Ranks *r, int span, float *out) {
  int last = r->n - 1 - span, best = 0;
  const float *high = ranks_between(r, span, r->n - 1), *low = ranks_between(r, 0, last);
  for (int i = 1; i <= last; i++)
    if (high[i] - low[i] < high[best] - low[best]) best = i;
  out[EFFECT_LOW] = low[best], out[EFFECT_HIGH] = high[best];
}

/* Mean and standard deviation of log2 ratios with little added, which are left in changes. */
INLINE void fold_moments(const PairEffectsArgs *a, const float *first, const float *second, float *changes, float *out) {
  double total = 0.0, squares = 0.0;
  for (int from = 0; from < a->pairs; from += RUN) {
    int to = from + RUN < a->pairs ? from + RUN : a->pairs;
    vec s = splat(0.0f);
    for (int i = from; i < to; i += W) {
      vec change = log_ratio(first + i, second + i, a->least_pseudocount);
      store(changes + i, change);
      s += as_vec(as_ivec(change) & lanes_below(to - i));
    }
    total += sum(s);
  }
  float mean = (float)(total / a->pairs);
  for (int from = 0; from < a->pairs; from += RUN) {
    int to = from + RUN < a->pairs ? from + RUN : a->pairs;
    vec s = splat(0.0f);
    for (int i = from; i < to; i += W) {
      vec off = load(changes + i) - mean;
      s += as_vec(as_ivec(off * off) & lanes_below(to - i));
    }
    squares += sum(s);
  }
  out[LFC_MEAN] = mean, out[LFC_STD] = (float)__builtin_sqrt(squares / a->pairs);
}

KERNEL pair_effects(const Call *c) {
  PairEffectsArgs a = pair_effects_args(c);
  int from, to, n = a.pairs;
  share(c, a.genes, 1, &from, &to);
  float *changes = a.scratch + (intptr_t)c->part * a.scratch_stride;
  float *kept = changes + a.stride, *space = kept + a.stride, *ordered = space + a.stride;
  int32_t *starts = (int32_t *)(ordered + a.stride), *next = starts + BINS + 16;
  Ranks ranks = {.starts = starts, .next = next, .kept = kept, .space = (uint32_t *)space, .digits = (uint32_t *)next + BINS};
  for (int g = from; g < to; g++) {
    const float *first = a.first + (intptr_t)g * a.stride, *second = a.second + (intptr_t)g * a.second_stride;
    if (a.order) {
      for (int i = 0; i < n; i++) ordered[i] = second[a.order[i]];
      second = ordered;
    }
    float *out = a.effects + (intptr_t)g * 16;
    count_changes(&a, first, second, changes, out);
    into_bins(&ranks, changes, n);
    out[EFFECT] = median_of(&ranks);
    shortest_interval(&ranks, a.span, out);
    fold_moments(&a, first, second, changes, out);
    into_bins(&ranks, changes, n);
    out[LFC_MEDIAN] = median_of(&ranks);
    out[LFC_MIN] = ranks.least, out[LFC_MAX] = ranks.most;
  }
}
