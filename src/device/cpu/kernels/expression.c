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
