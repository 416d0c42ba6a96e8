/*
 * Pearson's statistic of counts and their means, cell by cell: of all counts as if they were zero, then of those that are not.
 */
#include "likelihood.h"

typedef struct {
  vec mean, variance;
} Expected;

/* Of counts whose zeros may be inflated by dropout. */
INLINE Expected expected_count(vec mean, vec theta, const float *logits, int at) {
  vec spread = mean / theta;
  Expected e = {mean, mean * (1.0f + spread)};
  if (logits) {
    vec drop = vsigmoid(loadu(logits + at)), keep = 1.0f - drop;
    e.mean = keep * mean;
    e.variance = e.mean * (1.0f + spread + drop * mean);
  }
  return e;
}

KERNEL pearson_sums(const Call *c) {
  PearsonSumsArgs a = pearson_sums_args(c);
  int first, last;
  share(c, a.cells, 1, &first, &last);
  for (int i = first; i < last; i++) {
    const float *mean = a.mean + (intptr_t)i * a.width, *theta = a.theta + (intptr_t)a.codes[i] * a.width;
    const float *logits = a.zero_logits ? a.zero_logits + (intptr_t)i * a.width : 0;
    vec total = splat(0.0f), known = splat(0.0f), zero = splat(0.0f);
    for (int g = 0; g < a.genes; g += W) {
      vec at = load(mean + g), clipped = vmax(at, zero);
      Expected e = expected_count(clipped, load(theta + g), logits, g);
      ivec is_known = at >= zero;
      vec term = pick(is_known, e.mean * e.mean / (e.variance + a.floor), zero);
      vec one = pick(is_known, splat(1.0f), zero);
      int n = a.genes - g < W ? a.genes - g : W;
      total += first_lanes(term, n);
      known += first_lanes(one, n);
    }
    float sum_of_counts = 0.0f;
    for (int k = a.start[i]; k < a.start[i + 1]; k++) {
      int g = a.gene[k];
      if (mean[g] < 0.0f) continue;
      float spread = mean[g] / theta[g], m = mean[g], v = m * (1.0f + spread), x = a.count[k];
      if (logits) {
        float drop = vsigmoid(splat(logits[g]))[0];
        m = (1.0f - drop) * mean[g];
        v = m * (1.0f + spread + drop * mean[g]);
      }
      sum_of_counts += x * (x - 2.0f * m) / (v + a.floor);
    }
    a.total[i] = sum(total) + sum_of_counts;
    a.known[i] = sum(known);
  }
}
