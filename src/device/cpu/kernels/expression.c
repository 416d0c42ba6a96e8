/*
 * What is made of decoded scales, [gene][row]: sums over the draws of a cell, the scales of a gene in all pairs, the largest of each.
 * Threads own genes, so sums have one order.
 */
#include "rows.h"

/* Rows and columns of a tile that fits cache lines. */
#define TURNED 16

/* output[column][row] = input[row][column] */
KERNEL turn_rows(const Call *c) {
  TurnRowsArgs a = turn_rows_args(c);
  int first, last;
  share(c, a.columns, TURNED, &first, &last);
  for (int g = first; g < last; g += TURNED) {
    int columns = last - g < TURNED ? last - g : TURNED;
    for (int r = 0; r < a.rows; r += TURNED) {
      int rows = a.rows - r < TURNED ? a.rows - r : TURNED;
      const float *from = a.input + (intptr_t)r * a.input_width + g;
      float *to = a.output + (intptr_t)g * a.output_width + r;
      for (int i = 0; i < rows; i++)
        for (int k = 0; k < columns; k++) to[(intptr_t)k * a.output_width + i] = from[(intptr_t)i * a.input_width + k];
    }
  }
}

/* sums[gene][to[row]] += factor[row] mean[gene][row], row by row. */
KERNEL add_scales(const Call *c) {
  AddScalesArgs a = add_scales_args(c);
  int first, last;
  share(c, a.genes, 1, &first, &last);
  for (int r = 0; r < a.rows; r += 16) {
    int rows = a.rows - r < 16 ? a.rows - r : 16, run = rows == 16;
    const int32_t *to = a.to + r;
    for (int i = 1; i < rows; i++) run &= to[i] == to[0] + i;
    for (int g = first; g < last; g++) {
      const float *mean = a.mean + (intptr_t)(a.chosen ? a.chosen[g] : g) * a.width + r;
      float *sums = a.sums + (intptr_t)g * a.sums_width;
      /* places side by side take whole vectors */
      for (int i = 0; run && i < 16; i += W)
        storeu(sums + to[0] + i, loadu(sums + to[0] + i) + load(a.factor + r + i) * load(mean + i));
      for (int i = 0; !run && i < rows; i++) sums[to[i]] += a.factor[r + i] * mean[i];
    }
  }
}

KERNEL add_groups(const Call *c) {
  AddGroupsArgs a = add_groups_args(c);
  int first, last;
  share(c, a.genes, 1, &first, &last);
  for (int k = first; k < last; k++) {
    const float *mean = a.mean + (intptr_t)(a.chosen ? a.chosen[k] : k) * a.width;
    for (int r = 0; r < a.rows; r += 16) {
      float *sums = a.sums + ((intptr_t)a.groups[r / 16] * a.genes + k) * 16;
      for (int v = 0; v < 16; v += W) store(sums + v, load(sums + v) + load(a.factor + r + v) * load(mean + r + v));
    }
  }
}

KERNEL turn_groups(const Call *c) {
  TurnGroupsArgs a = turn_groups_args(c);
  int first, last;
  share(c, a.cells, 16, &first, &last);
  float *output = a.output ? a.output : (float *)source_of(a.address);
  for (int cell = first; cell < last; cell += 16) {
    int cells = last - cell < 16 ? last - cell : 16;
    const float *sums = a.sums + (intptr_t)cell * a.genes;
    for (int g = 0; g < a.genes; g += TURNED) {
      int genes = a.genes - g < TURNED ? a.genes - g : TURNED;
      for (int i = 0; i < cells; i++)
        for (int k = 0; k < genes; k++) output[(intptr_t)(cell + i) * a.output_width + g + k] = sums[(g + k) * 16 + i];
    }
  }
}

/* Keeps the scales of some genes from a pair on. */
KERNEL keep_scales(const Call *c) {
  KeepScalesArgs a = keep_scales_args(c);
  int first, last;
  share(c, a.genes, 1, &first, &last);
  for (int g = first; g < last; g++) {
    const float *mean = a.mean + (intptr_t)(a.first_gene + g) * a.width;
    float *to = a.scales + (intptr_t)g * a.stride + a.first_pair;
    for (int i = 0; i < a.rows; i++) to[i] = mean[i];
  }
}

/* The largest scale of each gene so far. */
KERNEL raise_largest(const Call *c) {
  RaiseLargestArgs a = raise_largest_args(c);
  int first, last;
  share(c, a.genes, 16, &first, &last);
  for (int g = first; g < last; g++) {
    const float *mean = a.mean + (intptr_t)g * a.width;
    vec most = splat(a.largest[g]);
    int i = 0;
    for (; i + W <= a.rows; i += W) most = vmax(load(mean + i), most);
    if (i < a.rows) most = vmax(first_lanes(load(mean + i), a.rows - i), most);
    for (int l = 0; l < W; l++)
      if (most[l] > a.largest[g]) a.largest[g] = most[l];
  }
}
