/*
 * The same product of operands rounded to bfloat16 (to the nearest, ties to even), with sums in float32: pairs of steps of k go into one
 * instruction (AVX-512 BF16). A and B are copied as pairs, k even in the low half; an odd k ends with a pair whose second is 0.
 * The sums of an element have one order here too, whatever the tile, so results do not depend on how the work is split.
 *
 * Only processors that have the instructions come here (`bfloat16` in native.c); other builds have no such product.
 */
#ifndef SCVAE_GEMM_HALF_H
#define SCVAE_GEMM_HALF_H

#include "gemm.h"

#if W == 16 && defined(__x86_64__)
#define HALF_PRODUCTS 1
#define HALF static __attribute__((noinline, target("avx512bf16")))

/* Rows of A that are copied at once, so that with a strip of B they stay in the first-level cache. */
#define HALF_ROWS (16 * TILE_ROWS)
#define HALF_PAIRS (PACKED_K / 2)

/* Two vectors as pairs: `low` in the low halves. */
__attribute__((target("avx512bf16"))) static inline __m512i paired(__m512 low, __m512 high) {
  __m512i even = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(low));
  __m512i odd = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(high));
  return _mm512_or_si512(even, _mm512_slli_epi32(odd, 16));
}

/* Columns of B, `vecs` vectors of them, as [pair][TILE_COLUMNS]. */
HALF void pack_strip_pairs(const float *b, intptr_t b_row, int vecs, int k, uint32_t *out) {
  for (int at = 0; at < k; at += 2, out += TILE_COLUMNS)
    for (int v = 0; v < vecs; v++) {
      const float *x = b + at * b_row + v * W;
      __m512 next = at + 1 < k ? (__m512)load(x + b_row) : _mm512_setzero_ps();
      _mm512_store_si512(out + v * W, paired((__m512)load(x), next));
    }
}

/* Rows of A, whose steps of k lie side by side, as [row][HALF_PAIRS]. */
HALF void pack_row_pairs(const float *a, intptr_t a_row, int rows, int k, uint32_t *out) {
  for (int r = 0; r < rows; r++, a += a_row, out += HALF_PAIRS)
    for (int at = 0; at < k; at += 16) {
      __mmask16 there = k - at < 16 ? (__mmask16)((1u << (k - at)) - 1) : (__mmask16)-1;
      _mm256_storeu_si256((__m256i *)(out + at / 2), (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(there, a + at)));
    }
}

/* Columns of a transposed A as [pair][HALF_ROWS]. */
HALF void pack_column_pairs(const float *a, intptr_t a_k, int rows, int k, uint32_t *out) {
  for (int at = 0; at < k; at += 2, out += HALF_ROWS)
    for (int i = 0; i < rows; i += 16) {
      __mmask16 there = rows - i < 16 ? (__mmask16)((1u << (rows - i)) - 1) : (__mmask16)-1;
      const float *x = a + at * a_k + i;
      __m512 next = at + 1 < k ? _mm512_maskz_loadu_ps(there, x + a_k) : _mm512_setzero_ps();
      _mm512_store_si512(out + i, paired(_mm512_maskz_loadu_ps(there, x), next));
    }
}

/* `a_row` and `a_pair` are the strides of A's pairs. */
__attribute__((always_inline, target("avx512bf16"))) static inline void half_product(
    int rows, int vecs, const uint32_t *a, intptr_t a_row, intptr_t a_pair, const uint32_t *b, int pairs, float *sums) {
  __m512 acc[TILE_ROWS][TILE_VECS];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vecs; j++) acc[i][j] = _mm512_setzero_ps();
  for (; pairs > 0; pairs--, a += a_pair, b += TILE_COLUMNS) {
    __m512bh bv[TILE_VECS];
    for (int j = 0; j < vecs; j++) bv[j] = (__m512bh)_mm512_load_si512(b + j * W);
    for (int i = 0; i < rows; i++) {
      __m512bh av = (__m512bh)_mm512_set1_epi32((int)a[i * a_row]);
      for (int j = 0; j < vecs; j++) acc[i][j] = _mm512_dpbf16_ps(acc[i][j], av, bv[j]);
    }
  }
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vecs; j++) store(sums + (i * TILE_VECS + j) * W, (vec)acc[i][j]);
}

#define HALF_TILE(R, V) \
  HALF void half_row_tile_##R##_##V(const uint32_t *a, const uint32_t *b, int pairs, float *sums) { \
    half_product(R, V, a, HALF_PAIRS, 1, b, pairs, sums); \
  } \
  HALF void half_column_tile_##R##_##V(const uint32_t *a, const uint32_t *b, int pairs, float *sums) { \
    half_product(R, V, a, 1, HALF_ROWS, b, pairs, sums); \
  }
#define HALF_CASE(R, V) \
  case R * 8 + V: \
    if (transposed) half_column_tile_##R##_##V(a, b, pairs, sums); \
    else half_row_tile_##R##_##V(a, b, pairs, sums); \
    break;
EACH_TILE(HALF_TILE)

INLINE void half_tile(int transposed, int rows, int vecs, const uint32_t *a, const uint32_t *b, int pairs, float *sums) {
  switch (rows * 8 + vecs) { EACH_TILE(HALF_CASE) }
}

/* each_tile, of rounded operands. */
INLINE void each_half_tile(const Product *p, int m0, int m1, int n, TileSink *sink, const void *to) {
  float sums[TILE_ROWS * TILE_COLUMNS] __attribute__((aligned(64)));
  uint32_t b_copy[TILE_COLUMNS * HALF_PAIRS] __attribute__((aligned(64)));
  uint32_t a_copy[HALF_ROWS * HALF_PAIRS] __attribute__((aligned(64)));
  const int transposed = p->a_row == 1;
  for (int k0 = 0; k0 < p->k; k0 += PACKED_K) {
    int k = p->k - k0 < PACKED_K ? p->k - k0 : PACKED_K;
    for (int i0 = m0; i0 < m1; i0 += HALF_ROWS) {
      int i1 = m1 - i0 < HALF_ROWS ? m1 : i0 + HALF_ROWS;
      if (transposed) pack_column_pairs(p->a + i0 + k0 * p->a_k, p->a_k, i1 - i0, k, a_copy);
      else pack_row_pairs(p->a + i0 * p->a_row + k0, p->a_row, i1 - i0, k, a_copy);
      for (int j = 0; j < n; j += TILE_COLUMNS) {
        int vecs = (n - j) / W < TILE_VECS ? (n - j) / W : TILE_VECS;
        pack_strip_pairs(p->b + k0 * p->b_row + j, p->b_row, vecs, k, b_copy);
        for (int i = i0; i < i1; i += TILE_ROWS) {
          int rows = i1 - i < TILE_ROWS ? i1 - i : TILE_ROWS;
          const uint32_t *a = a_copy + (i - i0) * (transposed ? 1 : HALF_PAIRS);
          half_tile(transposed, rows, vecs, a, b_copy, (k + 1) / 2, sums);
          Tile tile = {i, j, rows, vecs, k0 == 0, k0 + k == p->k, sums};
          sink(to, &tile);
        }
      }
    }
  }
}
#else
#define each_half_tile each_tile
#endif

/* each_tile of operands as they are, or rounded where the caller asks for it. */
INLINE void each_tile_of(int half, const Product *p, int m0, int m1, int n, TileSink *sink, const void *to) {
  if (half) each_half_tile(p, m0, m1, n, sink, to);
  else each_tile(p, m0, m1, n, sink, to);
}

/* product of operands as they are, or rounded. */
INLINE void product_of(int half, const Product *p, int m0, int m1, int n, float *c, intptr_t c_row, int add) {
  Destination to = {c, c_row, add};
  each_tile_of(half, p, m0, m1, n, to_destination, &to);
}

#endif
