/*
 * A function at every point of an index space of up to three axes, gathered over the axes that the output does not have.
 *
 * The function is a list of instructions on vectors of points; each writes a row of LANES results. Points are those of LANES
 * outputs side by side along one axis, or, where there are few outputs, of one output in turn. Sums are taken in double precision, in an
 * order that the shape alone decides: threads own outputs.
 */
#include "arguments.h"

#define LANES 64
#define FEW_OUTPUTS 16
/* Along a last axis of so many outputs inputs mostly lie side by side; else lanes go along the longest axis. */
#define LONG_AXIS 32

enum { FROM_CONSTANT, FROM_INPUT, NEGATIVE, EXP, LOG, SQRT, SOFTPLUS, SIGMOID, COS, ADD, SUBTRACT, MULTIPLY, DIVIDE, MAXIMUM, MINIMUM, GREATER };
enum { SUM, MAX, LOGSUMEXP };

/* cos x: the turns are taken off in two parts, so that what is left keeps its low bits. */
INLINE vec vcos(vec x) {
  const float magic = 12582912.0f;
  vec n = (x * 0.15915494309f + magic) - magic;
  vec rest = (x - n * 6.28125f) - n * 1.9353071796e-3f;
  vec u = rest * 0.15915494309f;
  u = pick(u < splat(0.0f), u + 1.0f, u);
  return cos_turn(vmin(u, splat(0.99999994f)));
}

/* ln x for every x: -inf at 0, NaN below. */
INLINE vec vlog_any(vec x) {
  vec y = vlog(vmax(x, splat(1.17549435e-38f)));
  y = pick(x == splat(0.0f), splat(-__builtin_inff()), y);
  y = pick(x == splat(__builtin_inff()), x, y);
  return pick(x >= splat(0.0f), y, splat(__builtin_nanf("")));
}

/* An input of a point: where it starts, and words from one position of an axis to the next. */
typedef struct {
  int32_t start, stride[3];
} MapInput;

/* What is computed: an operation, the rows that it takes, and the bits of a constant. */
typedef struct {
  int32_t op, a, b, value;
} Instruction;

typedef struct {
  const float *base;
  const Instruction *instructions;
  int n_instructions;
  /* Of outputs side by side: words from one lane's point to the next, by input. Null for points in turn, which have `places`. */
  const int32_t *steps;
  int32_t *places; /* [input][LANES]: words of each lane's point */
  float *rows;     /* [instruction][LANES] */
} Map;

/* Reads an input's values at points that are `step` words apart. */
INLINE void read_lanes(float *out, const float *from, int step, int n) {
  if (step == 0)
    for (int j = 0; j < n; j += W) store(out + j, splat(from[0]));
  else if (step == 1)
    for (int j = 0; j < n; j += W) store(out + j, loadu(from + j));
  else
    for (int j = 0; j < n; j++) out[j] = from[(intptr_t)j * step];
}

/*
 * Results at points of the inputs, which `shift` says the first of, and of which `n` lanes are of use. `done` says which rows hold what they
 * would be given again; null for none.
 */
INLINE const float *map_points(const Map *m, const int32_t *shift, int n, const uint8_t *done) {
  for (int k = 0; k < m->n_instructions; k++) {
    if (done && done[k]) continue;
    const Instruction *i = m->instructions + k;
    float *out = m->rows + k * LANES;
    const float *a = m->rows + i->a * LANES, *b = m->rows + i->b * LANES;
#define EACH(EXPRESSION) \
  for (int j = 0; j < n; j += W) { \
    vec x = load(a + j), y = load(b + j); \
    (void)x, (void)y; \
    store(out + j, EXPRESSION); \
  } \
  break
    switch (i->op) {
      case FROM_CONSTANT: {
        union { int32_t word; float value; } bits = {i->value};
        for (int j = 0; j < n; j += W) store(out + j, splat(bits.value));
        break;
      }
      case FROM_INPUT: {
        const float *from = m->base + shift[i->a];
        if (m->steps) {
          read_lanes(out, from, m->steps[i->a], n);
          break;
        }
        const int32_t *place = m->places + i->a * LANES;
        for (int j = 0; j < n; j++) out[j] = from[place[j]];
        break;
      }
      case NEGATIVE: EACH(-x);
      case EXP: EACH(vexp(x));
      case LOG: EACH(vlog_any(x));
      case SQRT: EACH(vsqrt(x));
      case SOFTPLUS: EACH(vsoftplus(x));
      case SIGMOID: EACH(vsigmoid(x));
      case COS: EACH(vcos(x));
      case ADD: EACH(x + y);
      case SUBTRACT: EACH(x - y);
      case MULTIPLY: EACH(x * y);
      case DIVIDE: EACH(x / y);
      case MAXIMUM: EACH(vmax(x, y));
      case MINIMUM: EACH(vmin(x, y));
      case GREATER: EACH(pick(x > y, splat(1.0f), splat(0.0f)));
    }
#undef EACH
  }
  return m->rows + (m->n_instructions - 1) * LANES;
}

/* The position along each axis of point `i` of a space of these sizes, the last axis fastest. */
INLINE void positions(int64_t i, const int *size, int *at) {
  for (int axis = 2; axis >= 0; axis--) at[axis] = (int)(i % size[axis]), i /= size[axis];
}

INLINE int32_t word_of(const MapInput *in, const int *at) {
  return in->stride[0] * at[0] + in->stride[1] * at[1] + in->stride[2] * at[2];
}

/* What `n` lanes gather over the points of one pass: in a sum doubles, else the largest. */
typedef struct {
  double sum[LANES];
  float most[LANES] __attribute__((aligned(64)));
} Gathered;

INLINE void gather_lanes(Gathered *g, const float *x, int n, int reduce, int pass) {
  float scaled[LANES] __attribute__((aligned(64)));
  if (reduce == SUM) {
    for (int j = 0; j < n; j++) g->sum[j] += x[j];
  } else if (pass == 0) {
    for (int j = 0; j < n; j++) g->most[j] = x[j] > g->most[j] ? x[j] : g->most[j];
  } else {
    for (int j = 0; j < n; j += W) store(scaled + j, vexp(load(x + j) - load(g->most + j)));
    for (int j = 0; j < n; j++) g->sum[j] += scaled[j];
  }
}

/* The same where all lanes belong to one output. */
INLINE void gather_turn(Gathered *g, const float *x, int n, int reduce, int pass) {
  for (int j = 0; j < n; j++) {
    if (reduce == SUM) g->sum[0] += x[j];
    else if (pass == 0) g->most[0] = x[j] > g->most[0] ? x[j] : g->most[0];
    else g->sum[0] += vexp(splat(x[j] - g->most[0]))[0];
  }
}

INLINE float gathered(const Gathered *g, int j, int reduce) {
  if (reduce == SUM) return (float)g->sum[j];
  if (reduce == MAX || !(g->most[j] > -__builtin_inff())) return g->most[j];
  return g->most[j] + vlog_any(splat((float)g->sum[j]))[0];
}

typedef struct {
  int kept[3], over[3], reduce, accumulate, n_inputs;
  const MapInput *inputs, *output;
  float *to;
  int64_t points;
} Space;

INLINE void put_gathered(const Space *s, const Gathered *g, int j, const int *at) {
  float *to = s->to + word_of(s->output, at);
  *to = gathered(g, j, s->reduce) + (s->accumulate ? *to : 0.0f);
}

/* The next of the points that are gathered. */
INLINE void go_on(const Space *s, int *at) {
  for (int axis = 2; axis >= 0 && ++at[axis] == s->over[axis]; axis--) at[axis] = 0;
}

/* One output after the other, of LANES points at a time. */
static void outputs_in_turn(const Call *c, Map *m, const Space *s, int32_t *shift, int32_t *start) {
  int first, last, at[3], to[3];
  share(c, s->kept[0] * s->kept[1] * s->kept[2], 1, &first, &last);
  for (int k = 0; k < s->n_inputs; k++) shift[k] = 0;
  for (int o = first; o < last; o++) {
    Gathered g;
    g.sum[0] = 0.0, g.most[0] = -__builtin_inff();
    positions(o, s->kept, to);
    for (int k = 0; k < s->n_inputs; k++) start[k] = s->inputs[k].start + word_of(s->inputs + k, to);
    for (int pass = 0; pass < (s->reduce == LOGSUMEXP ? 2 : 1); pass++) {
      at[0] = at[1] = at[2] = 0;
      for (int64_t p = 0; p < s->points; p += LANES) {
        int lanes = s->points - p < LANES ? (int)(s->points - p) : LANES;
        for (int j = 0; j < lanes; j++, go_on(s, at))
          for (int k = 0; k < s->n_inputs; k++) m->places[k * LANES + j] = start[k] + word_of(s->inputs + k, at);
        gather_turn(&g, map_points(m, shift, lanes, 0), lanes, s->reduce, pass);
      }
    }
    put_gathered(s, &g, 0, to);
  }
}

/* Rows that are the same at all points that are gathered: of constants, and of what does not change along the axes that go. */
INLINE void find_still(const Map *m, const Space *s, uint8_t *still) {
  for (int k = 0; k < m->n_instructions; k++) {
    const Instruction *i = m->instructions + k;
    still[k] = 1;
    if (i->op == FROM_INPUT) {
      for (int axis = 0; axis < 3; axis++)
        if (s->over[axis] > 1 && s->inputs[i->a].stride[axis]) still[k] = 0;
    } else if (i->op >= NEGATIVE)
      still[k] = still[i->a] && (i->op < ADD || still[i->b]);
  }
}

/* LANES outputs at a time, side by side along an axis. */
static void outputs_side_by_side(const Call *c, Map *m, const Space *s, int32_t *shift, int32_t *start) {
  const int *kept = s->kept;
  int lane_axis = 2, first, last, at[3], to[3], blocks[3] = {kept[0], kept[1], kept[2]};
  while (lane_axis > 0 && kept[lane_axis] == 1) lane_axis--;
  if (kept[lane_axis] < LONG_AXIS)
    for (int axis = 0; axis < 3; axis++)
      if (kept[axis] > kept[lane_axis]) lane_axis = axis;
  const int length = kept[lane_axis];
  blocks[lane_axis] = (length + LANES - 1) / LANES;
  int32_t steps[s->n_inputs + 1];
  for (int k = 0; k < s->n_inputs; k++) steps[k] = s->inputs[k].stride[lane_axis];
  m->steps = steps;
  uint8_t still[m->n_instructions];
  find_still(m, s, still);
  share(c, blocks[0] * blocks[1] * blocks[2], 1, &first, &last);
  for (int block = first; block < last; block++) {
    positions(block, blocks, to);
    to[lane_axis] *= LANES;
    int n = length - to[lane_axis] < LANES ? length - to[lane_axis] : LANES;
    Gathered g;
    for (int j = 0; j < LANES; j++) g.sum[j] = 0.0, g.most[j] = -__builtin_inff();
    for (int k = 0; k < s->n_inputs; k++) start[k] = s->inputs[k].start + word_of(s->inputs + k, to);
    for (int pass = 0; pass < (s->reduce == LOGSUMEXP ? 2 : 1); pass++) {
      at[0] = at[1] = at[2] = 0;
      for (int64_t p = 0; p < s->points; p++) {
        for (int k = 0; k < s->n_inputs; k++) shift[k] = start[k] + word_of(s->inputs + k, at);
        gather_lanes(&g, map_points(m, shift, n, p || pass ? still : 0), n, s->reduce, pass);
        go_on(s, at);
      }
    }
    for (int j = 0; j < n; j++, to[lane_axis]++) put_gathered(s, &g, j, to);
  }
}

KERNEL map_reduce(const Call *c) {
  MapReduceArgs a = map_reduce_args(c);
  Space s = {
      {a.kept0, a.kept1, a.kept2}, {a.over0, a.over1, a.over2}, a.reduce, a.accumulate, a.n_inputs,
      (const MapInput *)a.inputs, (const MapInput *)a.inputs + a.n_inputs, a.output, (int64_t)a.over0 * a.over1 * a.over2,
  };
  float *scratch = a.scratch + (intptr_t)a.scratch_stride * c->part;
  Map m = {c->base, (const Instruction *)a.instructions, a.n_instructions, 0};
  m.rows = scratch;
  m.places = (int32_t *)(scratch + (intptr_t)a.n_instructions * LANES);
  int32_t *shift = m.places + a.n_inputs * LANES;
  int32_t start[a.n_inputs + 1];
  if (s.kept[0] * s.kept[1] * s.kept[2] < FEW_OUTPUTS)
    outputs_in_turn(c, &m, &s, shift, start);
  else
    outputs_side_by_side(c, &m, &s, shift, start);
}
