/* All kernels as one unit, called by the numbers that arguments.h gives them. */
#include "sparse.c"
#include "full.c"
#include "dense.c"
#include "latent.c"
#include "head.c"
#include "head-counts.c"
#include "map-reduce.c"
#include "mixture.c"
#include "moments.c"
#include "draws.c"
#include "layout.c"
#include "fuzzy.c"
#include "nearest.c"
#include "decode.c"
#include "normals.c"
#include "expression.c"
#include "pairs.c"
#include "spread.c"
#include "correlate.c"
#include "pearson.c"
#include "nearest-points.c"
#include "blocks.c"

#define CASE(NUMBER, KERNEL_NAME) case NUMBER: KERNEL_NAME(c); break;

static void run_kernel(int kernel, float *base, uint32_t arguments, int part, int parts) {
  Call call = {base, (const int32_t *)(base + arguments), part, parts};
  const Call *c = &call;
  switch (kernel) { EACH_KERNEL(CASE) }
}
