/*
 * Every kernel is called by every thread as kernel(call): `a` points to its arguments in the shared memory, 32-bit words that
 * are integers, floats, or offsets of arrays in words (0 stands for one that is left out). Which they are is told once, in
 * table.mjs; a kernel reads them with its own function of arguments.h.
 * A kernel takes the share of the work that belongs to `part`; no share depends on how many parts there are, so results do not either.
 */
#ifndef SCVAE_MEMORY_H
#define SCVAE_MEMORY_H

#include "vec.h"

typedef struct {
  float *base; /* start of the shared memory */
  const int32_t *a;
  int part, parts;
} Call;

/* Each kernel is a function of its own: WebAssembly compilers spill registers all over one big function. */
#define KERNEL static __attribute__((noinline)) void

INLINE int int_arg(const Call *c, int i) { return c->a[i]; }
INLINE int flag_arg(const Call *c, int i) { return c->a[i]; }
INLINE uint32_t uint_arg(const Call *c, int i) { return (uint32_t)c->a[i]; }
INLINE float float_arg(const Call *c, int i) { return ((const float *)c->a)[i]; }
/*
 * Integer arithmetic, not base + offset: the WebAssembly memory starts at address 0, and a compiler may take a pointer into
 * an object at 0 for a null pointer.
 */
INLINE float *tensor_arg(const Call *c, int i) {
  return c->a[i] ? (float *)((uintptr_t)c->base + sizeof(float) * (uintptr_t)(uint32_t)c->a[i]) : 0;
}
INLINE float *floats_arg(const Call *c, int i) { return tensor_arg(c, i); }
INLINE double *doubles_arg(const Call *c, int i) { return (double *)tensor_arg(c, i); }
INLINE int32_t *ints_arg(const Call *c, int i) { return (int32_t *)tensor_arg(c, i); }

/* First and last (exclusive) of `n` items that belong to this part, in multiples of `unit`. */
INLINE void share(const Call *c, int n, int unit, int *first, int *last) {
  int units = (n + unit - 1) / unit;
  int lo = (int)((int64_t)units * c->part / c->parts) * unit;
  int hi = (int)((int64_t)units * (c->part + 1) / c->parts) * unit;
  *first = lo < n ? lo : n;
  *last = hi < n ? hi : n;
}

INLINE int round_up(int n, int unit) { return (n + unit - 1) / unit * unit; }

#endif
