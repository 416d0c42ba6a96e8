/*
 * Tiles from a copy of B's columns, and of A's where it is transposed: rows of 512 bytes all fall into few sets of the first-level
 * cache, which would lose them before they are read again. W = 16: 6 rows x 4 vectors of 32 registers, W = 8: 6 x 2 of 16, W = 4: 4 x 2.
 */
#ifndef SCVAE_GEMM_DIRECT_H
#define SCVAE_GEMM_DIRECT_H

#define TILE_COLUMNS (TILE_VECS * W)
/* Copied at once: steps of k, and rows of a transposed A. */
#define PACKED_K 256
#define PACKED_ROWS (22 * TILE_ROWS)

/* One k of a tile: `a` points to A(first row, k). */
INLINE void tile_step(int rows, int vecs, const float *a, intptr_t a_row, const float *b, vec acc[TILE_ROWS][TILE_VECS]) {
  vec bv[TILE_VECS];
  for (int j = 0; j < vecs; j++) bv[j] = load(b + j * W);
  for (int i = 0; i < rows; i++) {
    vec av = splat(a[i * a_row]);
    for (int j = 0; j < vecs; j++) acc[i][j] = multiply_add(av, bv[j], acc[i][j]);
  }
}

/* A's rows are `a_row` apart and its steps of k `a_k`; b [k][TILE_COLUMNS]. Not unrolled over k: compilers spill then. */
INLINE void tile_product(int rows, int vecs, const float *a, intptr_t a_row, intptr_t a_k, const float *b, int k, float *sums) {
  vec acc[TILE_ROWS][TILE_VECS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vecs; j++) acc[i][j] = splat(0.0f);
  for (; k > 0; k--, a += a_k, b += TILE_COLUMNS) tile_step(rows, vecs, a, a_row, b, acc);
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vecs; j++) store(sums + (i * TILE_VECS + j) * W, acc[i][j]);
}

/* Each size of tile is a function of its own: in one big function compilers spill the sums. */
#define TILE(R, V) \
  static __attribute__((noinline)) void row_tile_##R##_##V(const float *a, intptr_t a_row, const float *b, int k, float *sums) { \
    tile_product(R, V, a, a_row, 1, b, k, sums); \
  } \
  static __attribute__((noinline)) void column_tile_##R##_##V(const float *a, const float *b, int k, float *sums) { \
    tile_product(R, V, a, 1, TILE_ROWS, b, k, sums); \
  }
#define TILE_CASE(R, V) \
  case R * 8 + V: \
    if (a_row) row_tile_##R##_##V(a, a_row, b, k, sums); \
    else column_tile_##R##_##V(a, b, k, sums); \
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

/* a_row 0: the copy of a transposed A, [k][TILE_ROWS]. */
INLINE void any_tile(int rows, int vecs, const float *a, intptr_t a_row, const float *b, int k, float *sums) {
  switch (rows * 8 + vecs) { EACH_TILE(TILE_CASE) }
}

/* Columns of a transposed A, of which `rows` exist, as [k][TILE_ROWS]. */
INLINE void pack_columns(const float *a, intptr_t a_k, int rows, int k, float *out) {
  for (int at = 0; rows == TILE_ROWS && at < k; at++)
    __builtin_memcpy(out + at * TILE_ROWS, a + at * a_k, sizeof(float) * TILE_ROWS);
  for (int r = 0; rows < TILE_ROWS && r < rows; r++)
    for (int at = 0; at < k; at++) out[at * TILE_ROWS + r] = a[at * a_k + r];
}

/* Columns of B, `vecs` vectors of them, as [k][TILE_COLUMNS]. */
INLINE void pack_strip(const float *b, intptr_t b_row, int vecs, int k, float *out) {
  /* of a loop over as many vectors as there are, a compiler makes a call of memcpy for each row */
  for (int at = 0; vecs == TILE_VECS && at < k; at++)
    for (int v = 0; v < TILE_VECS; v++) store(out + at * TILE_COLUMNS + v * W, load(b + at * b_row + v * W));
  for (int v = 0; vecs < TILE_VECS && v < vecs; v++)
    for (int at = 0; at < k; at++) store(out + at * TILE_COLUMNS + v * W, load(b + at * b_row + v * W));
}

/*
 * Tiles of C rows [m0, m1) and columns [0, n), n a multiple of W, to the sink. Column tiles are the outer loop: a tile's strip
 * of B stays in the first-level cache while the rows of A pass.
 */
INLINE void each_tile(const Product *p, int m0, int m1, int n, TileSink *sink, const void *to) {
  float sums[TILE_ROWS * TILE_COLUMNS] __attribute__((aligned(64)));
  float b_copy[TILE_COLUMNS * PACKED_K] __attribute__((aligned(64)));
  float a_copy[PACKED_ROWS * PACKED_K] __attribute__((aligned(64)));
  const int transposed = p->a_row == 1, at_once = transposed ? PACKED_ROWS : m1 - m0;
  for (int k0 = 0; k0 < p->k; k0 += PACKED_K) {
    int k = p->k - k0 < PACKED_K ? p->k - k0 : PACKED_K;
    for (int i0 = m0; i0 < m1; i0 += at_once) {
      int i1 = m1 - i0 < at_once ? m1 : i0 + at_once;
      for (int i = i0; transposed && i < i1; i += TILE_ROWS)
        pack_columns(p->a + i + k0 * p->a_k, p->a_k, i1 - i < TILE_ROWS ? i1 - i : TILE_ROWS, k, a_copy + (i - i0) * k);
      for (int j = 0; j < n; j += TILE_COLUMNS) {
        int vecs = (n - j) / W < TILE_VECS ? (n - j) / W : TILE_VECS;
        /* columns of one tile that lie together are as good as the copy */
        const float *b = p->b_row == TILE_COLUMNS ? p->b + (intptr_t)k0 * TILE_COLUMNS : b_copy;
        if (b == b_copy) pack_strip(p->b + k0 * p->b_row + j, p->b_row, vecs, k, b_copy);
        for (int i = i0; i < i1; i += TILE_ROWS) {
          int rows = i1 - i < TILE_ROWS ? i1 - i : TILE_ROWS;
          if (j == 0 && !transposed)
            for (int r = i + TILE_ROWS; r < i + 2 * TILE_ROWS && r < i1; r++) prefetch(p->a + r * p->a_row + k0, k);
          if (transposed) any_tile(rows, vecs, a_copy + (i - i0) * k, 0, b, k, sums);
          else any_tile(rows, vecs, p->a + i * p->a_row + k0, p->a_row, b, k, sums);
          Tile tile = {i, j, rows, vecs, k0 == 0, k0 + k == p->k, sums};
          sink(to, &tile);
        }
      }
    }
  }
}

#endif
