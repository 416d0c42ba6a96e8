/*
 * One epoch of UMAP's descent in the form that gathers: a cell's owner sums the forces on it, all from places of the epoch
 * before. A drawn tie in each vector lane: its attraction, and its pushes off cells taken at random.
 */
#include "philox.h"
#include "arguments.h"

/* Cells whose draws are numbered together, and draws at a time. */
#define LAYOUT_CELLS 64
#define LAYOUT_DRAWS 128
#define PUSHES 5
#define LONGEST_FORCE 4.0f
/* keeps the push finite between points that nearly coincide */
#define SOFTENING 1e-3f

typedef struct {
  int count;
  /* Draws of the same cells before these: a multiple of 16. */
  uint32_t before;
  int32_t cell[LAYOUT_DRAWS], other[LAYOUT_DRAWS];
} Draws;

/* Sums over a cell's draws: forces, and the stiffness of its ties. */
typedef struct {
  float x[LAYOUT_CELLS], y[LAYOUT_CELLS], stiffness[LAYOUT_CELLS];
} Forces;

INLINE vec cut(vec force) { return vmin(vmax(force, splat(-LONGEST_FORCE)), splat(LONGEST_FORCE)); }

INLINE void places(const float *from, const int32_t *cells, int n, float *x, float *y) {
  for (int t = 0; t < n; t++) {
    const float *place = from + 2 * (intptr_t)cells[t];
    x[t] = place[0];
    y[t] = place[1];
  }
}

/* others[push][draw]: four words of a draw's own block, and one of a block that four draws share. */
INLINE void random_cells(const LayoutEpochArgs *a, const Draws *draws, int n, uint32_t row, int32_t others[PUSHES][LAYOUT_DRAWS]) {
  uint32_t words[4][W] __attribute__((aligned(64)));
  for (int t = 0; t < n; t += W) {
    philox(a->noise.seed, a->noise.purpose, draws->before + (uint32_t)t, 2 * row, a->noise.step, words);
    for (int p = 0; p < 4; p++) {
      uvec high, low;
      multiply_wide(*(uvec *)words[p], (uint32_t)a->cells, &high, &low);
      *(uvec *)&others[p][t] = high;
    }
  }
  for (int t = 0; t < n; t += 4 * W) {
    philox(a->noise.seed, a->noise.purpose, (draws->before + (uint32_t)t) / 4, 2 * row + 1, a->noise.step, words);
    for (int s = 0; s < 4 * W && t + s < n; s++)
      others[4][t + s] = (int32_t)((uint64_t)words[s & 3][s >> 2] * (uint32_t)a->cells >> 32);
  }
}

static __attribute__((noinline)) void add_forces(const LayoutEpochArgs *a, Draws *draws, int first, Forces *forces) {
  int n = round_up(draws->count, 16);
  int32_t others[PUSHES][LAYOUT_DRAWS] __attribute__((aligned(64)));
  float x[2 + PUSHES][LAYOUT_DRAWS] __attribute__((aligned(64)));
  float y[2 + PUSHES][LAYOUT_DRAWS] __attribute__((aligned(64)));
  float stiffness[LAYOUT_DRAWS] __attribute__((aligned(64)));
  /* lanes without a draw: a cell tied to itself */
  for (int t = draws->count; t < n; t++) draws->cell[t] = draws->other[t] = first;
  random_cells(a, draws, n, (uint32_t)(first / LAYOUT_CELLS), others);
  places(a->from, draws->cell, n, x[0], y[0]);
  places(a->from, draws->other, n, x[1], y[1]);
  for (int p = 0; p < PUSHES; p++) places(a->from, others[p], n, x[2 + p], y[2 + p]);
  const vec one = splat(1.0f), zero = splat(0.0f);
  const float log_a = vlog(splat(a->a))[0], twice_b = 2.0f * a->b;
  for (int t = 0; t < n; t += W) {
    vec x0 = load(x[0] + t), y0 = load(y[0] + t);
    vec dx = x0 - load(x[1] + t), dy = y0 - load(y[1] + t);
    vec squared = dx * dx + dy * dy;
    /* a s^b, of places that coincide too */
    vec power = vexp(a->b * vlog(vmax(squared, splat(1e-30f))) + log_a);
    vec pull = pick(squared > zero, twice_b * power / (squared * (one + power)), zero);
    /* each end of a pair draws it */
    vec fx = -2.0f * cut(pull * dx), fy = -2.0f * cut(pull * dy);
    store(stiffness + t, 2.0f * pull);
    for (int p = 0; p < PUSHES; p++) {
      dx = x0 - load(x[2 + p] + t);
      dy = y0 - load(y[2 + p] + t);
      squared = dx * dx + dy * dy;
      power = vexp(a->b * vlog(vmax(squared, splat(1e-30f))) + log_a);
      vec push = twice_b / ((SOFTENING + squared) * (one + power));
      fx += cut(push * dx);
      fy += cut(push * dy);
    }
    store(x[0] + t, fx);
    store(y[0] + t, fy);
  }
  for (int t = 0; t < draws->count; t++) {
    int i = draws->cell[t] - first;
    forces->x[i] += x[0][t];
    forces->y[i] += y[0][t];
    forces->stiffness[i] += stiffness[t];
  }
  draws->before += (uint32_t)n;
  draws->count = 0;
}

KERNEL layout_epoch(const Call *c) {
  LayoutEpochArgs a = layout_epoch_args(c);
  int first, last;
  share(c, a.cells, LAYOUT_CELLS, &first, &last);
  const float now = (float)a.epoch, before = (float)(a.epoch - 1);
  for (int from = first; from < last; from += LAYOUT_CELLS) {
    int cells = last - from < LAYOUT_CELLS ? last - from : LAYOUT_CELLS;
    Draws draws = {0};
    Forces forces = {0};
    for (int i = from; i < from + cells; i++) {
      for (int e = a.starts[i]; e < a.starts[i + 1]; e += W) {
        int lanes = a.starts[i + 1] - e < W ? a.starts[i + 1] - e : W;
        /* a tie of a share f of the largest weight is drawn whenever f times the epoch reaches a whole number */
        vec f = loadu(a.share + e);
        ivec due = __builtin_convertvector(f * now, ivec) - __builtin_convertvector(f * before, ivec);
        if (draws.count + W > LAYOUT_DRAWS) add_forces(&a, &draws, from, &forces);
        for (int l = 0; l < lanes; l++) {
          draws.cell[draws.count] = i;
          draws.other[draws.count] = a.others[e + l];
          draws.count += due[l];
        }
      }
    }
    add_forces(&a, &draws, from, &forces);
    for (int i = 0; i < cells; i++) {
      float step = a.rate / (1.0f + a.rate * forces.stiffness[i]);
      a.to[2 * (from + i)] = a.from[2 * (from + i)] + step * forces.x[i];
      a.to[2 * (from + i) + 1] = a.from[2 * (from + i) + 1] + step * forces.y[i];
    }
  }
}
