/* Where the rows of a minibatch lie, and where genes lie in them. */
#ifndef SCVAE_ROWS_H
#define SCVAE_ROWS_H

#include "arguments.h"

/* Where the genes from `least` on begin in a cell's ascending entries [lo, hi), genes in the bits of `mask`. */
INLINE int first_masked(const int32_t *gene, int mask, int lo, int hi, int least) {
  while (lo < hi) {
    int mid = (lo + hi) >> 1;
    if ((gene[mid] & mask) < least) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

INLINE int first_from(const int32_t *gene, int lo, int hi, int least) { return first_masked(gene, -1, lo, hi, least); }

#define GENE_BITS 0xffff

/* The count of an entry in one word. */
INLINE float count_of(int32_t word) { return (float)(int32_t)((uint32_t)word >> 16); }

/* A row's array in the process's memory: JavaScript's own, which stays where it is while kernels run. */
INLINE const void *source_of(const int32_t *halves) {
  return (const void *)(uintptr_t)((uint64_t)(uint32_t)halves[1] << 32 | (uint32_t)halves[0]);
}

/*
 * A cell's entries, where JavaScript holds them (`sources` [cell][4]) or where they were copied to. Without counts, these are in the
 * high halves of the genes' words.
 */
typedef struct {
  const int32_t *gene;
  const float *count;
  int entries;
} Row;

INLINE Row row_of(const Csr *csr, const int32_t *sources, int cell) {
  int start = csr->row_start[cell], entries = csr->row_start[cell + 1] - start;
  if (!sources) return (Row){csr->gene + start, csr->count + start, entries};
  return (Row){source_of(sources + 4 * cell), source_of(sources + 4 * cell + 2), entries};
}

#endif
