/*
 * Log-likelihood of the counts, d/d log mean of every gene and cell, gradient by log dispersion and by the logits of dropout.
 *
 * Most genes are zero in most cells: a pass takes every count for zero and needs no gamma function. The nonzeros are put aside and,
 * once there are enough of them to fill vectors, put right. A gene that is not zero in many cells has its row gone through as it is,
 * with the gamma functions of small counts from a table of its own.
 */

#define MOST_NONZEROS 256
/* From one nonzero in so many cells on, a gene's row is gone through as it is. */
#define FULL_FROM 7

/* Nonzero counts of a block that are still taken for zeros. `stored` and `scale` give the mean. */
typedef struct {
  int n;
  int gene[MOST_NONZEROS], cell[MOST_NONZEROS];
  float count[MOST_NONZEROS], stored[MOST_NONZEROS], scale[MOST_NONZEROS], theta[MOST_NONZEROS], dropout[MOST_NONZEROS];
} Nonzeros;

/* Rows of scratch of a part, `padded` floats each. */
typedef struct {
  float *scale, *theta, *by_theta, *dropout, *count;
} Rows;

/* Replaces the zeros' part of every nonzero in ll, q, total_q, the gradients of dispersion and dropout. */
INLINE void put_right(const Head *h, Nonzeros *z, int likelihood, int by_batch, float *ll, float *total_q) {
  float weight = 1.0f / (float)h->cells;
  /* the vector that is not full is filled up by copies of the last nonzero */
  for (int k = z->n, from = z->n - 1; k < round_up(z->n, W); k++) {
    z->count[k] = z->count[from], z->stored[k] = z->stored[from], z->scale[k] = z->scale[from];
    z->theta[k] = z->theta[from], z->dropout[k] = z->dropout[from];
  }
  int gene = z->gene[0];
  float by_theta = 0.0f; /* change of the gradient by this gene's dispersion */
  for (int k = 0; k < z->n; k += W) {
    vec x = loadu(z->count + k), theta = loadu(z->theta + k), pi = loadu(z->dropout + k);
    vec mean = mean_of(h, loadu(z->stored + k), loadu(z->scale + k)), it = 1.0f / (theta + EPS);
    Terms of_count;
    if (likelihood == POISSON) {
      of_count = poisson_terms(x, mean);
    } else {
      vec log_gamma, digamma;
      gamma_ratio(x, theta, &log_gamma, &digamma);
      of_count = count_terms(x, mean, theta, it, log_gamma, digamma, likelihood == ZINB, pi);
    }
    Terms of_zero = likelihood == POISSON ? poisson_zero_terms(mean) : zero_terms(mean, theta, it, likelihood == ZINB, pi);
    float q[W], by_dropout[W], more_ll[W], more_q[W], more_theta[W];
    storeu(q, of_count.q), storeu(by_dropout, of_count.by_zero);
    storeu(more_ll, of_count.ll - of_zero.ll), storeu(more_q, of_count.q - of_zero.q);
    storeu(more_theta, theta * (of_count.by_theta - of_zero.by_theta));
    for (int j = 0; j < W && k + j < z->n; j++) {
      int g = z->gene[k + j], i = z->cell[k + j];
      intptr_t at = (intptr_t)g * h->padded + i;
      ll[i] += more_ll[j];
      total_q[i] += more_q[j];
      h->q_row[at] = q[j];
      if (likelihood == ZINB) h->zero_row[at] = by_dropout[j];
      if (likelihood == POISSON) continue;
      if (by_batch) {
        h->dispersion.gradient[(intptr_t)h->codes[i] * h->dispersion_stride + g] -= h->cell_weight[i] * more_theta[j];
        continue;
      }
      if (g != gene) {
        h->dispersion.gradient[gene] -= weight * by_theta;
        gene = g, by_theta = 0.0f;
      }
      by_theta += more_theta[j];
    }
  }
  if (likelihood != POISSON && !by_batch) h->dispersion.gradient[gene] -= weight * by_theta;
  z->n = 0;
}

/* Dispersion of each cell of a gene, where it goes by batch. */
INLINE void theta_by_batch(const Head *h, int g, float *theta) {
  for (int i = 0; i < h->padded; i++)
    theta[i] = i < h->cells ? h->dispersion.value[(intptr_t)h->codes[i] * h->dispersion_stride + g] : 0.0f;
  for (int i = 0; i < h->padded; i += W) store(theta + i, theta_of(load(theta + i)));
}

/* A gene's row with every count zero. */
INLINE void dense_row(const Head *h, const Rows *r, int g, int likelihood, int by_batch, vec theta, float *ll, float *total_q) {
  const float *stored = h->scale_row + (intptr_t)g * h->padded;
  float *q = h->q_row + (intptr_t)g * h->padded, *out = h->dispersion.gradient + g, weight = 1.0f / (float)h->cells;
  float *dropout = likelihood == ZINB ? h->zero_row + (intptr_t)g * h->padded : 0;
  vec it = 1.0f / (theta + EPS), by_theta = splat(0.0f);
  for (int i = 0; i < h->padded; i += W) {
    vec mean = mean_of(h, load(stored + i), load(r->scale + i));
    Terms t;
    if (likelihood == POISSON) {
      t = poisson_zero_terms(mean);
    } else {
      if (by_batch) theta = load(r->theta + i), it = 1.0f / (theta + EPS);
      t = zero_terms(mean, theta, it, likelihood == ZINB, dropout ? load(dropout + i) : splat(0.0f));
      if (dropout) store(r->dropout + i, load(dropout + i)), store(dropout + i, t.by_zero);
      if (by_batch) store(r->by_theta + i, theta * t.by_theta);
      else by_theta += i + W <= h->cells ? t.by_theta : first_lanes(t.by_theta, h->cells - i);
    }
    store(q + i, t.q);
    store(ll + i, load(ll + i) + t.ll);
    store(total_q + i, load(total_q + i) + t.q);
  }
  if (likelihood == POISSON) return;
  if (by_batch) {
    for (int s = 0; s < h->dispersions; s++) out[(intptr_t)s * h->dispersion_stride] = 0.0f;
    for (int i = 0; i < h->cells; i++)
      out[(intptr_t)h->codes[i] * h->dispersion_stride] -= h->cell_weight[i] * r->by_theta[i];
  } else
    *out = -weight * sum(theta * by_theta);
}

/* A gene's row of counts as they are. */
INLINE void full_row(const Head *h, const Rows *r, int g, const float *count, int likelihood, vec theta, float *ll, float *total_q) {
  const float *stored = h->scale_row + (intptr_t)g * h->padded;
  float *q = h->q_row + (intptr_t)g * h->padded;
  float *dropout = likelihood == ZINB ? h->zero_row + (intptr_t)g * h->padded : 0;
  vec it = 1.0f / (theta + EPS), by_theta = splat(0.0f);
  GammaTable gammas;
  if (likelihood != POISSON) fill_gammas(&gammas, theta[0]);
  for (int i = 0; i < h->padded; i += W) {
    vec mean = mean_of(h, load(stored + i), load(r->scale + i)), x = load(count + i);
    Terms t;
    if (likelihood == POISSON) {
      t = poisson_terms(x, mean);
    } else {
      vec log_gamma, digamma, pi = dropout ? load(dropout + i) : splat(0.0f);
      gammas_of(&gammas, x, theta, &log_gamma, &digamma);
      t = count_terms(x, mean, theta, it, log_gamma, digamma, likelihood == ZINB, pi);
      if (dropout) {
        t = pick_terms(x > splat(0.0f), t, zero_terms(mean, theta, it, 1, pi));
        store(dropout + i, t.by_zero);
      }
      by_theta += i + W <= h->cells ? t.by_theta : first_lanes(t.by_theta, h->cells - i);
    }
    store(q + i, t.q);
    store(ll + i, load(ll + i) + t.ll);
    store(total_q + i, load(total_q + i) + t.q);
  }
  if (likelihood != POISSON) h->dispersion.gradient[g] = -sum(theta * by_theta) / (float)h->cells;
}

INLINE void head_counts(const Call *c, Head h, int likelihood, int by_batch) {
  float *scratch = part_scratch(&h, c);
  intptr_t n = h.padded;
  Rows r = {scratch, scratch + n, scratch + 2 * n, scratch + 3 * n, scratch + 4 * n};
  Nonzeros z;
  for (int i = 0; i < h.padded; i += W) store(r.count + i, splat(0.0f));
  int from, to;
  share(c, h.blocks, 1, &from, &to);
  for (int b = from; b < to; b++) {
    int first, last;
    block_range(&h, b, &first, &last);
    block_scale(&h, b, r.scale);
    float *ll = h.block_ll + (intptr_t)b * h.padded, *total_q = h.block_q + (intptr_t)b * h.padded;
    for (int i = 0; i < h.padded; i += W) store(ll + i, splat(0.0f)), store(total_q + i, splat(0.0f));
    z.n = 0;
    for (int g = first; g < last; g++) {
      if (by_batch) theta_by_batch(&h, g, r.theta);
      vec theta = likelihood != POISSON && !by_batch ? theta_of(splat(h.dispersion.value[g])) : splat(1.0f);
      const float *full = h.full_count ? h.full_count + (intptr_t)g * h.padded : 0;
      int begin = full ? 0 : h.gene_start[g], end = full ? h.cells : h.gene_start[g + 1];
      if (!by_batch && FULL_FROM * (end - begin) >= h.cells) {
        for (int k = begin; !full && k < end; k++) r.count[h.cell[k]] = h.count[k];
        full_row(&h, &r, g, full ? full : r.count, likelihood, theta, ll, total_q);
        for (int k = begin; !full && k < end; k++) r.count[h.cell[k]] = 0.0f;
        continue;
      }
      dense_row(&h, &r, g, likelihood, by_batch, theta, ll, total_q);
      for (int k = begin; k < end; k++) {
        int i = full ? k : h.cell[k];
        float x = full ? full[k] : h.count[k];
        if (x == 0.0f) continue;
        z.gene[z.n] = g, z.cell[z.n] = i, z.count[z.n] = x;
        z.stored[z.n] = h.scale_row[(intptr_t)g * h.padded + i], z.scale[z.n] = r.scale[i];
        z.theta[z.n] = by_batch ? r.theta[i] : theta[0];
        z.dropout[z.n] = likelihood == ZINB ? r.dropout[i] : 0.0f;
        if (++z.n == MOST_NONZEROS) put_right(&h, &z, likelihood, by_batch, ll, total_q);
      }
    }
    if (z.n > 0) put_right(&h, &z, likelihood, by_batch, ll, total_q);
    if (!h.softplus) continue;
    for (int g = first; g < last; g++)
      for (int i = 0; i < h.padded; i += W) {
        float *q = h.q_row + (intptr_t)g * h.padded + i;
        vec a = load(h.scale_row + (intptr_t)g * h.padded + i);
        store(q, load(q) * vsigmoid(a) / vmax(vsoftplus(a), splat(1e-30f)));
      }
  }
}

/* Dispersions by batch, and cells of unlike weight, in a function of their own, so that the usual one has nothing to ask. */
#define HEAD_COUNTS(NAME, LIKELIHOOD) \
  KERNEL head_counts_##NAME##_by_batch(const Call *c) { head_counts(c, head_counts_##NAME##_args(c).head, LIKELIHOOD, 1); } \
  KERNEL head_counts_##NAME(const Call *c) { \
    Head h = head_counts_##NAME##_args(c).head; \
    if (h.dispersions > 1 || h.weighted) head_counts_##NAME##_by_batch(c); \
    else head_counts(c, h, LIKELIHOOD, 0); \
  }
HEAD_COUNTS(nb, NB)
HEAD_COUNTS(zinb, ZINB)
KERNEL head_counts_poisson(const Call *c) { head_counts(c, head_counts_poisson_args(c).head, POISSON, 0); }
