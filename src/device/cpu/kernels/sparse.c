/*
 * The minibatch's counts and the encoder's first layer, which touches only the nonzeros.
 *
 * Forward: a cell's row is a sum of weight rows, so threads own cells. Backward: the minibatch is turned gene-major, a gene's
 * gradient stays in registers while its cells pass, and Adam can follow at once, so threads own genes.
 */
#include "adam.h"

/* Where the genes from `least` on begin in a cell's ascending entries [lo, hi). */
INLINE int first_from(const int32_t *gene, int lo, int hi, int least) {
  while (lo < hi) {
    int mid = (lo + hi) >> 1;
    if (gene[mid] < least) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/* args: cells, genes, row_start, gene, count, log1p, gene_count */
KERNEL stage_count(const Call *c) {
  int cells = int_arg(c, 0), genes = int_arg(c, 1);
  const int32_t *row_start = ints_arg(c, 2), *gene = ints_arg(c, 3);
  const float *count = tensor_arg(c, 4);
  float *log_count = tensor_arg(c, 5);
  int32_t *gene_count = ints_arg(c, 6);
  int first, last;
  share(c, row_start[cells], W, &first, &last);
  for (int i = first; i < last; i += W) store(log_count + i, vlog1p(load(count + i)));
  share(c, genes, 16, &first, &last);
  for (int g = first; g < last; g++) gene_count[g] = 0;
  for (int i = 0; i < cells; i++) {
    int end = row_start[i + 1], lo = first_from(gene, row_start[i], end, first);
    for (int k = lo; k < end && gene[k] < last; k++) gene_count[gene[k]]++;
  }
}

/* args: cells, genes, row_start, gene, count, log1p, gene_count, gene_start, cell, gene_major count, gene_major log1p */
KERNEL stage_scatter(const Call *c) {
  int cells = int_arg(c, 0), genes = int_arg(c, 1);
  const int32_t *row_start = ints_arg(c, 2), *gene = ints_arg(c, 3);
  const float *count = tensor_arg(c, 4), *log_count = tensor_arg(c, 5);
  int32_t *gene_count = ints_arg(c, 6), *gene_start = ints_arg(c, 7), *cell = ints_arg(c, 8);
  float *gene_x = tensor_arg(c, 9), *gene_log = tensor_arg(c, 10);
  int first, last;
  share(c, genes, 16, &first, &last);
  int at = 0;
  for (int i = 0; i < cells; i++) {
    /* entries of genes below this share, without reading the other threads' counts */
    at += first_from(gene, row_start[i], row_start[i + 1], first) - row_start[i];
  }
  for (int g = first; g < last; g++) {
    gene_start[g] = at;
    at += gene_count[g];
    gene_count[g] = gene_start[g];
  }
  if (c->part == c->parts - 1) gene_start[genes] = row_start[cells];
  for (int i = 0; i < cells; i++) {
    int end = row_start[i + 1], lo = first_from(gene, row_start[i], end, first);
    for (int k = lo; k < end && gene[k] < last; k++) {
      int to = gene_count[gene[k]]++;
      cell[to] = i;
      gene_x[to] = count[k];
      gene_log[to] = log_count[k];
    }
  }
}

/* Covariates in the arguments, from word i: codes, categories (ints), number of covariates, values, number of values, row stride of both. */
#define COVARIATE_WORDS 6
typedef struct {
  const int32_t *codes; /* covariate-major: [covariate][cell] */
  const int32_t *categories;
  int n_categorical;
  const float *values; /* [covariate][cell] */
  int n_continuous, stride;
} Covariates;

INLINE Covariates covariates_arg(const Call *c, int i) {
  Covariates v = {ints_arg(c, i),       ints_arg(c, i + 1), int_arg(c, i + 2),
                  tensor_arg(c, i + 3), int_arg(c, i + 4),  int_arg(c, i + 5)};
  return v;
}

/* Adds the weight rows of a cell's covariates to `out`; rows start at `weight`. */
INLINE void add_covariates(const Covariates *v, int cell, const float *weight, int width, float *out) {
  for (int k = 0; k < v->n_categorical; k++) {
    if (!v->categories[k]) continue;
    const float *row = weight + (intptr_t)v->codes[k * v->stride + cell] * width;
    for (int j = 0; j < width; j += W) store(out + j, load(out + j) + load(row + j));
    weight += (intptr_t)v->categories[k] * width;
  }
  for (int k = 0; k < v->n_continuous; k++) {
    float x = v->values[k * v->stride + cell];
    for (int j = 0; j < width; j += W) store(out + j, load(out + j) + x * load(weight + j));
    weight += width;
  }
}

/* Rows of covariates in a weight. */
INLINE int covariate_rows(const Covariates *v) {
  int rows = v->n_continuous;
  for (int k = 0; k < v->n_categorical; k++) rows += v->categories[k];
  return rows;
}

/* Gradient of covariate row `row` (or, past the last, of the bias), W columns from j. */
INLINE vec covariate_gradient(const Covariates *v, int row, int cells, const float *gradient, int width, int j) {
  vec g = splat(0.0f);
  for (int k = 0; k < v->n_categorical; k++) {
    if (row < v->categories[k]) {
      const int32_t *codes = v->codes + k * v->stride;
      for (int i = 0; i < cells; i++)
        if (codes[i] == row) g += load(gradient + (intptr_t)i * width + j);
      return g;
    }
    row -= v->categories[k];
  }
  const float *x = row < v->n_continuous ? v->values + row * v->stride : 0;
  for (int i = 0; i < cells; i++) g += (x ? x[i] : 1.0f) * load(gradient + (intptr_t)i * width + j);
  return g;
}

#define CHUNK (W == 4 ? 4 : 8)

/* Adds weight rows of the nonzeros [k, end), each times its value, to a cell's output. */
INLINE void add_rows(const int32_t *gene, const float *x, int k0, int end, const float *weight, int width, float *out) {
  int j = 0;
  for (; j + CHUNK * W <= width; j += CHUNK * W) {
    vec acc[CHUNK];
    for (int v = 0; v < CHUNK; v++) acc[v] = load(out + j + v * W);
    for (int k = k0; k < end; k++) {
      const float *row = weight + (intptr_t)gene[k] * width + j;
      vec xv = splat(x[k]);
      for (int v = 0; v < CHUNK; v++) acc[v] = multiply_add(xv, load(row + v * W), acc[v]);
    }
    for (int v = 0; v < CHUNK; v++) store(out + j + v * W, acc[v]);
  }
  for (; j < width; j += W) {
    vec acc = load(out + j);
    for (int k = k0; k < end; k++) acc = multiply_add(splat(x[k]), load(weight + (intptr_t)gene[k] * width + j), acc);
    store(out + j, acc);
  }
}

/* Genes whose weight rows stay in the second-level cache while the cells pass, and cells that pass at once. */
#define CACHED_GENES 512
#define PASSING_CELLS 256

/* args: cells, genes, width, row_start, gene, log1p, weight, bias, output, covariates... */
KERNEL sparse_forward(const Call *c) {
  int cells = int_arg(c, 0), genes = int_arg(c, 1), width = int_arg(c, 2);
  const int32_t *row_start = ints_arg(c, 3), *gene = ints_arg(c, 4);
  const float *x = tensor_arg(c, 5), *weight = tensor_arg(c, 6), *bias = tensor_arg(c, 7);
  float *output = tensor_arg(c, 8);
  Covariates cov = covariates_arg(c, 9);
  int first, last, at[PASSING_CELLS];
  share(c, cells, 1, &first, &last);
  for (int i0 = first; i0 < last; i0 += PASSING_CELLS) {
    int i1 = last - i0 < PASSING_CELLS ? last : i0 + PASSING_CELLS;
    for (int i = i0; i < i1; i++) {
      at[i - i0] = row_start[i];
      for (int j = 0; j < width; j += W) store(output + (intptr_t)i * width + j, load(bias + j));
    }
    for (int g = 0; g < genes; g += CACHED_GENES)
      for (int i = i0; i < i1; i++) {
        int k = at[i - i0], end = k;
        while (end < row_start[i + 1] && gene[end] < g + CACHED_GENES) end++;
        add_rows(gene, x, k, end, weight, width, output + (intptr_t)i * width);
        at[i - i0] = end;
      }
    for (int i = i0; i < i1; i++) add_covariates(&cov, i, weight + (intptr_t)genes * width, width, output + (intptr_t)i * width);
  }
}

/* First gene whose entries and fixed costs before it reach `target`: shares of equal work, not of equal genes. */
INLINE int balanced_gene(const int32_t *gene_start, int genes, int64_t target) {
  int lo = 0, hi = genes;
  while (lo < hi) {
    int mid = (lo + hi) >> 1;
    if (gene_start[mid] + 8 * (intptr_t)mid < target) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/* args: cells, genes, width, gene_start, cell, gene_major log1p, gradient, update, weight param (4), bias param (4), adam (6), covariates... */
KERNEL sparse_gradient(const Call *c) {
  int cells = int_arg(c, 0), genes = int_arg(c, 1), width = int_arg(c, 2);
  const int32_t *gene_start = ints_arg(c, 3), *cell = ints_arg(c, 4);
  const float *x = tensor_arg(c, 5), *gradient = tensor_arg(c, 6);
  int update = int_arg(c, 7);
  Param weight = param_arg(c, 8), bias = param_arg(c, 12);
  Adam adam = adam_arg(c, 16);
  Covariates cov = covariates_arg(c, 22);
  int64_t total = gene_start[genes] + 8 * (intptr_t)genes;
  int first = balanced_gene(gene_start, genes, total * c->part / c->parts);
  int last = c->part == c->parts - 1 ? genes : balanced_gene(gene_start, genes, total * (c->part + 1) / c->parts);
  for (int g = first; g < last; g++) {
    intptr_t at = (intptr_t)g * width;
    int j = 0;
    if (update) {
      prefetch(weight.w + at + width, width);
      prefetch(weight.m + at + width, width);
      prefetch(weight.v + at + width, width);
    }
    for (; j + CHUNK * W <= width; j += CHUNK * W) {
      vec acc[CHUNK];
      for (int v = 0; v < CHUNK; v++) acc[v] = splat(0.0f);
      for (int k = gene_start[g]; k < gene_start[g + 1]; k++) {
        const float *row = gradient + (intptr_t)cell[k] * width + j;
        vec xv = splat(x[k]);
        for (int v = 0; v < CHUNK; v++) acc[v] = multiply_add(xv, load(row + v * W), acc[v]);
      }
      for (int v = 0; v < CHUNK; v++) put_gradient(&weight, at + j + v * W, acc[v], &adam, update);
    }
    for (; j < width; j += W) {
      vec acc = splat(0.0f);
      for (int k = gene_start[g]; k < gene_start[g + 1]; k++) acc += splat(x[k]) * load(gradient + (intptr_t)cell[k] * width + j);
      put_gradient(&weight, at + j, acc, &adam, update);
    }
  }
  int rows = covariate_rows(&cov) + 1;
  share(c, width, W, &first, &last);
  for (int r = 0; r < rows; r++)
    for (int j = first; j < last; j += W) {
      vec g = covariate_gradient(&cov, r, cells, gradient, width, j);
      if (r == rows - 1) put_gradient(&bias, j, g, &adam, update);
      else put_gradient(&weight, (intptr_t)(genes + r) * width + j, g, &adam, update);
    }
}
