/* Tiles straight from A and B. W = 16: 6 rows x 4 vectors of 32 registers, W = 8: 6 x 2 of 16, W = 4: 4 x 2. */
#ifndef SCVAE_GEMM_DIRECT_H
#define SCVAE_GEMM_DIRECT_H

/* One k of a tile: `a` points to A(first row, k). */
INLINE void tile_step(int rows, int vecs, const float *a, intptr_t a_row, const float *b, vec acc[TILE_ROWS][TILE_VECS]) {
  vec bv[TILE_VECS];
  for (int j = 0; j < vecs; j++) bv[j] = load(b + j * W);
  for (int i = 0; i < rows; i++) {
    vec av = splat(a[i * a_row]);
    for (int j = 0; j < vecs; j++) acc[i][j] = multiply_add(av, bv[j], acc[i][j]);
  }
}

/* Steps of k taken at once where A's rows are contiguous in k. */
#define UNROLL 4

/* Knowing which of A's strides is 1 lets the compiler put the other accesses at fixed distances. */
INLINE void tile_product(const Product *p, int rows, int vecs, const float *a, const float *b, float *sums) {
  vec acc[TILE_ROWS][TILE_VECS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vecs; j++) acc[i][j] = splat(0.0f);
  const intptr_t a_row = p->a_row, a_k = p->a_k, b_row = p->b_row;
  int k = 0, n = p->k;
  if (a_row == 1) {
    for (; k < n; k++, a += a_k, b += b_row) tile_step(rows, vecs, a, 1, b, acc);
  } else {
    for (; k + UNROLL <= n; k += UNROLL, a += UNROLL)
      for (int u = 0; u < UNROLL; u++, b += b_row) tile_step(rows, vecs, a + u, a_row, b, acc);
    for (; k < n; k++, a++, b += b_row) tile_step(rows, vecs, a, a_row, b, acc);
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vecs; j++) store(sums + (i * TILE_VECS + j) * W, acc[i][j]);
}

/* Each size of tile is a function of its own: in one big function compilers spill the sums. */
#define TILE(R, V) \
  static __attribute__((noinline)) void tile_##R##_##V(const Product *p, const float *a, const float *b, float *sums) { \
    tile_product(p, R, V, a, b, sums); \
  }
#define TILE_CASE(R, V) \
  case R * 8 + V: \
    tile_##R##_##V(p, a, b, sums); \
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

INLINE void any_tile(const Product *p, int rows, int vecs, const float *a, const float *b, float *sums) {
  switch (rows * 8 + vecs) { EACH_TILE(TILE_CASE) }
}

/*
 * Tiles of C rows [m0, m1) and columns [0, n), n a multiple of W, to the sink. Column tiles are the outer loop: a tile's strip
 * of B stays in the first-level cache while the rows of A pass.
 */
INLINE void each_tile(const Product *p, int m0, int m1, int n, TileSink *sink, const void *to) {
  float sums[TILE_ROWS * TILE_VECS * W] __attribute__((aligned(64)));
  for (int j = 0; j < n; j += TILE_VECS * W) {
    int vecs = (n - j) / W < TILE_VECS ? (n - j) / W : TILE_VECS;
    for (int i = m0; i < m1; i += TILE_ROWS) {
      int rows = m1 - i < TILE_ROWS ? m1 - i : TILE_ROWS;
      if (j == 0 && p->a_k == 1)
        for (int r = i + TILE_ROWS; r < i + 2 * TILE_ROWS && r < m1; r++) prefetch(p->a + r * p->a_row, p->k);
      any_tile(p, rows, vecs, p->a + i * p->a_row, p->b + j, sums);
      Tile tile = {i, j, rows, vecs, 1, 1, sums};
      sink(to, &tile);
    }
  }
}

#endif
