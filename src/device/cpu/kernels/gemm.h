/*
 * The one matrix product: C[m][n] = sum_k A(m, k) B[k][n], with A read by strides (so that it may be transposed) and B
 * row-major with rows padded to whole vectors. Each element is one running sum over k in ascending order, whatever the tile
 * it falls into, so the result does not depend on how the work is split.
 *
 * Tiles: W = 16: 6 rows x 4 vectors of 32 registers, W = 8: 6 x 2 of 16, W = 4: 4 x 2, as WebAssembly spills more.
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
  intptr_t a_row, a_k; /* strides of A in floats */
  const float *b;
  intptr_t b_row; /* stride of B's rows in floats */
  int k;
} Product;

/*
 * One k of a tile: `a` points to A(first row, k). Indices are unsigned, which tells the compiler that addresses do not wrap:
 * WebAssembly then takes them as fixed offsets of one pointer.
 */
INLINE void tile_step(unsigned rows, unsigned vecs, const float *a, uintptr_t a_row, const float *b, vec acc[TILE_ROWS][TILE_VECS]) {
  vec bv[TILE_VECS];
  for (unsigned j = 0; j < vecs; j++) bv[j] = *(const vec *)&b[j * W];
  for (unsigned i = 0; i < rows; i++) {
    vec av = splat(a[i * a_row]);
    for (unsigned j = 0; j < vecs; j++) acc[i][j] = multiply_add(av, bv[j], acc[i][j]);
  }
}

/* Steps of k taken at once where A's rows are contiguous in k; WebAssembly's 16 registers hold the operands of one. */
#ifdef __wasm__
#define UNROLL 1
#else
#define UNROLL 4
#endif

/*
 * One tile of `rows` x `vecs` sums, started from `tile` when `add`, left in `tile` (row stride TILE_VECS * W).
 * One of A's strides is always 1; knowing which lets the compiler put the other accesses at fixed distances.
 */
INLINE void tile_product(const Product *p, int rows, int vecs, const float *a, const float *b, float *tile, int add) {
  vec acc[TILE_ROWS][TILE_VECS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vecs; j++) acc[i][j] = add ? load(tile + (i * TILE_VECS + j) * W) : splat(0.0f);
  const uintptr_t a_row = (uintptr_t)p->a_row, a_k = (uintptr_t)p->a_k, b_row = (uintptr_t)p->b_row;
  int k = 0, n = p->k;
  if (a_row == 1) {
    for (; k < n; k++, a += a_k, b += b_row) tile_step(rows, vecs, a, 1, b, acc);
  } else {
    for (; k + UNROLL <= n; k += UNROLL, a += UNROLL)
      for (int u = 0; u < UNROLL; u++, b += b_row) tile_step(rows, vecs, a + u, a_row, b, acc);
    for (; k < n; k++, a++, b += b_row) tile_step(rows, vecs, a, a_row, b, acc);
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vecs; j++) store(tile + (i * TILE_VECS + j) * W, acc[i][j]);
}

/* Each size of tile is a function of its own: in one big function the WebAssembly compiler spills the sums. */
#define TILE(R, V) \
  static __attribute__((noinline)) void tile_##R##_##V(const Product *p, const float *a, const float *b, float *tile, int add) { \
    tile_product(p, R, V, a, b, tile, add); \
  }
#define TILE_CASE(R, V) \
  case R * 8 + V: \
    tile_##R##_##V(p, a, b, tile, add); \
    break;
#if TILE_VECS == 4
#define EACH_VECS(M, R) M(R, 1) M(R, 2) M(R, 3) M(R, 4)
#else
#define EACH_VECS(M, R) M(R, 1) M(R, 2)
#endif
#if TILE_ROWS == 6
#define EACH_TILE(M) EACH_VECS(M, 1) EACH_VECS(M, 2) EACH_VECS(M, 3) EACH_VECS(M, 4) EACH_VECS(M, 5) EACH_VECS(M, 6)
#else
#define EACH_TILE(M) EACH_VECS(M, 1) EACH_VECS(M, 2) EACH_VECS(M, 3) EACH_VECS(M, 4)
#endif
EACH_TILE(TILE)

INLINE void any_tile(const Product *p, int rows, int vecs, const float *a, const float *b, float *tile, int add) {
  switch (rows * 8 + vecs) { EACH_TILE(TILE_CASE) }
}

/*
 * C rows [m0, m1) and columns [0, n) (n a multiple of W), written to c or added to what is there.
 * Column tiles are the outer loop: a tile's strip of B stays in the first-level cache while the rows of A pass.
 */
INLINE void product(const Product *p, int m0, int m1, int n, float *c, intptr_t c_row, int add) {
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
