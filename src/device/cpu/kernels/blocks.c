/*
 * Vectors in double precision that stand in blocks of 8, [row][8], so that a row of a block is one cache line: products with a graph, and
 * products and sums of blocks. What is summed over rows is summed in their order, whatever the number of threads.
 */
#include "arguments.h"

typedef double dvec __attribute__((vector_size(4 * W), may_alias));

#define BLOCK_WIDTH 8
#define DOUBLES (W / 2)
#define BLOCK_VECS (BLOCK_WIDTH / DOUBLES)
/* Vectors, or rows, whose sums the registers hold. */
#define HELD 4
/* Rows that stay in the nearest cache while they meet one block after the other. */
#define NEAR_ROWS 128

INLINE dvec dload(const double *p) { return *(const dvec *)p; }
INLINE void dstore(double *p, dvec v) { *(dvec *)p = v; }

KERNEL graph_times_block(const Call *c) {
  GraphTimesBlockArgs a = graph_times_block_args(c);
  int first, last;
  share(c, a.nodes, 16, &first, &last);
  for (int i = first; i < last; i++) {
    dvec sums[BLOCK_VECS] = {0};
    for (int at = a.starts[i]; at < a.starts[i + 1]; at++) {
      const double *row = a.block + (intptr_t)a.targets[at] * BLOCK_WIDTH;
      double weight = a.weights[at];
      for (int v = 0; v < BLOCK_VECS; v++) sums[v] += weight * dload(row + v * DOUBLES);
    }
    intptr_t place = (intptr_t)i * BLOCK_WIDTH;
    for (int v = 0; v < BLOCK_VECS; v++, place += DOUBLES) {
      dvec scaled = (double)a.factor * sums[v];
      if (a.before) scaled -= dload(a.before + place);
      dstore(a.out + place, scaled);
    }
  }
}

/* sums[HELD][8] += what HELD vectors of one block have with a block, over some rows. */
INLINE void add_products(const double *vectors, const double *block, int rows, double *sums) {
  dvec held[HELD][BLOCK_VECS];
  for (int j = 0; j < HELD; j++)
    for (int v = 0; v < BLOCK_VECS; v++) held[j][v] = dload(sums + j * BLOCK_WIDTH + v * DOUBLES);
  for (int i = 0; i < rows; i++, vectors += BLOCK_WIDTH, block += BLOCK_WIDTH)
    for (int j = 0; j < HELD; j++)
      for (int v = 0; v < BLOCK_VECS; v++) held[j][v] += vectors[j] * dload(block + v * DOUBLES);
  for (int j = 0; j < HELD; j++)
    for (int v = 0; v < BLOCK_VECS; v++) dstore(sums + j * BLOCK_WIDTH + v * DOUBLES, held[j][v]);
}

/* Threads own blocks. */
KERNEL block_products(const Call *c) {
  BlockProductsArgs a = block_products_args(c);
  for (int b = c->part; b < a.blocks; b += c->parts) {
    const double *vectors = a.vectors + (intptr_t)b * a.rows * BLOCK_WIDTH;
    double *products = a.products + b * BLOCK_WIDTH * BLOCK_WIDTH;
    for (int k = 0; k < BLOCK_WIDTH * BLOCK_WIDTH; k++) products[k] = 0.0;
    for (int from = 0; from < a.rows; from += NEAR_ROWS) {
      int rows = a.rows - from < NEAR_ROWS ? a.rows - from : NEAR_ROWS;
      intptr_t place = (intptr_t)from * BLOCK_WIDTH;
      for (int j = 0; j < BLOCK_WIDTH; j += HELD)
        add_products(vectors + place + j, a.block + place, rows, products + j * BLOCK_WIDTH);
    }
  }
}

/* HELD rows of a block, times the factors of its vectors, on top of what is there. */
INLINE void add_held_rows(const double *vectors, const double *factors, double *to) {
  dvec held[HELD][BLOCK_VECS];
  for (int r = 0; r < HELD; r++)
    for (int v = 0; v < BLOCK_VECS; v++) held[r][v] = dload(to + r * BLOCK_WIDTH + v * DOUBLES);
  for (int j = 0; j < BLOCK_WIDTH; j++)
    for (int v = 0; v < BLOCK_VECS; v++) {
      dvec factor = dload(factors + j * BLOCK_WIDTH + v * DOUBLES);
      for (int r = 0; r < HELD; r++) held[r][v] += vectors[r * BLOCK_WIDTH + j] * factor;
    }
  for (int r = 0; r < HELD; r++)
    for (int v = 0; v < BLOCK_VECS; v++) dstore(to + r * BLOCK_WIDTH + v * DOUBLES, held[r][v]);
}

/* Threads own rows, which are summed in a place of their own: `to` may be one of the blocks. */
KERNEL add_blocks(const Call *c) {
  AddBlocksArgs a = add_blocks_args(c);
  double sums[NEAR_ROWS * BLOCK_WIDTH] __attribute__((aligned(64)));
  int first, last;
  share(c, a.rows, NEAR_ROWS, &first, &last);
  for (int from = first; from < last; from += NEAR_ROWS) {
    int rows = last - from < NEAR_ROWS ? last - from : NEAR_ROWS;
    intptr_t place = (intptr_t)from * BLOCK_WIDTH;
    for (int k = 0; k < rows * BLOCK_WIDTH; k++) sums[k] = a.from ? a.from[place + k] : 0.0;
    for (int b = 0; b < a.blocks; b++) {
      const double *vectors = a.vectors + (intptr_t)b * a.rows * BLOCK_WIDTH + place;
      const double *factors = a.factors + b * BLOCK_WIDTH * BLOCK_WIDTH;
      for (int r = 0; r < rows; r += HELD) add_held_rows(vectors + r * BLOCK_WIDTH, factors, sums + r * BLOCK_WIDTH);
    }
    for (int k = 0; k < rows * BLOCK_WIDTH; k += DOUBLES) dstore(a.to + place + k, dload(sums + k));
  }
}
