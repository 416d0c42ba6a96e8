/* Tiles of a gradient by weights: stored, or taken as a step of Adam at once. */
#ifndef SCVAE_GRADIENT_SINK_H
#define SCVAE_GRADIENT_SINK_H

#include "adam.h"
#include "gemm.h"

typedef struct {
  Param weight;
  intptr_t width;
  Adam adam;
} GradientSink;

INLINE void to_gradient(const void *to, const Tile *t) {
  const GradientSink *s = to;
  for (int r = t->row + TILE_ROWS; s->adam.update && r < t->row + 2 * TILE_ROWS; r++) {
    prefetch(s->weight.first_moment + r * s->width + t->column, t->vecs * W);
    prefetch(s->weight.second_moment + r * s->width + t->column, t->vecs * W);
  }
  for (int r = 0; r < t->rows; r++) {
    intptr_t at = (t->row + r) * s->width + t->column;
    for (int v = 0; v < t->vecs; v++) {
      vec sums = load(t->sums + (r * TILE_VECS + v) * W);
      if (!t->first) sums += load(s->weight.gradient + at + v * W);
      put_gradient(&s->weight, at + v * W, sums, &s->adam, s->adam.update && t->last);
    }
  }
}

#endif
