/*
 * A minibatch of which many counts are not zero: whole rows, [gene][cell] with the zeros in them. They are quicker to fill than
 * lists of entries, and the first layer is two plain products.
 */
#include "gemm-half.h"
#include "gradient-sink.h"
#include "covariates.h"
#include "rows.h"

/* Genes whose rows are filled at once, within the first-level cache where a minibatch is of 128 cells. */
#define FILLED_GENES 32

/* log1p of 0, 1, ... 15: most counts are as small. */
INLINE void fill_logs(float *logs) {
  for (int k = 0; k < TABLED; k += W) store(logs + k, vlog1p(counting(k)));
}

INLINE vec log1p_of(vec x, const float *logs) {
  ivec tabled = is_tabled(x);
  vec y = lookup(logs, x, tabled);
  return every_lane(tabled) ? y : pick(tabled, y, vlog1p(x));
}

/* Threads own genes, and find where they begin in each cell by themselves. */
KERNEL stage_full(const Call *c) {
  StageFullArgs a = stage_full_args(c);
  int cells = a.csr.cells, padded = a.padded, first, last;
  int32_t *begin = a.begins + (intptr_t)a.begin_stride * c->part;
  float logs[TABLED] __attribute__((aligned(64)));
  fill_logs(logs);
  share(c, a.csr.genes, 16, &first, &last);
  for (int i = 0; i < cells; i++) {
    Row row = row_of(&a.csr, a.sources, i);
    begin[i] = first_masked(row.gene, row.count ? -1 : GENE_BITS, 0, row.entries, first);
  }
  for (int g0 = first; g0 < last; g0 += FILLED_GENES) {
    int g1 = last - g0 < FILLED_GENES ? last : g0 + FILLED_GENES;
    float *counts = a.full_count + (intptr_t)g0 * padded;
    for (int k = 0; k < (g1 - g0) * padded; k += W) store(counts + k, splat(0.0f));
    for (int i = 0; i < cells; i++) {
      Row row = row_of(&a.csr, a.sources, i);
      int k = begin[i];
      if (row.count) {
        for (; k < row.entries && row.gene[k] < g1; k++) counts[(row.gene[k] - g0) * padded + i] = row.count[k];
        prefetch(row.count + k, 32);
      } else {
        for (int g; k < row.entries && (g = row.gene[k] & GENE_BITS) < g1; k++)
          counts[(g - g0) * padded + i] = count_of(row.gene[k]);
      }
      begin[i] = k;
      /* so many rows are too many for the processor to see where each goes on */
      prefetch((const float *)row.gene + k, 32);
    }
    float *log = a.full_log + (intptr_t)g0 * padded;
    for (int k = 0; k < (g1 - g0) * padded; k += W) store(log + k, log1p_of(load(counts + k), logs));
  }
}

/* Genes whose rows stay in the second-level cache while the columns of a product pass. */
#define PASSING_GENES (21 * TILE_ROWS)

/* Threads own cells. */
KERNEL full_forward(const Call *c) {
  FullForwardArgs a = full_forward_args(c);
  int cells = a.cells, genes = a.genes, width = a.width;
  int first, last;
  share(c, cells, TILE_ROWS, &first, &last);
  for (int i = first; i < last; i++) {
    float *out = a.output + (intptr_t)i * width;
    for (int j = 0; j < width; j += W) store(out + j, load(a.bias + j));
    add_covariates(&a.covariates, i, a.weight + (intptr_t)genes * width, width, out);
  }
  intptr_t padded = a.padded;
  for (int g = 0; g < genes; g += PASSING_GENES) {
    int n = genes - g < PASSING_GENES ? genes - g : PASSING_GENES;
    Product p = {a.full_log + g * padded, 1, padded, a.weight + (intptr_t)g * width, width, n};
    product_of(a.half, &p, first, last, width, a.output, width, 1);
  }
}

/* Threads own genes. */
KERNEL full_gradient(const Call *c) {
  FullGradientArgs a = full_gradient_args(c);
  int cells = a.cells, genes = a.genes, width = a.width;
  GradientSink to = {a.weight, width, a.adam};
  Product p = {a.full_log, a.padded, 1, a.output_gradient, width, cells};
  int first, last;
  share(c, genes, TILE_ROWS, &first, &last);
  for (int g = first; g < last; g += PASSING_GENES) {
    int end = last - g < PASSING_GENES ? last : g + PASSING_GENES;
    each_tile_of(a.half, &p, g, end, width, to_gradient, &to);
  }
  shared_gradient(c, &a.covariates, genes, cells, a.output_gradient, width, &a.weight, &a.bias, &a.adam);
}
