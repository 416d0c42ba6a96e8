/* The functions of double.h for vectors of doubles, in the same steps. */
#ifndef SCVAE_DOUBLE_VEC_H
#define SCVAE_DOUBLE_VEC_H

#include "double.h"

/* Doubles of a vector. */
#define D (W / 2)

typedef double dvec __attribute__((vector_size(4 * W), may_alias));
typedef int64_t lvec __attribute__((vector_size(4 * W), may_alias));

INLINE dvec dsplat(double x) { return x - (dvec){}; }
INLINE dvec dpick(lvec mask, dvec a, dvec b) { return (dvec)(((lvec)a & mask) | ((lvec)b & ~mask)); }

INLINE int any_of(lvec mask) {
  int64_t any = 0;
  for (int l = 0; l < D; l++) any |= mask[l];
  return any != 0;
}

INLINE dvec dvec_log(dvec x) {
  lvec bits = (lvec)x, e = (bits - 0x3fe6a09e667f3bcd) >> 52;
  dvec m = (dvec)(bits - (e << 52));
  dvec s = (m - 1.0) / (m + 1.0), z = s * s, p = dsplat(1.0 / 19.0);
  ARTANH_SERIES(p, z)
  return __builtin_convertvector(e, dvec) * 0.6931471805599453 + 2.0 * (s + s * z * p);
}

INLINE dvec dvec_log1p(dvec x) {
  dvec s = 1.0 + x;
  return dvec_log(s) + (x - (s - 1.0)) / s;
}

INLINE dvec dvec_exp(dvec x) {
  const double magic = 6755399441055744.0;
  dvec n = x * 1.4426950408889634 + magic, whole = n - magic;
  dvec r = x - whole * 0.693147180369123816490;
  r = r - whole * 1.90821492927058770002e-10;
  dvec p = dsplat(1.0 / 6227020800.0);
  EXP_SERIES(p, r)
  dvec scale = (dvec)(((lvec)n << 52) + 0x3ff0000000000000);
  return dpick(x > dsplat(-700.0), (p * r * r + r + 1.0) * scale, dsplat(0.0));
}

#endif
