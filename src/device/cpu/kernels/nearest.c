/*
 * Nearest cells by a k-d tree whose leaves hold LEAF cells each: the cells of a leaf go through the tree together, and meet the
 * cells of another leaf, LEAF distances at a time, where its box is near enough. With many dimensions, in which hardly a box is
 * far, all pairs are compared in vectors.
 *
 * Node i has the children 2 i + 1 and 2 i + 2. A node stands for a run of leaves, which is halved: runs follow from the number of leaves.
 */
#include "arguments.h"

#define LEAF 32
#define LEAF_VECS (LEAF / W)
#define DEEPEST 64

typedef struct {
  const float *points;
  const int32_t *order;
  int dims, from, to, middle;
} Range;

INLINE float coordinate(const Range *r, int position, int f) { return r->points[(intptr_t)r->order[position] * r->dims + f]; }

static __attribute__((noinline)) int widest_coordinate(const Range *r) {
  int widest = 0;
  float width = -1.0f;
  for (int f = 0; f < r->dims; f++) {
    float least = coordinate(r, r->from, f), greatest = least;
    for (int p = r->from + 1; p < r->to; p++) {
      float x = coordinate(r, p, f);
      least = x < least ? x : least;
      greatest = x > greatest ? x : greatest;
    }
    if (greatest - least > width) {
      width = greatest - least;
      widest = f;
    }
  }
  return widest;
}

/* Reorders cells so that no coordinate before the middle is above one after it (quickselect). */
static __attribute__((noinline)) void select_middle(const Range *r, int32_t *order, int f) {
  int low = r->from, high = r->to - 1;
  while (low < high) {
    float pivot = coordinate(r, (low + high) >> 1, f);
    int i = low, j = high;
    while (i <= j) {
      while (coordinate(r, i, f) < pivot) i++;
      while (coordinate(r, j, f) > pivot) j--;
      if (i > j) break;
      int32_t held = order[i];
      order[i++] = order[j];
      order[j--] = held;
    }
    if (r->middle <= j) high = j;
    else if (r->middle >= i) low = i;
    else return;
  }
}

/* Halves each of some runs of leaves that follow each other: from starts[s] to starts[s + 1]. */
KERNEL halve_runs(const Call *c) {
  HalveRunsArgs a = halve_runs_args(c);
  for (int s = c->part; s < a.runs; s += c->parts) {
    int leaves = a.starts[s + 1] - a.starts[s];
    if (leaves < 2) continue;
    int to = a.starts[s + 1] * LEAF;
    Range r = {a.points, a.order, a.dims, a.starts[s] * LEAF, to < a.cells ? to : a.cells, (a.starts[s] + leaves / 2) * LEAF};
    select_middle(&r, a.order, widest_coordinate(&r));
  }
}

/* Copies the cells of each leaf, coordinate by coordinate, and takes its box. Places without a cell are infinitely far. */
KERNEL pack_leaves(const Call *c) {
  PackLeavesArgs a = pack_leaves_args(c);
  int first, last, leaves = (a.cells + LEAF - 1) / LEAF;
  share(c, leaves, 1, &first, &last);
  for (int leaf = first; leaf < last; leaf++) {
    int from = leaf * LEAF, n = a.cells - from < LEAF ? a.cells - from : LEAF;
    float *out = a.leaves + (intptr_t)from * a.dims;
    float *box = a.boxes + (intptr_t)a.node[leaf] * 2 * a.padded;
    for (int f = 0; f < a.dims; f++) {
      float least = __builtin_inff(), greatest = -least;
      for (int p = 0; p < LEAF; p++) {
        float x = p < n ? a.points[(intptr_t)a.order[from + p] * a.dims + f] : __builtin_inff();
        out[f * LEAF + p] = x;
        if (p < n) {
          least = x < least ? x : least;
          greatest = x > greatest ? x : greatest;
        }
      }
      box[f] = least;
      box[a.padded + f] = greatest;
    }
  }
}

typedef struct {
  const NearestCellsArgs *a;
  int leaf, cells;
  const float *points, *box;
  /* [LEAF]: the farthest that each cell's list takes. */
  float *worst;
  /* [LEAF][k]: ascending by distance, then by cell. */
  float *squared;
  int32_t *named;
} Query;

INLINE float box_distance(const Query *q, int node) {
  int padded = q->a->padded;
  const float *box = q->a->boxes + (intptr_t)node * 2 * padded;
  vec total = splat(0.0f);
  for (int f = 0; f < padded; f += W) {
    vec gap = vmax(vmax(load(box + f) - load(q->box + padded + f), load(q->box + f) - load(box + padded + f)), splat(0.0f));
    total = multiply_add(gap, gap, total);
  }
  return sum(total);
}

INLINE void insert(Query *q, int i, float squared, int32_t cell) {
  int k = q->a->k, at = k - 1;
  float *distances = q->squared + (intptr_t)i * k;
  int32_t *cells = q->named + (intptr_t)i * k;
  if (distances[at] < squared || (distances[at] == squared && cells[at] < cell)) return;
  for (; at > 0 && (distances[at - 1] > squared || (distances[at - 1] == squared && cells[at - 1] > cell)); at--) {
    distances[at] = distances[at - 1];
    cells[at] = cells[at - 1];
  }
  distances[at] = squared;
  cells[at] = cell;
  q->worst[i] = distances[k - 1];
}

/* One cell against all of a leaf. */
static __attribute__((noinline)) void scan_leaf(Query *q, int i, int leaf) {
  const float *points = q->a->leaves + (intptr_t)leaf * LEAF * q->a->dims;
  vec squared[LEAF_VECS];
  for (int v = 0; v < LEAF_VECS; v++) squared[v] = splat(0.0f);
  for (int f = 0; f < q->a->dims; f++) {
    vec x = splat(q->points[f * LEAF + i]);
    for (int v = 0; v < LEAF_VECS; v++) {
      vec difference = load(points + f * LEAF + v * W) - x;
      squared[v] = multiply_add(difference, difference, squared[v]);
    }
  }
  const int32_t *order = q->a->order + leaf * LEAF;
  int cells = q->a->cells - leaf * LEAF;
  for (int v = 0; v < LEAF_VECS; v++) {
    for (uint32_t near = lane_bits(squared[v] <= splat(q->worst[i])); near; near &= near - 1) {
      int l = __builtin_ctz(near), p = v * W + l;
      if (p < cells && (leaf != q->leaf || p != i)) insert(q, i, squared[v][l], order[p]);
    }
  }
}

/* The cells whose lists a leaf's box may touch, against that leaf; gives the greatest of what the lists take. */
static __attribute__((noinline)) float visit_leaf(Query *q, int node, int leaf) {
  int d = q->a->dims, padded = q->a->padded;
  const float *box = q->a->boxes + (intptr_t)node * 2 * padded;
  vec squared[LEAF_VECS];
  for (int v = 0; v < LEAF_VECS; v++) squared[v] = splat(0.0f);
  for (int f = 0; f < d; f++) {
    for (int v = 0; v < LEAF_VECS; v++) {
      vec x = load(q->points + f * LEAF + v * W);
      vec gap = vmax(vmax(box[f] - x, x - box[padded + f]), splat(0.0f));
      squared[v] = multiply_add(gap, gap, squared[v]);
    }
  }
  for (int v = 0; v < LEAF_VECS; v++) {
    for (uint32_t near = lane_bits(squared[v] <= load(q->worst + v * W)); near; near &= near - 1)
      scan_leaf(q, v * W + __builtin_ctz(near), leaf);
  }
  float worst = 0.0f;
  for (int i = 0; i < q->cells; i++) worst = q->worst[i] > worst ? q->worst[i] : worst;
  return worst;
}

typedef struct {
  int node, first, last;
  float distance;
} Visit;

static void search_tree(Query *q) {
  Visit visits[DEEPEST];
  int n = 0, leaves = (q->a->cells + LEAF - 1) / LEAF;
  float worst = __builtin_inff();
  visits[n++] = (Visit){0, 0, leaves, 0.0f};
  while (n > 0) {
    Visit v = visits[--n];
    if (v.distance > worst) continue;
    if (v.last - v.first == 1) {
      worst = visit_leaf(q, v.node, v.first);
      continue;
    }
    int middle = v.first + (v.last - v.first) / 2;
    Visit left = {2 * v.node + 1, v.first, middle, box_distance(q, 2 * v.node + 1)};
    Visit right = {2 * v.node + 2, middle, v.last, box_distance(q, 2 * v.node + 2)};
    int left_first = left.distance < right.distance || (left.distance == right.distance && q->leaf < middle);
    visits[n++] = left_first ? right : left;
    visits[n++] = left_first ? left : right;
  }
}

KERNEL nearest_cells(const Call *c) {
  NearestCellsArgs a = nearest_cells_args(c);
  float worst[LEAF] __attribute__((aligned(64)));
  float *scratch = a.scratch + (intptr_t)c->part * a.scratch_stride;
  for (int leaf = a.first + c->part; leaf < a.first + a.count; leaf += c->parts) {
    int cells = a.cells - leaf * LEAF < LEAF ? a.cells - leaf * LEAF : LEAF;
    const float *points = a.leaves + (intptr_t)leaf * LEAF * a.dims, *box = a.boxes + (intptr_t)a.node[leaf] * 2 * a.padded;
    Query q = {&a, leaf, cells, points, box, worst, scratch, (int32_t *)scratch + LEAF * a.k};
    for (int i = 0; i < LEAF; i++) worst[i] = i < cells ? __builtin_inff() : -1.0f;
    for (int at = 0; at < LEAF * a.k; at++) q.squared[at] = __builtin_inff(), q.named[at] = 0x7fffffff;
    search_tree(&q);
    for (int i = 0; i < cells; i++) {
      int cell = a.order[leaf * LEAF + i];
      for (int rank = 0; rank < a.k; rank++) a.rows[(intptr_t)rank * a.cells + cell] = q.named[i * a.k + rank];
      a.farthest[cell] = worst[i];
    }
  }
}
