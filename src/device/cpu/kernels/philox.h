/*
 * Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * Key = (seed, purpose), counter = (block of columns, row, step, 0), for LANES blocks at a time.
 */
#ifndef SCVAE_PHILOX_H
#define SCVAE_PHILOX_H

#include "memory.h"

#define LANES 16

/* words[i][lane]: output word i of the block first + lane. */
INLINE void philox(uint32_t seed, uint32_t purpose, uint32_t first, uint32_t row, uint32_t step, uint32_t words[4][LANES]) {
  uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
  for (int i = 0; i < LANES; i++) c0[i] = first + (uint32_t)i, c1[i] = row, c2[i] = step, c3[i] = 0;
  for (int round = 0; round < 10; round++) {
    for (int i = 0; i < LANES; i++) {
      uint64_t p0 = (uint64_t)0xD2511F53u * c0[i], p1 = (uint64_t)0xCD9E8D57u * c2[i];
      uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1[i] ^ seed, n2 = (uint32_t)(p0 >> 32) ^ c3[i] ^ purpose;
      c0[i] = n0, c1[i] = (uint32_t)p1, c2[i] = n2, c3[i] = (uint32_t)p0;
    }
    seed += 0x9E3779B9u;
    purpose += 0xBB67AE85u;
  }
  for (int i = 0; i < LANES; i++) words[0][i] = c0[i], words[1][i] = c1[i], words[2][i] = c2[i], words[3][i] = c3[i];
}

/* The upper 24 bits of a word as a number in [0, 1). */
INLINE float unit(uint32_t word) { return (float)(word >> 8) * 5.9604644775390625e-8f; }

#endif
