/*
 * Vectors of W floats, W chosen at compile time, and the elementary functions on them.
 * One source for every build: GCC and Clang vector extensions, contraction into fused multiply-add where the target has
 * it, never -ffast-math: a NaN that goes in comes out.
 */
#ifndef SCVAE_VEC_H
#define SCVAE_VEC_H

#include <stdint.h>

#ifndef W
#define W 4
#endif

typedef float vec __attribute__((vector_size(4 * W), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * W), may_alias));
typedef uint32_t uvec __attribute__((vector_size(4 * W), may_alias));
typedef float vec_u __attribute__((vector_size(4 * W), may_alias, aligned(4)));

#ifdef __wasm__
typedef float f32x4 __attribute__((vector_size(16)));
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE vec splat(float x) { return x - (vec){}; }
INLINE ivec isplat(int32_t x) { return x - (ivec){}; }
INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }
INLINE vec loadu(const float *p) { return *(const vec_u *)p; }
INLINE void storeu(float *p, vec v) { *(vec_u *)p = v; }
INLINE vec as_vec(ivec x) { return (vec)x; }
INLINE ivec as_ivec(vec x) { return (ivec)x; }
/* Lane by lane: mask ? a : b, with a mask of all ones or all zeros. */
INLINE vec pick(ivec mask, vec a, vec b) { return (vec)(((ivec)a & mask) | ((ivec)b & ~mask)); }
INLINE vec vabs(vec a) { return (vec)((ivec)a & isplat(0x7fffffff)); }

/* a b + c, in one rounding where the build has it; everywhere else the compiler contracts as it likes. */
INLINE vec multiply_add(vec a, vec b, vec c) {
#ifdef __wasm_relaxed_simd__
  return (vec)__builtin_wasm_relaxed_madd_f32x4((f32x4)a, (f32x4)b, (f32x4)c);
#else
  return a * b + c;
#endif
}

/* Asks for the cache lines of n floats ahead of their use, where the target can. */
INLINE void prefetch(const float *p, intptr_t n) {
#ifndef __wasm__
  for (intptr_t i = 0; i < n; i += 16) __builtin_prefetch(p + i);
#endif
}

/* The first n lanes, zeros in the others. */
INLINE vec first_lanes(vec v, int n) {
  ivec lane;
  for (int i = 0; i < W; i++) lane[i] = i;
  return as_vec(as_ivec(v) & (lane < isplat(n)));
}

INLINE float sum(vec v) {
  /* A fixed tree, so that the sum of W lanes is the same wherever it is taken. */
  float s[W];
  *(vec_u *)s = v;
  for (int n = W / 2; n > 0; n /= 2)
    for (int i = 0; i < n; i++) s[i] += s[i + n];
  return s[0];
}

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

/* a > b ? a : b, and the same with <: a NaN in either gives b. One instruction where the target has it. */
INLINE vec vmax(vec a, vec b) {
#if defined(__AVX512F__) && W == 16
  return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__) && W == 8
  return (vec)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__wasm__)
  return (vec)__builtin_wasm_pmax_f32x4((f32x4)b, (f32x4)a);
#else
  return pick(a > b, a, b);
#endif
}
INLINE vec vmin(vec a, vec b) {
#if defined(__AVX512F__) && W == 16
  return (vec)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__) && W == 8
  return (vec)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__wasm__)
  return (vec)__builtin_wasm_pmin_f32x4((f32x4)b, (f32x4)a);
#else
  return pick(a < b, a, b);
#endif
}

/* A bit for each lane, 1 where the mask is all ones. */
INLINE uint32_t lane_bits(ivec mask) {
#if defined(__AVX512F__) && W == 16
  return _mm512_cmplt_epi32_mask((__m512i)mask, _mm512_setzero_si512());
#elif defined(__AVX2__) && W == 8
  return (uint32_t)_mm256_movemask_ps((__m256)mask);
#elif defined(__wasm__)
  return __builtin_wasm_bitmask_i32x4(mask);
#else
  uint32_t bits = 0;
  for (int l = 0; l < W; l++) bits |= (uint32_t)(mask[l] & 1) << l;
  return bits;
#endif
}

INLINE int every_lane(ivec mask) { return lane_bits(mask) == (uint32_t)((1ull << W) - 1); }

/* first, first + 1, ... */
INLINE vec counting(int first) {
  vec v;
  for (int i = 0; i < W; i++) v[i] = (float)(first + i);
  return v;
}

/* Tables of what small counts give, the count zero first. */
#define TABLED 16

/* Which lanes hold whole numbers below TABLED. */
INLINE ivec is_tabled(vec x) {
  ivec whole = __builtin_convertvector(x, ivec);
  return (__builtin_convertvector(whole, vec) == x) & ((whole & ~(TABLED - 1)) == isplat(0));
}

/* The entries of a table for the lanes that have one, anything for the others. */
INLINE vec lookup(const float *table, vec x, ivec tabled) {
  ivec at = __builtin_convertvector(x, ivec) & tabled;
#if defined(__AVX512F__) && W == 16
  return (vec)_mm512_permutexvar_ps((__m512i)at, (__m512)load(table));
#elif defined(__AVX2__) && W == 8
  vec low = (vec)_mm256_permutevar8x32_ps((__m256)load(table), (__m256i)at);
  vec high = (vec)_mm256_permutevar8x32_ps((__m256)load(table + 8), (__m256i)at);
  return pick(at > isplat(7), high, low);
#else
  vec v;
  for (int i = 0; i < W; i++) v[i] = table[at[i]];
  return v;
#endif
}

INLINE vec vsqrt(vec x) {
#if defined(__AVX512F__) && W == 16
  return (vec)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__) && W == 8
  return (vec)_mm256_sqrt_ps((__m256)x);
#elif defined(__clang__)
  return __builtin_elementwise_sqrt(x);
#else
  vec r;
  for (int i = 0; i < W; i++) r[i] = __builtin_sqrtf(x[i]);
  return r;
#endif
}

/*
 * e^x: 2^n times a polynomial on [-ln2/2, ln2/2] (minimax of degree 6); 2 units in the last place, 20 above 88.3. 0 below -87.3,
 * inf above 88.72.
 */
INLINE vec vexp(vec x) {
  const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to the nearest integer, left in the low bits */
  vec t = vmin(vmax(x * 1.44269504088896341f, splat(-126.0f)), splat(127.0f)) + magic;
  vec n = t - magic;
  vec r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  vec p = 1.9875691500e-4f * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  /* far above, where n is cut off, the polynomial itself is infinite; far below it is anything */
  vec y = p * as_vec((as_ivec(t) << 23) + 0x3f800000);
  return as_vec(as_ivec(y) & ~(x < splat(-87.3f)));
}

/*
 * ln x for positive normal x, NaN for inf and NaN: split off the exponent, then an odd-even polynomial on [1/sqrt2, sqrt2].
 * Anything for other x.
 */
INLINE vec vlog(vec x) {
  ivec bits = as_ivec(x);
  ivec e = ((bits - 0x3f3504f3) >> 23); /* so that the mantissa lies in [0.7071, 1.4142) */
  vec m = as_vec(bits - (e << 23)) - 1.0f;
  vec n = __builtin_convertvector(e, vec);
  vec z = m * m;
  vec p = 7.0376836292e-2f * m + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  vec y = p * m * z;
  y = y + n * -2.12194440e-4f;
  y = y - 0.5f * z;
  /* 0 x, not x - x: contracted with a product that x is, the difference would be the rounding of x */
  return m + y + n * 0.693359375f + 0.0f * x;
}

/* ln(1 + x) for finite x > -1, exact to rounding for small x (the lost low bits of 1 + x are put back); else NaN. */
INLINE vec vlog1p(vec x) {
  vec s = 1.0f + x;
  vec lost = x - (s - 1.0f);
  return vlog(s) + lost / s;
}

/* ln(1 + e^x) without overflow. */
INLINE vec vsoftplus(vec x) { return vmax(x, splat(0.0f)) + vlog1p(vexp(-vabs(x))); }

/* 1 / (1 + e^-x) without overflow. */
INLINE vec vsigmoid(vec x) {
  vec e = vexp(-vabs(x));
  vec d = 1.0f / (1.0f + e);
  return pick(x >= splat(0.0f), d, e * d);
}

/* cos(2 pi u) for u in [0, 1): 2 sin^2 of half the angle from the middle. */
INLINE vec cos_turn(vec u) {
  vec t = (u - 0.5f) * 3.14159265358979f;
  vec t2 = t * t;
  vec p = -2.3889859e-8f * t2 + 2.7525562e-6f;
  p = p * t2 + -1.9840874e-4f;
  p = p * t2 + 8.3333310e-3f;
  p = p * t2 + -1.6666667e-1f;
  vec s = t + t * t2 * p;
  return 2.0f * s * s - 1.0f;
}

/*
 * lnGamma(x + theta) - lnGamma(theta) and psi(x + theta) - psi(theta) for x >= 0, theta > 0.
 * Both arguments are shifted up by four, then the difference of the two Stirling series is taken term by term, which
 * keeps it exact where theta is large and the two functions nearly cancel. Holds up to theta = LARGEST_THETA.
 */
#define LARGEST_THETA 1e9f
INLINE void gamma_ratio(vec x, vec theta, vec *log_gamma, vec *digamma) {
  vec b = x + theta;
  /* the four shifted-off factors in pairs: their product, and the sum of their reciprocals over it */
  vec pa = theta * (theta + 1.0f), qa = (theta + 2.0f) * (theta + 3.0f);
  vec pb = b * (b + 1.0f), qb = (b + 2.0f) * (b + 3.0f);
  vec ia = 1.0f / (pa * qa), ib = 1.0f / (pb * qb);
  vec ra = ((2.0f * theta + 1.0f) * qa + (2.0f * theta + 5.0f) * pa) * ia;
  vec rb = ((2.0f * b + 1.0f) * qb + (2.0f * b + 5.0f) * pb) * ib;
  vec shift = vlog(pb * qb * ia);
  vec s = theta + 4.0f, t = b + 4.0f;
  vec is = 1.0f / s, it = 1.0f / t;
  /* ln(t / s) = ln(1 + u), with the low bits that 1 + u loses put back */
  vec u = x * is, sum = 1.0f + u;
  vec ratio = vlog(sum) + (u - (sum - 1.0f)) * (s * it);
  vec is2 = is * is, it2 = it * it;
  vec series_s = is * (8.3333333e-2f - is2 * (2.7777778e-3f - is2 * 7.9365079e-4f));
  vec series_t = it * (8.3333333e-2f - it2 * (2.7777778e-3f - it2 * 7.9365079e-4f));
  /* (t - 1/2) ln t - (s - 1/2) ln s - x, as (s - 1/2) ln(t/s) + x (ln t - 1) */
  *log_gamma = (s - 0.5f) * ratio + x * (vlog(t) - 1.0f) + (series_t - series_s) - shift;
  vec ds = is * (0.5f + is * (8.3333333e-2f - is2 * (8.3333333e-3f - is2 * 3.9682540e-3f)));
  vec dt = it * (0.5f + it * (8.3333333e-2f - it2 * (8.3333333e-3f - it2 * 3.9682540e-3f)));
  *digamma = ratio + (ds - dt) + (ra - rb);
}

#endif
