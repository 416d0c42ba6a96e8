/* The small dense layers between the two big ones. Activations are cell-major, rows padded to whole vectors. */
#include "gemm.h"
#include "philox.h"

KERNEL linear_forward(const Call *c) {
  LinearForwardArgs a = linear_forward_args(c);
  int inputs = a.inputs, width = a.width;
  const float *weight = a.weight, *bias = a.bias;
  float *output = a.output;
  int first, last;
  share(c, a.cells, TILE_ROWS, &first, &last);
  for (int i = first; i < last; i++) {
    float *out = output + (intptr_t)i * width;
    for (int j = 0; j < width; j += W) store(out + j, load(bias + j));
    add_covariates(&a.covariates, i, weight + (intptr_t)inputs * width, width, out);
  }
  Product p = {a.input, a.input_width, 1, weight, width, inputs};
  product(&p, first, last, width, output, width, 1);
}

KERNEL linear_weight_gradient(const Call *c) {
  LinearWeightGradientArgs a = linear_weight_gradient_args(c);
  int cells = a.cells, inputs = a.inputs, width = a.width;
  const float *gradient = a.output_gradient;
  float *weight = a.weight_gradient, *bias = a.bias_gradient;
  int first, last;
  share(c, inputs, TILE_ROWS, &first, &last);
  Product p = {a.input, 1, a.input_width, gradient, width, cells};
  product(&p, first, last, width, weight, width, 0);
  int rows = covariate_rows(&a.covariates) + 1;
  share(c, width, W, &first, &last);
  for (int r = 0; r < rows; r++)
    for (int j = first; j < last; j += W) {
      vec g = covariate_gradient(&a.covariates, r, cells, gradient, width, j);
      store(r == rows - 1 ? bias + j : weight + (intptr_t)(inputs + r) * width + j, g);
    }
}

/* Pads of the output up to a whole vector of rows are zeroed. */
KERNEL transpose(const Call *c) {
  TransposeArgs a = transpose_args(c);
  int rows = a.rows, input_width = a.input_width, output_width = a.output_width;
  const float *input = a.input;
  float *output = a.output;
  int first, last;
  share(c, a.columns, 16, &first, &last);
  for (int i = 0; i < output_width; i++)
    for (int j = first; j < last; j++)
      output[(intptr_t)j * output_width + i] = i < rows ? input[(intptr_t)i * input_width + j] : 0.0f;
}

KERNEL linear_input_gradient(const Call *c) {
  LinearInputGradientArgs a = linear_input_gradient_args(c);
  int first, last;
  share(c, a.cells, TILE_ROWS, &first, &last);
  Product p = {a.output_gradient, a.width, 1, a.transposed, a.input_width, a.outputs};
  product(&p, first, last, a.input_width, a.input_gradient, a.input_width, a.accumulate);
}

/* Threads own features. */
KERNEL batch_norm(const Call *c) {
  BatchNormArgs a = batch_norm_args(c);
  int cells = a.cells, width = a.width;
  const float *input = a.input;
  float *running = a.running, *output = a.output, *saved = a.saved;
  int first, last;
  share(c, width, W, &first, &last);
  for (int j = first; j < last; j += W) {
    vec mean, inverse;
    if (a.training) {
      vec s = splat(0.0f), q = splat(0.0f);
      for (int i = 0; i < cells; i++) s += load(input + (intptr_t)i * width + j);
      mean = s / (float)cells;
      for (int i = 0; i < cells; i++) {
        vec d = load(input + (intptr_t)i * width + j) - mean;
        q += d * d;
      }
      vec unbiased = q / (float)(cells > 1 ? cells - 1 : 1);
      inverse = 1.0f / vsqrt(q / (float)cells + 1e-3f);
      store(running + j, 0.99f * load(running + j) + 0.01f * mean);
      store(running + width + j, 0.99f * load(running + width + j) + 0.01f * unbiased);
      store(saved + j, mean);
      store(saved + width + j, inverse);
    } else {
      mean = load(running + j);
      inverse = 1.0f / vsqrt(load(running + width + j) + 1e-3f);
    }
    vec g = load(a.scale + j) * inverse, b = load(a.shift + j);
    for (int i = 0; i < cells; i++) {
      intptr_t at = (intptr_t)i * width + j;
      store(output + at, (load(input + at) - mean) * g + b);
    }
  }
}

KERNEL batch_norm_gradient(const Call *c) {
  BatchNormGradientArgs a = batch_norm_gradient_args(c);
  int cells = a.cells, width = a.width;
  const float *input = a.input, *saved = a.saved, *gradient = a.output_gradient;
  int first, last;
  share(c, width, W, &first, &last);
  for (int j = first; j < last; j += W) {
    vec mean = load(saved + j), inverse = load(saved + width + j);
    vec sum_g = splat(0.0f), sum_gx = splat(0.0f);
    for (int i = 0; i < cells; i++) {
      intptr_t at = (intptr_t)i * width + j;
      vec g = load(gradient + at);
      sum_g += g;
      sum_gx += g * ((load(input + at) - mean) * inverse);
    }
    store(a.scale_gradient + j, sum_gx);
    store(a.shift_gradient + j, sum_g);
    vec mean_g = sum_g / (float)cells, mean_gx = sum_gx / (float)cells;
    vec factor = load(a.scale + j) * inverse;
    for (int i = 0; i < cells; i++) {
      intptr_t at = (intptr_t)i * width + j;
      vec x = (load(input + at) - mean) * inverse;
      store(a.input_gradient + at, factor * (load(gradient + at) - mean_g - x * mean_gx));
    }
  }
}

/* Threads own cells. */
KERNEL layer_norm(const Call *c) {
  LayerNormArgs a = layer_norm_args(c);
  int features = a.features, width = a.width;
  int first, last;
  share(c, a.cells, 1, &first, &last);
  for (int i = first; i < last; i++) {
    const float *x = a.input + (intptr_t)i * width;
    float *y = a.output + (intptr_t)i * width;
    float s = 0.0f, q = 0.0f;
    for (int j = 0; j < features; j++) s += x[j];
    float mean = s / (float)features;
    for (int j = 0; j < features; j++) q += (x[j] - mean) * (x[j] - mean);
    float inverse = 1.0f / vsqrt(splat(q / (float)features + 1e-5f))[0];
    a.saved[(intptr_t)i * 16] = inverse;
    for (int j = 0; j < width; j++) y[j] = j < features ? (x[j] - mean) * inverse : 0.0f;
  }
}

KERNEL layer_norm_gradient(const Call *c) {
  LayerNormGradientArgs a = layer_norm_gradient_args(c);
  int features = a.features, width = a.width;
  int first, last;
  share(c, a.cells, 1, &first, &last);
  for (int i = first; i < last; i++) {
    const float *y = a.output + (intptr_t)i * width, *g = a.output_gradient + (intptr_t)i * width;
    float *d = a.input_gradient + (intptr_t)i * width;
    float sum_g = 0.0f, sum_gy = 0.0f, inverse = a.saved[(intptr_t)i * 16];
    for (int j = 0; j < features; j++) sum_g += g[j], sum_gy += g[j] * y[j];
    sum_g /= (float)features;
    sum_gy /= (float)features;
    for (int j = 0; j < width; j++) d[j] = j < features ? inverse * (g[j] - sum_g - y[j] * sum_gy) : 0.0f;
  }
}

KERNEL relu_dropout(const Call *c) {
  ReluDropoutArgs a = relu_dropout_args(c);
  int width = a.width;
  float rate = a.rate, scale = 1.0f / (1.0f - rate);
  uint32_t words[4][W] __attribute__((aligned(64)));
  float kept[4][W] __attribute__((aligned(64)));
  int first, last;
  share(c, a.cells, 1, &first, &last);
  for (int i = first; i < last; i++) {
    const float *x = a.input + (intptr_t)i * width;
    float *y = a.output + (intptr_t)i * width;
    if (rate == 0.0f) {
      for (int j = 0; j < width; j += W) {
        vec v = load(x + j);
        store(y + j, pick(v < splat(0.0f), splat(0.0f), v));
      }
      continue;
    }
    for (int j = 0; j < width; j += 4 * W) {
      philox(a.noise.seed, a.noise.purpose, (uint32_t)(j / 4), (uint32_t)i, a.noise.step, words);
      for (int k = 0; k < 4; k++) {
        vec u = __builtin_convertvector((ivec)(*(uvec *)words[k] >> 8), vec) * 5.9604644775390625e-8f;
        store(kept[k], pick(u < splat(rate), splat(0.0f), splat(scale)));
      }
      int n = (width - j < 4 * W ? width - j : 4 * W) / 4;
      for (int k = 0; k < n; k++)
        for (int word = 0; word < 4; word++) {
          float v = x[j + 4 * k + word];
          y[j + 4 * k + word] = v < 0.0f ? 0.0f : v * kept[word][k];
        }
    }
  }
}

/* What came out positive passed. */
KERNEL relu_dropout_gradient(const Call *c) {
  ReluDropoutGradientArgs a = relu_dropout_gradient_args(c);
  const float *output = a.output, *gradient = a.output_gradient;
  float scale = 1.0f / (1.0f - a.rate), *out = a.input_gradient;
  int first, last;
  share(c, a.cells * a.width, W, &first, &last);
  for (int i = first; i < last; i += W)
    store(out + i, pick(load(output + i) > splat(0.0f), scale * load(gradient + i), splat(0.0f)));
}

KERNEL adam_update(const Call *c) {
  AdamUpdateArgs a = adam_update_args(c);
  Param p = a.first;
  int first, last;
  share(c, a.words, 16, &first, &last);
  for (int i = first; i < last; i += W)
    adam_vec(&a.adam, load(p.gradient + i), p.value + i, p.first_moment + i, p.second_moment + i);
}

/* One part does it: the order of a sum is its result. */
KERNEL add_sum(const Call *c) {
  if (c->part) return;
  AddSumArgs a = add_sum_args(c);
  double s = 0.0;
  for (int i = 0; i < a.cells; i++) s += a.values[(intptr_t)i * 16];
  a.sums[a.element] += (float)s;
}
