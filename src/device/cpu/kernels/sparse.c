/*
 * The minibatch's counts and the encoder's first layer, which touches only the nonzeros.
 *
 * Forward: a cell's row is a sum of weight rows, so threads own cells. Backward: the minibatch is turned gene-major, a gene's
 * gradient stays in registers while its cells pass, and Adam can follow at once, so threads own genes.
 */
#include "covariates.h"
#include "rows.h"

INLINE void unpack(const int32_t *restrict words, int n, int32_t *restrict gene, float *restrict count) {
  for (int k = 0; k < n; k++) {
    gene[k] = words[k] & GENE_BITS;
    count[k] = count_of(words[k]);
  }
}

/* Threads own entries: the rows are copied from where they lie, and log1p taken. */
KERNEL stage_rows(const Call *c) {
  StageRowsArgs a = stage_rows_args(c);
  int cells = a.csr.cells;
  const int32_t *row_start = a.csr.row_start, *sources = a.sources;
  int first, last;
  share(c, row_start[cells], 16, &first, &last);
  for (int i = 0; sources && i < cells; i++) {
    int start = row_start[i], from = start < first ? first : start, end = row_start[i + 1] < last ? row_start[i + 1] : last;
    if (from >= end) continue;
    Row row = row_of(&a.csr, sources, i);
    if (!row.count) {
      unpack(row.gene + (from - start), end - from, a.csr.gene + from, a.csr.count + from);
      continue;
    }
    uintptr_t bytes = sizeof(float) * (uintptr_t)(end - from);
    __builtin_memcpy(a.csr.gene + from, row.gene + (from - start), bytes);
    __builtin_memcpy(a.csr.count + from, row.count + (from - start), bytes);
  }
  for (int i = first; i < last; i += W) store(a.csr.log_count + i, vlog1p(load(a.csr.count + i)));
}

/* The same entries gene by gene. Threads own genes, and find where they begin in each cell by themselves. */
KERNEL stage_genes(const Call *c) {
  StageGenesArgs a = stage_genes_args(c);
  int cells = a.csr.cells, genes = a.csr.genes;
  const int32_t *row_start = a.csr.row_start, *gene = a.csr.gene;
  int32_t *next = a.gene_next, *gene_start = a.gene_start, *begin = a.begins + (intptr_t)a.begin_stride * c->part;
  int first, last, at = 0;
  share(c, genes, 16, &first, &last);
  for (int g = first; g < last; g++) next[g] = 0;
  for (int i = 0; i < cells; i++) {
    int end = row_start[i + 1], k = first_from(gene, row_start[i], end, first);
    begin[i] = k;
    /* entries of genes below this share, without reading the other threads' counts */
    at += k - row_start[i];
    for (; k < end && gene[k] < last; k++) next[gene[k]]++;
  }
  for (int g = first; g < last; g++) {
    gene_start[g] = at;
    at += next[g];
    next[g] = gene_start[g];
  }
  if (c->part == c->parts - 1) gene_start[genes] = row_start[cells];
  for (int i = 0; i < cells; i++)
    for (int k = begin[i], end = row_start[i + 1]; k < end && gene[k] < last; k++) {
      int to = next[gene[k]]++;
      a.cell[to] = i;
      a.gene_major_count[to] = a.csr.count[k];
      a.gene_major_log[to] = a.csr.log_count[k];
    }
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

/* Cells that pass at once. */
#define PASSING_CELLS 256

/*
 * Genes whose weight rows stay in a cache while the cells pass: the first-level one where a cell has counts enough in so few genes,
 * else more genes in the second-level one. The order of a sum is that of the genes whatever this is.
 */
INLINE int cached_genes(int cells, int genes, int nonzeros) {
  return 4 * (int64_t)nonzeros > (int64_t)cells * genes ? 64 : 512;
}

KERNEL sparse_forward(const Call *c) {
  SparseForwardArgs a = sparse_forward_args(c);
  int cells = a.cells, genes = a.genes, width = a.width;
  const int32_t *row_start = a.row_start, *gene = a.gene;
  const float *x = a.log_count, *weight = a.weight, *bias = a.bias;
  float *output = a.output;
  int block = cached_genes(cells, genes, row_start[cells]);
  int first, last, at[PASSING_CELLS];
  share(c, cells, 1, &first, &last);
  for (int i0 = first; i0 < last; i0 += PASSING_CELLS) {
    int i1 = last - i0 < PASSING_CELLS ? last : i0 + PASSING_CELLS;
    for (int i = i0; i < i1; i++) {
      at[i - i0] = row_start[i];
      for (int j = 0; j < width; j += W) store(output + (intptr_t)i * width + j, load(bias + j));
    }
    for (int g = 0; g < genes; g += block)
      for (int i = i0; i < i1; i++) {
        int k = at[i - i0], end = k;
        while (end < row_start[i + 1] && gene[end] < g + block) end++;
        add_rows(gene, x, k, end, weight, width, output + (intptr_t)i * width);
        at[i - i0] = end;
      }
    for (int i = i0; i < i1; i++) add_covariates(&a.covariates, i, weight + (intptr_t)genes * width, width, output + (intptr_t)i * width);
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

KERNEL sparse_gradient(const Call *c) {
  SparseGradientArgs a = sparse_gradient_args(c);
  int cells = a.cells, genes = a.genes, width = a.width;
  const int32_t *gene_start = a.gene_start, *cell = a.cell;
  const float *x = a.gene_major_log, *gradient = a.output_gradient;
  Param weight = a.weight, bias = a.bias;
  Adam adam = a.adam;
  int update = adam.update;
  int64_t total = gene_start[genes] + 8 * (intptr_t)genes;
  int first = balanced_gene(gene_start, genes, total * c->part / c->parts);
  int last = c->part == c->parts - 1 ? genes : balanced_gene(gene_start, genes, total * (c->part + 1) / c->parts);
  for (int g = first; g < last; g++) {
    intptr_t at = (intptr_t)g * width;
    int j = 0;
    if (update) {
      prefetch(weight.value + at + width, width);
      prefetch(weight.first_moment + at + width, width);
      prefetch(weight.second_moment + at + width, width);
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
  shared_gradient(c, &a.covariates, genes, cells, gradient, width, &weight, &bias, &adam);
}
