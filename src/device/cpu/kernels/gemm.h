/*
 * The one matrix product: C[m][n] = sum_k A(m, k) B[k][n], with A read by strides (so that it may be transposed) and B
 * row-major with rows padded to whole vectors. Each element is one running sum over k in ascending order, whatever the tile
 * it falls into, so the result does not depend on how the work is split.
 *
 * Tiles: W = 16: 4 rows x 4 vectors, W = 8: 6 x 2, W = 4: 4 x 2 (16 or 32 vector registers).
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
  int64_t a_row, a_k; /* strides of A in floats */
  const float *b;
  int64_t b_row; /* stride of B's rows in floats */
  int k;
} Product;

/* One tile of `rows` x `vecs` sums, started from `tile` when `add`, left in `tile` (row stride TILE_VECS * W). */
INLINE void tile_product(const Product *p, int rows, int vecs, const float *a, const float *b, float *tile, int add) {
  vec acc[TILE_ROWS][TILE_VECS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vecs; j++) acc[i][j] = add ? load(tile + (i * TILE_VECS + j) * W) : splat(0.0f);
  const int64_t a_row = p->a_row, a_k = p->a_k, b_row = p->b_row;
  for (int k = 0; k < p->k; k++) {
    vec bv[TILE_VECS];
    for (int j = 0; j < vecs; j++) bv[j] = load(b + j * W);
    for (int i = 0; i < rows; i++) {
      vec av = splat(a[i * a_row]);
      for (int j = 0; j < vecs; j++) acc[i][j] += av * bv[j];
    }
    a += a_k;
    b += b_row;
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vecs; j++) store(tile + (i * TILE_VECS + j) * W, acc[i][j]);
}

/* The tile at row m and vector n, with loops unrolled for each size that can occur. */
#define TILE_CASE(R, V) \
  case (R) * 8 + (V): \
    tile_product(p, R, V, a, b, tile, add); \
    break;
#define TILE_CASES(R) TILE_CASE(R, 1) TILE_CASE(R, 2)
#if TILE_VECS == 4
#define TILE_ROW_CASES(R) TILE_CASES(R) TILE_CASE(R, 3) TILE_CASE(R, 4)
#else
#define TILE_ROW_CASES(R) TILE_CASES(R)
#endif

static __attribute__((noinline)) void any_tile(const Product *p, int rows, int vecs, const float *a, const float *b,
                                               float *tile, int add) {
  switch (rows * 8 + vecs) {
    TILE_ROW_CASES(1)
    TILE_ROW_CASES(2)
    TILE_ROW_CASES(3)
    TILE_ROW_CASES(4)
#if TILE_ROWS == 6
    TILE_ROW_CASES(5)
    TILE_ROW_CASES(6)
#endif
  }
}

/*
 * C rows [m0, m1) and columns [0, n) (n a multiple of W), written to c or added to what is there.
 * Column tiles are the outer loop: a tile's strip of B stays in the first-level cache while the rows of A pass.
 */
INLINE void product(const Product *p, int m0, int m1, int n, float *c, int64_t c_row, int add) {
  float tile[TILE_ROWS * TILE_VECS * W] __attribute__((aligned(64)));
  for (int j = 0; j < n; j += TILE_VECS * W) {
    int vecs = (n - j) / W < TILE_VECS ? (n - j) / W : TILE_VECS;
    for (int i = m0; i < m1; i += TILE_ROWS) {
      int rows = m1 - i < TILE_ROWS ? m1 - i : TILE_ROWS;
      if (add)
        for (int r = 0; r < rows; r++)
          for (int v = 0; v < vecs; v++) store(tile + (r * TILE_VECS + v) * W, load(c + (i + r) * c_row + j + v * W));
      any_tile(p, rows, vecs, p->a + i * p->a_row, p->b + j, tile, add);
      for (int r = 0; r < rows; r++)
        for (int v = 0; v < vecs; v++) store(c + (i + r) * c_row + j + v * W, load(tile + (r * TILE_VECS + v) * W));
    }
  }
}

#endif
