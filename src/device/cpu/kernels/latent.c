/* z = mean + sqrt(variance) noise with variance = exp(raw) + 1e-4, its KL divergence to the prior, and their gradients. */

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

/* The draw, or, where `g` is given, the gradients. */
INLINE void latent(const Call *c, Latent a, const SampleLatentGradientArgs *g) {
  int cells = a.cells, dims = a.dims, width = a.width, noisy = a.noisy;
  const float *mean = a.mean, *raw = a.raw_variance, *prior = a.prior;
  float *output = a.output, *kl = a.kl;
  const int32_t *codes = a.codes;
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
      if (noisy) normals(a.noise.seed, a.noise.purpose, a.noise.step, i, j, noise);
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
        if (!g) {
          vec term = 0.5f * ((variance + d * d) * inverse - 1.0f - vlog(variance) + log_prior);
          storeu(d_, m + deviation * eps);
          for (int l = 0; l < lanes; l++) output[at + l] = d_[l];
          store(terms + k, term);
        } else {
          float weight = g->kl_gradient ? g->kl_gradient[(intptr_t)i * 16] : g->kl_weight / (float)cells;
          for (int l = 0; l < W; l++) d_[l] = l < lanes && g->output_gradient ? g->output_gradient[at + l] : 0.0f;
          vec by_output = loadu(d_);
          vec by_mean = by_output + weight * d * inverse;
          vec by_variance = 0.5f * (by_output * eps / deviation + weight * (splat(inverse) - 1.0f / variance));
          storeu(m_, by_mean);
          storeu(r_, by_variance * e);
          for (int l = 0; l < lanes; l++) {
            g->mean_gradient[at + l] = m_[l];
            g->raw_variance_gradient[at + l] = r_[l];
          }
        }
      }
      if (!g)
        for (int k = 0; k < n; k++) total += terms[k];
    }
    if (!g) kl[(intptr_t)i * 16] = total;
  }
}

KERNEL sample_latent(const Call *c) { latent(c, sample_latent_args(c).latent, 0); }
KERNEL sample_latent_gradient(const Call *c) {
  SampleLatentGradientArgs g = sample_latent_gradient_args(c);
  latent(c, g.latent, &g);
}
