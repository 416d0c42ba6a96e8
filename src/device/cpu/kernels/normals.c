/*
 * Draws from the posteriors of cells, by standard normals that belong to a key and the number of a draw, as `KeyedRandom` in numeric/keyed-random.ts has them, in single
 * precision. A row in each vector lane.
 */
#include "memory.h"
#include "philox.h"

#define PER_WORD 2.3283064365386963e-10f

/* The word as a number in (0, 1), by its middle. */
INLINE vec open_units(uvec word) { return (__builtin_convertvector(word, vec) + 0.5f) * PER_WORD; }

/* Two normals of each lane from two words (Box and Muller 1958). */
INLINE void box_muller(uvec size, uvec turn, float *first, float *second) {
  /* near 1 the logarithm is that of what is missing to it, which a float tells more exactly */
  vec log_size = pick((ivec)size < isplat(0), vlog1p(-open_units(~size)), vlog(open_units(size)));
  vec radius = vsqrt(vmax(-2.0f * log_size, splat(0.0f))), u = vmin(open_units(turn), splat(0.99999994f));
  vec quarter_before = u - 0.25f;
  storeu(first, radius * cos_turn(u));
  storeu(second, radius * cos_turn(pick(quarter_before < splat(0.0f), quarter_before + 1.0f, quarter_before)));
}

/* The sum is taken in double precision, as it is without kernels. */
KERNEL cell_normals(const Call *c) {
  CellNormalsArgs a = cell_normals_args(c);
  int from, to;
  share(c, a.rows, 16, &from, &to);
  for (int r = from; r < to; r += W) {
    int rows = to - r < W ? to - r : W;
    uvec low = {}, high = {}, draw = {}, zero = {};
    for (int l = 0; l < rows; l++) {
      int cell = a.cells[r + l];
      low[l] = (uint32_t)a.low[cell], high[l] = (uint32_t)a.high[cell], draw[l] = (uint32_t)a.draws[r + l];
    }
    for (int k = 0; k < a.columns; k += 4) {
      uint32_t words[4][W] __attribute__((aligned(64)));
      float normals[4][W] __attribute__((aligned(64)));
      philox_lanes(a.seed, a.purpose, zero + (uint32_t)k / 4, low, draw, high, words);
      box_muller(*(uvec *)words[0], *(uvec *)words[1], normals[0], normals[1]);
      box_muller(*(uvec *)words[2], *(uvec *)words[3], normals[2], normals[3]);
      for (int l = 0; l < rows; l++) {
        intptr_t of = (intptr_t)a.cells[r + l] * a.columns + k;
        float *drawn = a.drawn + (intptr_t)(r + l) * a.width + k;
        for (int j = 0; j < 4 && k + j < a.columns; j++) {
          double off = a.draws[r + l] < 0 ? 0.0 : __builtin_sqrt((double)a.variance[of + j]) * normals[j][l];
          drawn[j] = (float)(a.mean[of + j] + off);
        }
      }
    }
  }
}
