/* z = mean + sqrt(variance) noise with variance = exp(raw) + 1e-4, its KL divergence to the prior, and their gradients. */

/* cos(2 pi u) for u in [0, 1): 2 sin^2 of half the angle from the middle. */
INLINE vec cos_turn(vec u) {
  vec t = (u - 0.5f) * 3.14159265358979f;
  vec t2 = t * t;
  vec p = -2.3889859e-8f * t2 + 2.7525562e-6f;
  p = p * t2 + -1.9840874e-4f;
  p = p * t2 + 8.3333310e-3f;
  p = p * t2 + -1.6666667e-1f;
  vec s = t + t * t2 * p;
  return 2.0f * s * s - 1.0f;
}

/* Standard normals of columns j .. j + 2 W of a row (Box-Muller): column k takes two of the four words of block k / 2. */
INLINE void normals(uint32_t seed, uint32_t purpose, uint32_t step, int row, int j, float *out) {
  uint32_t words[4][W] __attribute__((aligned(64)));
  float u[2 * W] __attribute__((aligned(64))), v[2 * W] __attribute__((aligned(64)));
  philox(seed, purpose, (uint32_t)(j / 2), (uint32_t)row, step, words);
  for (int k = 0; k < 2 * W; k++) {
    u[k] = unit(words[2 * (k & 1)][k >> 1]) + 2.9802322387695312e-8f;
    v[k] = unit(words[2 * (k & 1) + 1][k >> 1]) + 2.9802322387695312e-8f;
  }
  for (int k = 0; k < 2 * W; k += W) store(out + k, vsqrt(-2.0f * vlog(load(u + k))) * cos_turn(load(v + k)));
}

/* args: cells, dims, width, mean, raw, output, kl, prior, codes, noisy, seed, purpose, step
 * of the gradient also: output gradient, kl weight, mean gradient, raw gradient */
INLINE void latent(const Call *c, int gradient) {
  int cells = int_arg(c, 0), dims = int_arg(c, 1), width = int_arg(c, 2);
  const float *mean = tensor_arg(c, 3), *raw = tensor_arg(c, 4), *prior = tensor_arg(c, 7);
  float *output = tensor_arg(c, 5), *kl = tensor_arg(c, 6);
  const int32_t *codes = ints_arg(c, 8);
  int noisy = int_arg(c, 9);
  uint32_t seed = (uint32_t)int_arg(c, 10), purpose = (uint32_t)int_arg(c, 11), step = (uint32_t)int_arg(c, 12);
  float noise[2 * W] __attribute__((aligned(64))), terms[2 * W] __attribute__((aligned(64)));
  int first, last;
  share(c, cells, 1, &first, &last);
  for (int i = first; i < last; i++) {
    float total = 0.0f;
    float prior_mean = 0.0f, prior_variance = 1.0f;
    if (prior) {
      int b = codes ? codes[i] : 0;
      prior_mean = prior[b * 16];
      prior_variance = prior[b * 16 + 1];
    }
    float inverse = 1.0f / prior_variance;
    vec log_prior = vlog(splat(prior_variance));
    for (int j = 0; j < dims; j += 2 * W) {
      int n = dims - j < 2 * W ? dims - j : 2 * W;
      if (noisy) normals(seed, purpose, step, i, j, noise);
      for (int k = 0; k < n; k += W) {
        /* lanes past the last dimension are kept at zero: the next layer reads whole vectors */
        float m_[W], r_[W], d_[W];
        int lanes = n - k < W ? n - k : W;
        intptr_t at = (intptr_t)i * width + j + k;
        for (int l = 0; l < W; l++) {
          m_[l] = l < lanes ? mean[at + l] : 0.0f;
          r_[l] = l < lanes ? raw[at + l] : 0.0f;
        }
        vec m = loadu(m_), r = loadu(r_);
        vec e = vexp(r), variance = e + 1e-4f, deviation = vsqrt(variance);
        vec eps = noisy ? load(noise + k) : splat(0.0f);
        vec d = m - prior_mean;
        if (!gradient) {
          vec term = 0.5f * ((variance + d * d) * inverse - 1.0f - vlog(variance) + log_prior);
          storeu(d_, m + deviation * eps);
          for (int l = 0; l < lanes; l++) output[at + l] = d_[l];
          store(terms + k, term);
        } else {
          const float *output_gradient = tensor_arg(c, 13);
          float weight = float_arg(c, 14) / (float)cells;
          float *mean_gradient = tensor_arg(c, 15), *raw_gradient = tensor_arg(c, 16);
          for (int l = 0; l < W; l++) d_[l] = l < lanes ? output_gradient[at + l] : 0.0f;
          vec g = loadu(d_);
          vec by_mean = g + weight * d * inverse;
          vec by_variance = 0.5f * (g * eps / deviation + weight * (splat(inverse) - 1.0f / variance));
          storeu(m_, by_mean);
          storeu(r_, by_variance * e);
          for (int l = 0; l < lanes; l++) {
            mean_gradient[at + l] = m_[l];
            raw_gradient[at + l] = r_[l];
          }
        }
      }
      if (!gradient)
        for (int k = 0; k < n; k++) total += terms[k];
    }
    if (!gradient) kl[(intptr_t)i * 16] = total;
  }
}

KERNEL sample_latent(const Call *c) { latent(c, 0); }
KERNEL sample_latent_gradient(const Call *c) { latent(c, 1); }
