/*
 * Strengths of a cell's ties to its neighbours in UMAP's graph: exp(-max(0, x - rho) / sigma), where rho is the least distance
 * above 0 and sigma makes the strengths sum to log2 of the number of neighbours, the cell itself among them.
 */
#include "arguments.h"

#define BISECTIONS 64
#define TOLERANCE 1e-5f
/* Least scale of a cell's distances, as a share of their mean. */
#define LEAST_SCALE 1e-3f

/* Strengths of ties at distances x, written or only summed. */
INLINE float strengths(const float *x, int others, float rho, float sigma, float *out) {
  vec total = splat(0.0f), inverse = splat(-1.0f / sigma);
  for (int c = 0; c < others; c += W) {
    vec beyond = loadu(x + c) - rho;
    vec strength = pick(beyond > splat(0.0f), vexp(beyond * inverse), splat(1.0f));
    int lanes = others - c < W ? others - c : W;
    if (out)
      for (int l = 0; l < lanes; l++) out[c + l] = strength[l];
    total += first_lanes(strength, lanes);
  }
  return sum(total);
}

KERNEL tie_strengths(const Call *c) {
  TieStrengthsArgs a = tie_strengths_args(c);
  int first, last, others = a.k - 1;
  share(c, a.cells, 16, &first, &last);
  for (int i = first; i < last; i++) {
    const float *x = a.distances + (intptr_t)i * a.k + 1;
    float rho = 0.0f, total = 0.0f;
    for (int n = others; n-- > 0;) {
      total += x[n];
      if (x[n] > 0.0f) rho = x[n];
    }
    float mean = rho > 0.0f ? total / (float)a.k : a.mean_distance;
    float low = 0.0f, high = 0.0f, sigma = 1.0f;
    for (int step = 0; step < BISECTIONS; step++) {
      float excess = strengths(x, others, rho, sigma, 0) - a.target;
      if (excess < TOLERANCE && excess > -TOLERANCE) break;
      if (excess > 0.0f) high = sigma;
      else low = sigma;
      sigma = high == 0.0f ? 2.0f * sigma : 0.5f * (low + high);
    }
    if (sigma < LEAST_SCALE * mean) sigma = LEAST_SCALE * mean;
    if (!(sigma > 0.0f)) sigma = 1.0f;
    strengths(x, others, rho, sigma, a.strengths + (intptr_t)i * others);
  }
}
