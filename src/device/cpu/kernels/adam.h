/*
 * Adam (Kingma & Ba 2015) as PyTorch has it: the L2 term joins the gradient, epsilon is added to the corrected root.
 *   g += decay w;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w -= rate m / (sqrt(v) root + eps)
 * with rate = learning rate / (1 - b1^t) and root = 1 / sqrt(1 - b2^t).
 */
#ifndef SCVAE_ADAM_H
#define SCVAE_ADAM_H

#include "memory.h"

typedef struct {
  float rate, root, b1, b2, eps, decay;
} Adam;

/* Six words of the arguments; a rate of 0 words is no update. */
INLINE Adam adam_arg(const Call *c, int i) {
  Adam s = {float_arg(c, i),     float_arg(c, i + 1), float_arg(c, i + 2),
            float_arg(c, i + 3), float_arg(c, i + 4), float_arg(c, i + 5)};
  return s;
}

INLINE void adam_vec(const Adam *s, vec g, float *w, float *m, float *v) {
  vec wv = load(w);
  g = g + s->decay * wv;
  vec mv = s->b1 * load(m) + (1.0f - s->b1) * g;
  vec vv = s->b2 * load(v) + (1.0f - s->b2) * (g * g);
  store(m, mv);
  store(v, vv);
  store(w, wv - s->rate * mv / (vsqrt(vv) * s->root + s->eps));
}

/* A parameter in the arguments: words of value, gradient and the two moments. */
typedef struct {
  float *w, *g, *m, *v;
} Param;

INLINE Param param_arg(const Call *c, int i) {
  Param p = {tensor_arg(c, i), tensor_arg(c, i + 1), tensor_arg(c, i + 2), tensor_arg(c, i + 3)};
  return p;
}

/* Either stores a gradient or, with `update`, takes the step at once. */
INLINE void put_gradient(const Param *p, intptr_t at, vec g, const Adam *s, int update) {
  if (update)
    adam_vec(s, g, p->w + at, p->m + at, p->v + at);
  else
    store(p->g + at, g);
}

#endif
