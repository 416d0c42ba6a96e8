/*
 * A function at every point of an index space of up to three axes, gathered over the axes that the output does not have.
 *
 * The function is a list of instructions on vectors of points; each writes a row of LANES results. Points are those of LANES
 * outputs side by side, or, where there are few outputs, of one output in turn. Sums are taken in double precision, in an order
 * that the shape alone decides: threads own outputs.
 */
#include "arguments.h"

#define LANES 64
#define FEW_OUTPUTS 16

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
  const MapInput *inputs;
  const Instruction *instructions;
  int n_inputs, n_instructions;
  int32_t *places; /* [input][LANES]: words of each lane's point */
  float *rows;     /* [instruction][LANES] */
} Map;

/* Results at the points `places` + `shift` of the inputs, of which `n` lanes are of use. */
INLINE const float *map_points(const Map *m, const int32_t *shift, int n) {
  for (int k = 0; k < m->n_instructions; k++) {
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
        const int32_t *place = m->places + i->a * LANES;
        const float *from = m->base + shift[i->a];
        for (int j = 0; j < n; j++) out[j] = from[place[j]];
        for (int j = n; j < round_up(n, W); j++) out[j] = 0.0f;
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
  float most[LANES];
} Gathered;

INLINE void gather_lanes(Gathered *g, const float *x, int n, int reduce, int pass) {
  for (int j = 0; j < n; j++) {
    if (reduce == SUM) g->sum[j] += x[j];
    else if (pass == 0) g->most[j] = x[j] > g->most[j] ? x[j] : g->most[j];
    else g->sum[j] += vexp(splat(x[j] - g->most[j]))[0];
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

KERNEL map_reduce(const Call *c) {
  MapReduceArgs a = map_reduce_args(c);
  const int kept[3] = {a.kept0, a.kept1, a.kept2}, over[3] = {a.over0, a.over1, a.over2};
  const MapInput *output = (const MapInput *)a.inputs + a.n_inputs;
  Map m = {c->base, (const MapInput *)a.inputs, (const Instruction *)a.instructions, a.n_inputs, a.n_instructions};
  float *scratch = a.scratch + (intptr_t)a.scratch_stride * c->part;
  m.rows = scratch;
  m.places = (int32_t *)(scratch + (intptr_t)a.n_instructions * LANES);
  int32_t *shift = m.places + a.n_inputs * LANES;
  int outputs = kept[0] * kept[1] * kept[2], at[3], first, last;
  int64_t points = (int64_t)over[0] * over[1] * over[2];
  int few = outputs < FEW_OUTPUTS, step = few ? 1 : LANES;
  Gathered g;
  share(c, outputs, few ? 1 : 16, &first, &last);
  for (int o = first; o < last; o += step) {
    int n = last - o < step ? last - o : step;
    for (int j = 0; j < n; j++) g.sum[j] = 0.0, g.most[j] = -__builtin_inff();
    for (int k = 0; k < a.n_inputs; k++)
      for (int j = 0; j < n; j++) {
        positions(o + j, kept, at);
        m.places[k * LANES + j] = m.inputs[k].start + word_of(m.inputs + k, at);
      }
    int32_t start[n > 0 ? a.n_inputs + 1 : 1];
    for (int k = 0; few && k < a.n_inputs; k++) start[k] = m.places[k * LANES];
    for (int pass = 0; pass < (a.reduce == LOGSUMEXP ? 2 : 1); pass++)
      for (int64_t p = 0; p < points; p += few ? LANES : 1) {
        int lanes = n;
        if (few) {
          lanes = points - p < LANES ? (int)(points - p) : LANES;
          for (int j = 0; j < lanes; j++) {
            positions(p + j, over, at);
            for (int k = 0; k < a.n_inputs; k++) m.places[k * LANES + j] = start[k] + word_of(m.inputs + k, at);
          }
          for (int k = 0; k < a.n_inputs; k++) shift[k] = 0;
          gather_turn(&g, map_points(&m, shift, lanes), lanes, a.reduce, pass);
          continue;
        }
        positions(p, over, at);
        for (int k = 0; k < a.n_inputs; k++) shift[k] = word_of(m.inputs + k, at);
        gather_lanes(&g, map_points(&m, shift, lanes), lanes, a.reduce, pass);
      }
    for (int j = 0; j < n; j++) {
      positions(o + j, kept, at);
      float *to = a.output + word_of(output, at);
      *to = gathered(&g, j, a.reduce) + (a.accumulate ? *to : 0.0f);
    }
  }
}
