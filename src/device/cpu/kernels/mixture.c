/*
 * Densities of cells under a mixture of Student t or normal distributions, each with a scale of its own in every dimension, up to one
 * constant. A cell in each vector lane: the sums over the components have one order for every cell, whoever owns it.
 */
#include "arguments.h"

/* Components whose logarithms are kept until their largest is known. */
#define MIXTURE_CHUNK 64
/* Squared distances are cut off here: beyond, float32 ends, and no two cells lie that far apart. NaN stays. */
#define FARTHEST 1e38f

KERNEL mixture_density(const Call *c) {
  MixtureDensityArgs a = mixture_density_args(c);
  int d = a.dims, first, last;
  intptr_t stride = 2 * (intptr_t)d;
  vec logs[MIXTURE_CHUNK];
  share(c, a.cells, 16, &first, &last);
  for (int i = first; i < last; i += W) {
    ivec self = *(const ivec *)(a.self + i);
    vec largest = splat(-1e30f), total = splat(0.0f);
    for (int from = 0; from < a.components; from += MIXTURE_CHUNK) {
      int n = a.components - from < MIXTURE_CHUNK ? a.components - from : MIXTURE_CHUNK;
      vec before = largest;
      for (int k = 0; k < n; k++) {
        const float *component = a.component + (from + k) * stride;
        vec squared = splat(0.0f);
        for (int f = 0; f < d; f++) {
          vec difference = load(a.cell + (intptr_t)f * a.padded + i) - component[2 * f];
          squared = multiply_add(difference * difference, splat(component[2 * f + 1]), squared);
        }
        squared = pick(squared > splat(FARTHEST), splat(FARTHEST), squared);
        if (!a.normal) squared = a.power * vlog(1.0f + squared);
        vec log = a.log_peak[from + k] - squared;
        /* a cell is no part of the mixture that it is held against */
        logs[k] = pick(self == isplat(a.owner[from + k]), splat(-2e30f), log);
        largest = vmax(logs[k], largest);
      }
      total *= vexp(before - largest);
      for (int k = 0; k < n; k++) total += vexp(logs[k] - largest);
    }
    store(a.largest + i, largest);
    store(a.total + i, total);
  }
}
