/*
 * Adam (Kingma & Ba 2015) as PyTorch has it: the L2 term joins the gradient, epsilon is added to the corrected root.
 *   g += decay w;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w -= rate m / (sqrt(v) root + eps)
 * with rate = learning rate / (1 - b1^t) and root = 1 / sqrt(1 - b2^t).
 */
#ifndef SCVAE_ADAM_H
#define SCVAE_ADAM_H

#include "arguments.h"

INLINE void adam_vec(const Adam *s, vec g, float *w, float *m, float *v) {
  vec wv = load(w);
  g = g + s->decay * wv;
  vec mv = s->beta1 * load(m) + (1.0f - s->beta1) * g;
  vec vv = s->beta2 * load(v) + (1.0f - s->beta2) * (g * g);
  store(m, mv);
  store(v, vv);
  store(w, wv - s->rate * mv / (vsqrt(vv) * s->root + s->epsilon));
}

/* Either stores a gradient or, with `update`, takes the step at once. */
INLINE void put_gradient(const Param *p, intptr_t at, vec g, const Adam *s, int update) {
  if (update)
    adam_vec(s, g, p->value + at, p->first_moment + at, p->second_moment + at);
  else
    store(p->gradient + at, g);
}

#endif
