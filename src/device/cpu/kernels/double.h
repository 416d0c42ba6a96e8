/* Elementary functions in double precision, one number at a time: for sums that cancel in single precision. */
#ifndef SCVAE_DOUBLE_H
#define SCVAE_DOUBLE_H

#include "memory.h"

typedef union {
  double value;
  int64_t bits;
} DoubleBits;

/* What follows the first coefficient of the series below, of doubles or of vectors of them (double-vec.h). */
#define ARTANH_SERIES(p, z) \
  p = p * z + 1.0 / 17.0; \
  p = p * z + 1.0 / 15.0; \
  p = p * z + 1.0 / 13.0; \
  p = p * z + 1.0 / 11.0; \
  p = p * z + 1.0 / 9.0; \
  p = p * z + 1.0 / 7.0; \
  p = p * z + 1.0 / 5.0; \
  p = p * z + 1.0 / 3.0;
#define EXP_SERIES(p, r) \
  p = p * r + 1.0 / 479001600.0; \
  p = p * r + 1.0 / 39916800.0; \
  p = p * r + 1.0 / 3628800.0; \
  p = p * r + 1.0 / 362880.0; \
  p = p * r + 1.0 / 40320.0; \
  p = p * r + 1.0 / 5040.0; \
  p = p * r + 1.0 / 720.0; \
  p = p * r + 1.0 / 120.0; \
  p = p * r + 1.0 / 24.0; \
  p = p * r + 1.0 / 6.0; \
  p = p * r + 0.5;

/* ln x for positive normal x: the exponent split off, then 2 artanh((m - 1) / (m + 1)) with m in [1/sqrt2, sqrt2). */
INLINE double double_log(double x) {
  DoubleBits b = {x};
  int64_t e = (b.bits - 0x3fe6a09e667f3bcd) >> 52;
  b.bits -= e << 52;
  double s = (b.value - 1.0) / (b.value + 1.0), z = s * s;
  double p = 1.0 / 19.0;
  ARTANH_SERIES(p, z)
  return (double)e * 0.6931471805599453 + 2.0 * (s + s * z * p);
}

/* ln(1 + x) for x >= 0: the low bits that 1 + x loses are put back. */
INLINE double double_log1p(double x) {
  double s = 1.0 + x;
  return double_log(s) + (x - (s - 1.0)) / s;
}

/* e^x for x <= 700: 2^n times a Taylor series on [-ln2/2, ln2/2]. 0 below -700. */
INLINE double double_exp(double x) {
  const double magic = 6755399441055744.0; /* 1.5 * 2^52: adding it rounds to the nearest integer, left in the low bits */
  if (!(x > -700.0)) return 0.0;
  DoubleBits n = {x * 1.4426950408889634 + magic};
  double whole = n.value - magic;
  double r = x - whole * 0.693147180369123816490;
  r = r - whole * 1.90821492927058770002e-10;
  double p = 1.0 / 6227020800.0;
  EXP_SERIES(p, r)
  DoubleBits scale = {.bits = (int64_t)((uint64_t)n.bits << 52) + 0x3ff0000000000000};
  return (p * r * r + r + 1.0) * scale.value;
}

/* ln Gamma(x) for x > 0: shifted up to 10, then Stirling's series. */
INLINE double double_log_gamma(double x) {
  double product = 1.0;
  while (x < 10.0) product *= x, x += 1.0;
  double i = 1.0 / x, w = i * i;
  double series = i * (1.0 / 12.0 - w * (1.0 / 360.0 - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w * (1.0 / 1188.0)))));
  return (x - 0.5) * double_log(x) - x + 0.9189385332046727 + series - double_log(product);
}

#endif
