/*
 * Tiles from copies of A and B in the order in which they are read. A WebAssembly compiler spends an instruction on nearly
 * every address; with the copies, one step of k needs two.
 */
#ifndef SCVAE_GEMM_PACKED_H
#define SCVAE_GEMM_PACKED_H

#define TILE_COLUMNS (TILE_VECS * W)
/* Copied at once, on the stack of 64 KiB: rows of A, and steps of k. */
#define PACKED_ROWS 32
#define PACKED_K 256

INLINE void packed_step(const float *a, const float *b, vec acc[TILE_ROWS][TILE_VECS]) {
  /* kept whole, so that the distances from it go into the instructions */
  __asm__("" : "+r"(a));
  __asm__("" : "+r"(b));
  vec bv[TILE_VECS];
  for (unsigned j = 0; j < TILE_VECS; j++) bv[j] = load(&b[j * W]);
  for (unsigned i = 0; i < TILE_ROWS; i++) {
    vec av = splat(a[i]);
    for (int j = 0; j < TILE_VECS; j++) acc[i][j] = multiply_add(av, bv[j], acc[i][j]);
  }
}

/* a [k][TILE_ROWS], b [k][TILE_COLUMNS]. A function of its own: in a bigger one the WebAssembly compiler spills the sums. */
static __attribute__((noinline)) void packed_tile(const float *a, const float *b, int k, float *sums) {
  vec acc[TILE_ROWS][TILE_VECS];
  for (int i = 0; i < TILE_ROWS; i++)
    for (int j = 0; j < TILE_VECS; j++) acc[i][j] = splat(0.0f);
  for (int at = 0; at < k; at++) packed_step(a + at * TILE_ROWS, b + at * TILE_COLUMNS, acc);
  for (int i = 0; i < TILE_ROWS; i++)
    for (int j = 0; j < TILE_VECS; j++) store(sums + (i * TILE_VECS + j) * W, acc[i][j]);
}

/* TILE_ROWS rows of A that are contiguous in k, of which `rows` exist, as [k][TILE_ROWS]. */
INLINE void pack_rows(const float *a, intptr_t a_row, int rows, int k, float *out) {
  int at = 0;
  for (; at + W <= k; at += W) {
    vec r0 = load(a + at), r1 = rows > 1 ? load(a + a_row + at) : r0;
    vec r2 = rows > 2 ? load(a + 2 * a_row + at) : r0, r3 = rows > 3 ? load(a + 3 * a_row + at) : r0;
    vec lo01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5), hi01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
    vec lo23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5), hi23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
    float *to = out + at * TILE_ROWS;
    store(to, __builtin_shufflevector(lo01, lo23, 0, 1, 4, 5));
    store(to + 4, __builtin_shufflevector(lo01, lo23, 2, 3, 6, 7));
    store(to + 8, __builtin_shufflevector(hi01, hi23, 0, 1, 4, 5));
    store(to + 12, __builtin_shufflevector(hi01, hi23, 2, 3, 6, 7));
  }
  for (; at < k; at++)
    for (int r = 0; r < TILE_ROWS; r++) out[at * TILE_ROWS + r] = a[(r < rows ? r : 0) * a_row + at];
}

/*
 * Tiles of C rows [m0, m1) and columns [0, n), n a multiple of TILE_COLUMNS, to the sink. Where A is transposed, its rows of
 * cells are padded, so that a whole tile can be read; sums of rows that do not exist stay in the tile.
 */
INLINE void each_tile(const Product *p, int m0, int m1, int n, TileSink *sink, const void *to) {
  float a_copy[PACKED_ROWS * PACKED_K] __attribute__((aligned(16)));
  float b_copy[TILE_COLUMNS * PACKED_K] __attribute__((aligned(16)));
  float sums[TILE_ROWS * TILE_COLUMNS] __attribute__((aligned(16)));
  for (int k0 = 0; k0 < p->k; k0 += PACKED_K) {
    int k = p->k - k0 < PACKED_K ? p->k - k0 : PACKED_K;
    for (int i0 = m0; i0 < m1; i0 += PACKED_ROWS) {
      int i1 = m1 - i0 < PACKED_ROWS ? m1 : i0 + PACKED_ROWS;
      for (int i = i0; i < i1; i += TILE_ROWS) {
        float *out = a_copy + (i - i0) * k;
        const float *a = p->a + i * p->a_row + k0 * p->a_k;
        if (p->a_row == 1)
          for (int at = 0; at < k; at++) store(out + at * TILE_ROWS, load(a + at * p->a_k));
        else
          pack_rows(a, p->a_row, i1 - i < TILE_ROWS ? i1 - i : TILE_ROWS, k, out);
      }
      for (int j = 0; j < n; j += TILE_COLUMNS) {
        const float *b = p->b + k0 * p->b_row + j;
        for (int at = 0; at < k; at++)
          for (int v = 0; v < TILE_VECS; v++) store(b_copy + at * TILE_COLUMNS + v * W, load(b + at * p->b_row + v * W));
        for (int i = i0; i < i1; i += TILE_ROWS) {
          packed_tile(a_copy + (i - i0) * k, b_copy, k, sums);
          Tile tile = {i, j, i1 - i < TILE_ROWS ? i1 - i : TILE_ROWS, TILE_VECS, k0 == 0, k0 + k == p->k, sums};
          sink(to, &tile);
        }
      }
    }
  }
}

#endif
