/*
 * Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * Key = (seed, purpose), counter = (block of columns, row, step, 0), for W blocks at a time.
 */
#ifndef SCVAE_PHILOX_H
#define SCVAE_PHILOX_H

#include "memory.h"

/* High and low words of the lanes' products with m. */
INLINE void multiply_wide(uvec x, uint32_t m, uvec *high, uvec *low) {
#if defined(__AVX512F__) && W == 16
  __m512i v = (__m512i)x, f = _mm512_set1_epi32((int)m);
  __m512i even = _mm512_mul_epu32(v, f), odd = _mm512_mul_epu32(_mm512_srli_epi64(v, 32), f);
  *low = (uvec)_mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
  *high = (uvec)_mm512_mask_blend_epi32(0xAAAA, _mm512_srli_epi64(even, 32), odd);
#elif defined(__AVX2__) && W == 8
  __m256i v = (__m256i)x, f = _mm256_set1_epi32((int)m);
  __m256i even = _mm256_mul_epu32(v, f), odd = _mm256_mul_epu32(_mm256_srli_epi64(v, 32), f);
  *low = (uvec)_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xAA);
  *high = (uvec)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xAA);
#else
  for (int i = 0; i < W; i++) {
    uint64_t p = (uint64_t)m * x[i];
    (*high)[i] = (uint32_t)(p >> 32), (*low)[i] = (uint32_t)p;
  }
#endif
}

/* words[i][lane]: output word i of a lane's counter. */
INLINE void philox_lanes(uint32_t seed, uint32_t purpose, uvec c0, uvec c1, uvec c2, uvec c3, uint32_t words[4][W]) {
  for (int round = 0; round < 10; round++) {
    uvec high0, low0, high1, low1;
    multiply_wide(c0, 0xD2511F53u, &high0, &low0);
    multiply_wide(c2, 0xCD9E8D57u, &high1, &low1);
    c0 = high1 ^ c1 ^ seed;
    c1 = low1;
    c2 = high0 ^ c3 ^ purpose;
    c3 = low0;
    seed += 0x9E3779B9u;
    purpose += 0xBB67AE85u;
  }
  *(uvec *)words[0] = c0;
  *(uvec *)words[1] = c1;
  *(uvec *)words[2] = c2;
  *(uvec *)words[3] = c3;
}

/* words[i][lane]: output word i of the block first + lane. */
INLINE void philox(uint32_t seed, uint32_t purpose, uint32_t first, uint32_t row, uint32_t step, uint32_t words[4][W]) {
  uvec zero = {}, blocks = zero + first;
  for (int i = 0; i < W; i++) blocks[i] += (uint32_t)i;
  philox_lanes(seed, purpose, blocks, zero + row, zero + step, zero, words);
}

/* The upper 24 bits of a word as a number in [0, 1). */
INLINE float unit(uint32_t word) { return (float)(word >> 8) * 5.9604644775390625e-8f; }

#endif
