/* Covariates are more rows of a layer's weight, behind those of its inputs. */
#ifndef SCVAE_COVARIATES_H
#define SCVAE_COVARIATES_H

#include "adam.h"

/* Adds the weight rows of a cell's covariates to `out`; rows start at `weight`. */
INLINE void add_covariates(const Covariates *v, int cell, const float *weight, int width, float *out) {
  for (int k = 0; k < v->n_categorical; k++) {
    if (!v->categories[k]) continue;
    const float *row = weight + (intptr_t)v->codes[k * v->stride + cell] * width;
    for (int j = 0; j < width; j += W) store(out + j, load(out + j) + load(row + j));
    weight += (intptr_t)v->categories[k] * width;
  }
  for (int k = 0; k < v->n_continuous; k++) {
    float x = v->values[k * v->stride + cell];
    for (int j = 0; j < width; j += W) store(out + j, load(out + j) + x * load(weight + j));
    weight += width;
  }
}

/* Rows of covariates in a weight. */
INLINE int covariate_rows(const Covariates *v) {
  int rows = v->n_continuous;
  for (int k = 0; k < v->n_categorical; k++) rows += v->categories[k];
  return rows;
}

/* Gradient of covariate row `row` (or, past the last, of the bias), W columns from j. */
INLINE vec covariate_gradient(const Covariates *v, int row, int cells, const float *gradient, int width, int j) {
  vec g = splat(0.0f);
  for (int k = 0; k < v->n_categorical; k++) {
    if (row < v->categories[k]) {
      const int32_t *codes = v->codes + k * v->stride;
      for (int i = 0; i < cells; i++)
        if (codes[i] == row) g += load(gradient + (intptr_t)i * width + j);
      return g;
    }
    row -= v->categories[k];
  }
  const float *x = row < v->n_continuous ? v->values + row * v->stride : 0;
  for (int i = 0; i < cells; i++) g += (x ? x[i] : 1.0f) * load(gradient + (intptr_t)i * width + j);
  return g;
}

/* Gradients of the rows behind the first `inputs` ones of a weight and of the bias, or their steps. Threads own columns. */
INLINE void shared_gradient(const Call *c, const Covariates *v, int inputs, int cells, const float *gradient, int width,
                            const Param *weight, const Param *bias, const Adam *adam) {
  int rows = covariate_rows(v) + 1, first, last;
  share(c, width, W, &first, &last);
  for (int r = 0; r < rows; r++)
    for (int j = first; j < last; j += W) {
      vec g = covariate_gradient(v, r, cells, gradient, width, j);
      if (r == rows - 1) put_gradient(bias, j, g, adam, adam->update);
      else put_gradient(weight, (intptr_t)(inputs + r) * width + j, g, adam, adam->update);
    }
}

#endif
