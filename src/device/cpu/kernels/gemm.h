/*
 * The one matrix product: C[m][n] = sum_k A(m, k) B[k][n], with A read by strides (so that it may be transposed) and B
 * row-major with rows padded to whole vectors. Each element is summed over k in an order that depends on nothing but k, whatever
 * the tile it falls into, so the result does not depend on how the work is split.
 *
 * Tiles of C, as many sums as the registers hold, go to a sink: stored, added, or stepped by Adam at once.
 */
#ifndef SCVAE_GEMM_H
#define SCVAE_GEMM_H

#include "memory.h"

#if W == 16
#define TILE_ROWS 6
#define TILE_VECS 4
#elif W == 8
#define TILE_ROWS 6
#define TILE_VECS 2
#else
#define TILE_ROWS 4
#define TILE_VECS 2
#endif

typedef struct {
  const float *a;
  intptr_t a_row, a_k; /* strides of A in floats; one of them is 1 */
  const float *b;
  intptr_t b_row; /* stride of B's rows in floats */
  int k;
} Product;

/* A tile of sums, rows TILE_VECS * W apart, over some of k: the first part of it, the last, or both. */
typedef struct {
  int row, column, rows, vecs, first, last;
  const float *sums;
} Tile;
typedef void TileSink(const void *to, const Tile *tile);

#ifdef __wasm__
#include "gemm-packed.h"
#else
#include "gemm-direct.h"
#endif

typedef struct {
  float *c;
  intptr_t c_row;
  int add;
} Destination;

INLINE void to_destination(const void *to, const Tile *t) {
  const Destination *d = to;
  for (int r = 0; r < t->rows; r++)
    for (int v = 0; v < t->vecs; v++) {
      float *c = d->c + (t->row + r) * d->c_row + t->column + v * W;
      vec sums = load(t->sums + (r * TILE_VECS + v) * W);
      if (d->add || !t->first) sums += load(c);
      store(c, sums);
    }
}

/* C rows [m0, m1) and columns [0, n) (n a multiple of 16), written to c or added to what is there. */
INLINE void product(const Product *p, int m0, int m1, int n, float *c, intptr_t c_row, int add) {
  Destination to = {c, c_row, add};
  each_tile(p, m0, m1, n, to_destination, &to);
}

#endif
