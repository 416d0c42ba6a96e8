/*
 * What is made of decoded scales, cells x genes: sums over the draws of a cell, the scales of a gene in all pairs, and how two groups
 * differ in a gene. Threads own columns, so sums have one order.
 */
#include "memory.h"

/* sums[to[row]] += factor[row] mean[row], row by row. */
KERNEL add_scales(const Call *c) {
  AddScalesArgs a = add_scales_args(c);
  int first, last;
  share(c, a.columns, 16, &first, &last);
  for (int r = 0; r < a.rows; r++) {
    const float *mean = a.mean + (intptr_t)r * a.width;
    float *sums = a.sums + (intptr_t)a.to[r] * a.sums_width, factor = a.factor[r];
    if (a.chosen)
      for (int k = first; k < last; k++) sums[k] += factor * mean[a.chosen[k]];
    else
      for (int k = first; k < last; k += W) store(sums + k, load(sums + k) + factor * load(mean + k));
  }
}

/* Turns rows of scales into rows of genes, in tiles that fit cache lines. */
KERNEL scales_by_gene(const Call *c) {
  ScalesByGeneArgs a = scales_by_gene_args(c);
  int first, last;
  share(c, a.genes, 16, &first, &last);
  for (int g = first; g < last; g += 16) {
    int genes = last - g < 16 ? last - g : 16;
    const float *from = a.mean + a.first_gene + g;
    float *to = a.scales + (intptr_t)g * a.stride + a.first_pair;
    for (int r = 0; r < a.rows; r += 16) {
      int rows = a.rows - r < 16 ? a.rows - r : 16;
      for (int k = 0; k < genes; k++)
        for (int i = 0; i < rows; i++) to[k * a.stride + r + i] = from[(intptr_t)(r + i) * a.width + k];
    }
  }
}

/* The largest scale of each gene so far. */
KERNEL raise_largest(const Call *c) {
  RaiseLargestArgs a = raise_largest_args(c);
  int first, last;
  share(c, a.genes, 16, &first, &last);
  for (int k = first; k < last; k += W) {
    vec most = load(a.largest + k);
    for (int r = 0; r < a.rows; r++) most = vmax(load(a.mean + (intptr_t)r * a.width + k), most);
    store(a.largest + k, most);
  }
}

/* Pairs whose sums are taken in single precision, before they go to a sum in double. */
#define RUN 256
#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)
#define SORTS 3
#define LOG2E 1.44269504088896341f

/* Numbers whose order as unsigned integers is that of the floats. */
INLINE uint32_t key_of(int32_t bits) { return (uint32_t)bits ^ (uint32_t)((bits >> 31) | (int32_t)0x80000000); }
INLINE float of_key(uint32_t key) {
  union {
    uint32_t bits;
    float value;
  } x = {key & 0x80000000u ? key ^ 0x80000000u : ~key};
  return x.value;
}

/* Sorts n floats, digit by digit; they end as keys in `space`, and what `values` held is lost. */
static __attribute__((noinline)) void sort_keys(uint32_t *values, int n, uint32_t *space, uint32_t *counts) {
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
}

INLINE float median_of(const uint32_t *sorted, int n) {
  float upper = of_key(sorted[n / 2]);
  return n % 2 ? upper : 0.5f * (of_key(sorted[n / 2 - 1]) + upper);
}

INLINE vec log_ratio(const float *first, const float *second, float pseudocount) {
  return LOG2E * vlog((load(first) + pseudocount) / (load(second) + pseudocount));
}

/* Lanes of pairs that there are. */
INLINE ivec lanes_below(int n) {
  ivec lane;
  for (int i = 0; i < W; i++) lane[i] = i;
  return lane < isplat(n);
}

INLINE int count_lanes(ivec mask) { return __builtin_popcount(lane_bits(mask)); }

enum { UP, DOWN, MORE, SCALE_1, SCALE_2, EFFECT, EFFECT_LOW, EFFECT_HIGH, LFC_MEAN, LFC_MEDIAN, LFC_STD, LFC_MIN, LFC_MAX };

/* Fills changes with log2 ratios, and says how many are large in either direction, and the means of the scales. */
INLINE void count_changes(const PairEffectsArgs *a, const float *first, const float *second, float *changes, float *out) {
  int up = 0, down = 0, more = 0;
  double total_1 = 0.0, total_2 = 0.0;
  for (int from = 0; from < a->pairs; from += RUN) {
    int to = from + RUN < a->pairs ? from + RUN : a->pairs;
    vec sum_1 = splat(0.0f), sum_2 = splat(0.0f);
    for (int i = from; i < to; i += W) {
      ivec there = lanes_below(to - i);
      vec change = log_ratio(first + i, second + i, a->pseudocount);
      store(changes + i, change);
      up += count_lanes(there & (change >= splat(a->delta)));
      down += count_lanes(there & (change <= splat(-a->delta)));
      more += count_lanes(there & (load(first + i) > load(second + i)));
      sum_1 += as_vec(as_ivec(load(first + i)) & there);
      sum_2 += as_vec(as_ivec(load(second + i)) & there);
    }
    total_1 += sum(sum_1), total_2 += sum(sum_2);
  }
  out[UP] = (float)up, out[DOWN] = (float)down, out[MORE] = (float)more;
  out[SCALE_1] = (float)(total_1 / a->pairs), out[SCALE_2] = (float)(total_2 / a->pairs);
}

/* The shortest interval between sorted values with a span of them. */
INLINE void shortest_interval(const uint32_t *sorted, int n, int span, float *out) {
  int best = 0;
  float least = of_key(sorted[span]) - of_key(sorted[0]);
  for (int at = 1; at + span < n; at++) {
    float width = of_key(sorted[at + span]) - of_key(sorted[at]);
    if (width < least) least = width, best = at;
  }
  out[EFFECT_LOW] = of_key(sorted[best]), out[EFFECT_HIGH] = of_key(sorted[best + span]);
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

/* How two groups differ in each gene, from their scales in pairs of draws. */
KERNEL pair_effects(const Call *c) {
  PairEffectsArgs a = pair_effects_args(c);
  int from, to, n = a.pairs;
  share(c, a.genes, 1, &from, &to);
  float *changes = a.scratch + (intptr_t)c->part * a.scratch_stride;
  uint32_t *keys = (uint32_t *)changes, *sorted = keys + a.stride, *counts = sorted + a.stride;
  for (int g = from; g < to; g++) {
    const float *first = a.first + (intptr_t)g * a.stride, *second = a.second + (intptr_t)g * a.stride;
    float *out = a.effects + (intptr_t)g * 16;
    count_changes(&a, first, second, changes, out);
    sort_keys(keys, n, sorted, counts);
    out[EFFECT] = median_of(sorted, n);
    shortest_interval(sorted, n, a.span, out);
    fold_moments(&a, first, second, changes, out);
    sort_keys(keys, n, sorted, counts);
    out[LFC_MEDIAN] = median_of(sorted, n);
    out[LFC_MIN] = of_key(sorted[0]), out[LFC_MAX] = of_key(sorted[n - 1]);
  }
}
