/* The small dense layers between the two big ones. Activations are cell-major, rows padded to whole vectors. */
#include "gemm.h"
#include "philox.h"

/* args: cells, inputs, width, input, input_width, weight, bias, output, covariates... */
KERNEL linear_forward(const Call *c) {
  int cells = int_arg(c, 0), inputs = int_arg(c, 1), width = int_arg(c, 2);
  const float *input = tensor_arg(c, 3), *weight = tensor_arg(c, 5), *bias = tensor_arg(c, 6);
  int input_width = int_arg(c, 4);
  float *output = tensor_arg(c, 7);
  Covariates cov = covariates_arg(c, 8);
  int first, last;
  share(c, cells, TILE_ROWS, &first, &last);
  for (int i = first; i < last; i++) {
    float *out = output + (intptr_t)i * width;
    for (int j = 0; j < width; j += W) store(out + j, load(bias + j));
    add_covariates(&cov, i, weight + (intptr_t)inputs * width, width, out);
  }
  Product p = {input, input_width, 1, weight, width, inputs};
  product(&p, first, last, width, output, width, 1);
}

/* args: cells, inputs, width, input, input_width, gradient, weight gradient, bias gradient, covariates... */
KERNEL linear_weight_gradient(const Call *c) {
  int cells = int_arg(c, 0), inputs = int_arg(c, 1), width = int_arg(c, 2);
  const float *input = tensor_arg(c, 3), *gradient = tensor_arg(c, 5);
  int input_width = int_arg(c, 4);
  float *weight = tensor_arg(c, 6), *bias = tensor_arg(c, 7);
  Covariates cov = covariates_arg(c, 8);
  int first, last;
  share(c, inputs, TILE_ROWS, &first, &last);
  Product p = {input, 1, input_width, gradient, width, cells};
  product(&p, first, last, width, weight, width, 0);
  int rows = covariate_rows(&cov) + 1;
  share(c, width, W, &first, &last);
  for (int r = 0; r < rows; r++)
    for (int j = first; j < last; j += W) {
      vec g = covariate_gradient(&cov, r, cells, gradient, width, j);
      store(r == rows - 1 ? bias + j : weight + (intptr_t)(inputs + r) * width + j, g);
    }
}

/* args: rows, columns, input, input_width, output, output_width. Pads of the output up to a whole vector of rows are zeroed. */
KERNEL transpose(const Call *c) {
  int rows = int_arg(c, 0), columns = int_arg(c, 1);
  const float *input = tensor_arg(c, 2);
  int input_width = int_arg(c, 3);
  float *output = tensor_arg(c, 4);
  int output_width = int_arg(c, 5);
  int first, last;
  share(c, columns, 16, &first, &last);
  for (int i = 0; i < output_width; i++)
    for (int j = first; j < last; j++)
      output[(intptr_t)j * output_width + i] = i < rows ? input[(intptr_t)i * input_width + j] : 0.0f;
}

/* args: cells, inputs, width, gradient, transposed weight, its width, input gradient, input_width, accumulate */
KERNEL linear_input_gradient(const Call *c) {
  int cells = int_arg(c, 0), width = int_arg(c, 2);
  const float *gradient = tensor_arg(c, 3), *transposed = tensor_arg(c, 4);
  int transposed_width = int_arg(c, 5), columns = int_arg(c, 1);
  float *out = tensor_arg(c, 6);
  int out_width = int_arg(c, 7), accumulate = int_arg(c, 8);
  int first, last;
  share(c, cells, TILE_ROWS, &first, &last);
  Product p = {gradient, width, 1, transposed, transposed_width, columns};
  product(&p, first, last, out_width, out, out_width, accumulate);
}

/* args: cells, width, input, scale, shift, running, output, saved, training. Threads own features. */
KERNEL batch_norm(const Call *c) {
  int cells = int_arg(c, 0), width = int_arg(c, 1), training = int_arg(c, 8);
  const float *input = tensor_arg(c, 2), *scale = tensor_arg(c, 3), *shift = tensor_arg(c, 4);
  float *running = tensor_arg(c, 5), *output = tensor_arg(c, 6), *saved = tensor_arg(c, 7);
  int first, last;
  share(c, width, W, &first, &last);
  for (int j = first; j < last; j += W) {
    vec mean, inverse;
    if (training) {
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
    vec g = load(scale + j) * inverse, b = load(shift + j);
    for (int i = 0; i < cells; i++) {
      intptr_t at = (intptr_t)i * width + j;
      store(output + at, (load(input + at) - mean) * g + b);
    }
  }
}

/* args: cells, width, input, scale, scale gradient, shift gradient, saved, output gradient, input gradient */
KERNEL batch_norm_gradient(const Call *c) {
  int cells = int_arg(c, 0), width = int_arg(c, 1);
  const float *input = tensor_arg(c, 2), *scale = tensor_arg(c, 3), *saved = tensor_arg(c, 6);
  float *scale_gradient = tensor_arg(c, 4), *shift_gradient = tensor_arg(c, 5);
  const float *gradient = tensor_arg(c, 7);
  float *out = tensor_arg(c, 8);
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
    store(scale_gradient + j, sum_gx);
    store(shift_gradient + j, sum_g);
    vec mean_g = sum_g / (float)cells, mean_gx = sum_gx / (float)cells;
    vec factor = load(scale + j) * inverse;
    for (int i = 0; i < cells; i++) {
      intptr_t at = (intptr_t)i * width + j;
      vec x = (load(input + at) - mean) * inverse;
      store(out + at, factor * (load(gradient + at) - mean_g - x * mean_gx));
    }
  }
}

/* args: cells, features, width, input, output, saved. Threads own cells. */
KERNEL layer_norm(const Call *c) {
  int cells = int_arg(c, 0), features = int_arg(c, 1), width = int_arg(c, 2);
  const float *input = tensor_arg(c, 3);
  float *output = tensor_arg(c, 4), *saved = tensor_arg(c, 5);
  int first, last;
  share(c, cells, 1, &first, &last);
  for (int i = first; i < last; i++) {
    const float *x = input + (intptr_t)i * width;
    float *y = output + (intptr_t)i * width;
    float s = 0.0f, q = 0.0f;
    for (int j = 0; j < features; j++) s += x[j];
    float mean = s / (float)features;
    for (int j = 0; j < features; j++) q += (x[j] - mean) * (x[j] - mean);
    float inverse = 1.0f / vsqrt(splat(q / (float)features + 1e-5f))[0];
    saved[(intptr_t)i * 16] = inverse;
    for (int j = 0; j < width; j++) y[j] = j < features ? (x[j] - mean) * inverse : 0.0f;
  }
}

/* args: cells, features, width, output, saved, output gradient, input gradient */
KERNEL layer_norm_gradient(const Call *c) {
  int cells = int_arg(c, 0), features = int_arg(c, 1), width = int_arg(c, 2);
  const float *output = tensor_arg(c, 3), *saved = tensor_arg(c, 4), *gradient = tensor_arg(c, 5);
  float *out = tensor_arg(c, 6);
  int first, last;
  share(c, cells, 1, &first, &last);
  for (int i = first; i < last; i++) {
    const float *y = output + (intptr_t)i * width, *g = gradient + (intptr_t)i * width;
    float *d = out + (intptr_t)i * width;
    float sum_g = 0.0f, sum_gy = 0.0f, inverse = saved[(intptr_t)i * 16];
    for (int j = 0; j < features; j++) sum_g += g[j], sum_gy += g[j] * y[j];
    sum_g /= (float)features;
    sum_gy /= (float)features;
    for (int j = 0; j < width; j++) d[j] = j < features ? inverse * (g[j] - sum_g - y[j] * sum_gy) : 0.0f;
  }
}

/* args: cells, width, input, output, rate, seed, purpose, step */
KERNEL relu_dropout(const Call *c) {
  int cells = int_arg(c, 0), width = int_arg(c, 1);
  const float *input = tensor_arg(c, 2);
  float *output = tensor_arg(c, 3), rate = float_arg(c, 4), scale = 1.0f / (1.0f - rate);
  uint32_t seed = (uint32_t)int_arg(c, 5), purpose = (uint32_t)int_arg(c, 6), step = (uint32_t)int_arg(c, 7);
  uint32_t words[4][W] __attribute__((aligned(64)));
  float kept[4][W] __attribute__((aligned(64)));
  int first, last;
  share(c, cells, 1, &first, &last);
  for (int i = first; i < last; i++) {
    const float *x = input + (intptr_t)i * width;
    float *y = output + (intptr_t)i * width;
    if (rate == 0.0f) {
      for (int j = 0; j < width; j += W) {
        vec v = load(x + j);
        store(y + j, pick(v < splat(0.0f), splat(0.0f), v));
      }
      continue;
    }
    for (int j = 0; j < width; j += 4 * W) {
      philox(seed, purpose, (uint32_t)(j / 4), (uint32_t)i, step, words);
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

/* args: cells, width, output of the forward pass, rate, output gradient, input gradient. What came out positive passed. */
KERNEL relu_dropout_gradient(const Call *c) {
  int cells = int_arg(c, 0), width = int_arg(c, 1);
  const float *output = tensor_arg(c, 2), *gradient = tensor_arg(c, 4);
  float scale = 1.0f / (1.0f - float_arg(c, 3)), *out = tensor_arg(c, 5);
  int first, last;
  share(c, cells * width, W, &first, &last);
  for (int i = first; i < last; i += W)
    store(out + i, pick(load(output + i) > splat(0.0f), scale * load(gradient + i), splat(0.0f)));
}

/* args: first parameter word, gradient, first moment, second moment, words, adam (6) */
KERNEL adam_update(const Call *c) {
  Param p = param_arg(c, 0);
  Adam s = adam_arg(c, 5);
  int first, last;
  share(c, int_arg(c, 4), 16, &first, &last);
  for (int i = first; i < last; i += W) adam_vec(&s, load(p.g + i), p.w + i, p.m + i, p.v + i);
}

/* args: cells, values, sums, element. One part does it: the order of a sum is its result. */
KERNEL add_sum(const Call *c) {
  if (c->part) return;
  const float *values = tensor_arg(c, 1);
  double s = 0.0;
  for (int i = 0; i < int_arg(c, 0); i++) s += values[(intptr_t)i * 16];
  tensor_arg(c, 2)[int_arg(c, 3)] += (float)s;
}
