/*
 * The output layer: from hidden units to the log-likelihood of the counts, and back to every gradient.
 *
 * Everything here is gene-major, [gene][cell], with a cell in each vector lane: the weight rows [gene][hidden] serve all three
 * products as they are, softmax and likelihood (head-counts.c) need no horizontal sums, dispersion is a scalar of the row, and a
 * thread that owns genes owns their gradients. What crosses genes (softmax sums, log-likelihoods, the hidden gradient) is summed
 * within fixed blocks of genes and then over the blocks in order, so the number of threads does not show in the result.
 */

#include "likelihood.h"

/* Words of the arguments shared by the head's kernels. */
typedef struct {
  int cells, padded, genes, hidden, width; /* padded: cells rounded up to 16; width: hidden rounded up to 16 */
  int likelihood, softplus, blocks, block_genes, dispersions; /* dispersions: batches, or 1 */
  const float *hidden_t;              /* [hidden][padded] */
  float *scale_row, *zero_row;        /* [gene][padded]: exp(logit - block maximum), or logit (softplus); logit of dropout */
  float *q_row;                       /* [gene][padded]: d log-likelihood / d log mean (softmax) or / d logit (softplus) */
  float *block_max, *block_sum;       /* [block][padded] */
  float *block_ll, *block_q;          /* [block][padded] */
  float *log_size, *log_norm, *ll, *q; /* [padded] */
  const int32_t *gene_start, *cell;
  const float *count;
  const int32_t *codes; /* batch of each cell */
  Param weight, bias, zero_weight, zero_bias, dispersion;
  float *scratch; /* a few rows of `padded` floats for each part */
  int scratch_stride, dispersion_stride;
} Head;

INLINE Head head_arg(const Call *c) {
  Head h;
  h.cells = int_arg(c, 0), h.padded = int_arg(c, 1), h.genes = int_arg(c, 2), h.hidden = int_arg(c, 3);
  h.width = int_arg(c, 4), h.likelihood = int_arg(c, 5), h.softplus = int_arg(c, 6), h.blocks = int_arg(c, 7);
  h.block_genes = int_arg(c, 8), h.dispersions = int_arg(c, 9);
  h.hidden_t = tensor_arg(c, 10);
  h.scale_row = tensor_arg(c, 11), h.zero_row = tensor_arg(c, 12), h.q_row = tensor_arg(c, 13);
  h.block_max = tensor_arg(c, 14), h.block_sum = tensor_arg(c, 15);
  h.block_ll = tensor_arg(c, 16), h.block_q = tensor_arg(c, 17);
  h.log_size = tensor_arg(c, 18), h.log_norm = tensor_arg(c, 19), h.ll = tensor_arg(c, 20), h.q = tensor_arg(c, 21);
  h.gene_start = ints_arg(c, 22), h.cell = ints_arg(c, 23), h.count = tensor_arg(c, 24), h.codes = ints_arg(c, 25);
  h.weight = param_arg(c, 26), h.bias = param_arg(c, 30);
  h.zero_weight = param_arg(c, 34), h.zero_bias = param_arg(c, 38), h.dispersion = param_arg(c, 42);
  h.scratch = tensor_arg(c, 46), h.scratch_stride = int_arg(c, 47), h.dispersion_stride = int_arg(c, 48);
  h.scratch += (intptr_t)h.scratch_stride * c->part;
  return h;
}
#define HEAD_WORDS 49

INLINE void block_range(const Head *h, int block, int *first, int *last) {
  *first = block * h->block_genes;
  *last = *first + h->block_genes < h->genes ? *first + h->block_genes : h->genes;
}

INLINE void head_product(const Head *h, const float *weight, const float *bias, int first, int last, float *rows) {
  Product p = {weight, h->width, 1, h->hidden_t, h->padded, h->hidden};
  product(&p, first, last, h->padded, rows, h->padded, 0);
  for (int g = first; g < last; g++)
    for (int i = 0; i < h->padded; i += W) {
      float *x = rows + (intptr_t)g * h->padded + i;
      store(x, load(x) + bias[g]);
    }
}

/* Logits of each gene block; for softmax, exp(logit - maximum of the block) and its sum, cell by cell. */
KERNEL head_logits(const Call *c) {
  Head h = head_arg(c);
  int from, to;
  share(c, h.blocks, 1, &from, &to);
  for (int b = from; b < to; b++) {
    int first, last;
    block_range(&h, b, &first, &last);
    head_product(&h, h.weight.w, h.bias.w, first, last, h.scale_row);
    if (h.zero_row) head_product(&h, h.zero_weight.w, h.zero_bias.w, first, last, h.zero_row);
    if (h.softplus) continue;
    float *max = h.block_max + (intptr_t)b * h.padded, *total = h.block_sum + (intptr_t)b * h.padded;
    for (int i = 0; i < h.padded; i += W) {
      float *x = h.scale_row + (intptr_t)first * h.padded + i;
      vec m = load(x);
      for (int g = 1; g < last - first; g++) m = vmax(load(x + (intptr_t)g * h.padded), m);
      vec s = splat(0.0f);
      for (int g = 0; g < last - first; g++) {
        vec e = vexp(load(x + (intptr_t)g * h.padded) - m);
        store(x + (intptr_t)g * h.padded, e);
        s += e;
      }
      store(max + i, m);
      store(total + i, s);
    }
  }
}

/* args after the head's: cells x 1 log sizes or 0, sizes [cell]. Log of the softmax sum over all blocks, and the log sizes. */
KERNEL head_normalise(const Call *c) {
  Head h = head_arg(c);
  const float *draw = tensor_arg(c, HEAD_WORDS), *size = tensor_arg(c, HEAD_WORDS + 1);
  int first, last;
  share(c, h.padded, 16, &first, &last);
  for (int i = first; i < last; i++) h.log_size[i] = i < h.cells ? (draw ? draw[(intptr_t)i * 16] : size[i]) : 0.0f;
  for (int i = first; i < last; i += W) {
    if (!draw) store(h.log_size + i, vlog(vmax(load(h.log_size + i), splat(i < h.cells ? 1e-30f : 1.0f))));
    if (h.softplus) continue;
    vec m = load(h.block_max + i);
    for (int b = 1; b < h.blocks; b++) m = vmax(load(h.block_max + (intptr_t)b * h.padded + i), m);
    vec s = splat(0.0f);
    for (int b = 0; b < h.blocks; b++)
      s += load(h.block_sum + (intptr_t)b * h.padded + i) * vexp(load(h.block_max + (intptr_t)b * h.padded + i) - m);
    store(h.log_norm + i, m + vlog(s));
  }
}

/* Mean of W cells from the stored row: size softmax, or size softplus (`scale` is then the size alone). */
INLINE vec mean_of(const Head *h, vec stored, vec scale) { return scale * (h->softplus ? vsoftplus(stored) : stored); }

/* What multiplies a block's stored rows to give means: size exp(maximum - log norm), cell by cell. */
INLINE void block_scale(const Head *h, int block, float *scale) {
  for (int i = 0; i < h->padded; i += W) {
    vec s = load(h->log_size + i);
    if (!h->softplus) s += load(h->block_max + (intptr_t)block * h->padded + i) - load(h->log_norm + i);
    store(scale + i, vexp(s));
  }
}

/* args after the head's: constant [cell] (sum of lnGamma(x + 1)), log-likelihood (cells x 1). Sums over the blocks, in order. */
KERNEL head_sum(const Call *c) {
  Head h = head_arg(c);
  const float *constant = tensor_arg(c, HEAD_WORDS);
  float *out = tensor_arg(c, HEAD_WORDS + 1);
  int first, last;
  share(c, h.padded, 16, &first, &last);
  for (int i = first; i < last; i += W) {
    vec ll = splat(0.0f), q = splat(0.0f);
    for (int b = 0; b < h.blocks; b++) {
      ll += load(h.block_ll + (intptr_t)b * h.padded + i);
      q += load(h.block_q + (intptr_t)b * h.padded + i);
    }
    store(h.ll + i, ll);
    store(h.q + i, q);
  }
  for (int i = first; i < last && i < h.cells; i++) out[(intptr_t)i * 16] = h.ll[i] - constant[i];
}

/* Where a gradient by weights goes: stored, or stepped at once. */
typedef struct {
  Param weight;
  intptr_t width;
  Adam adam;
  int update;
} GradientSink;

INLINE void to_gradient(const void *to, const Tile *t) {
  const GradientSink *s = to;
  for (int r = t->row + TILE_ROWS; s->update && r < t->row + 2 * TILE_ROWS; r++) {
    prefetch(s->weight.m + r * s->width + t->column, t->vecs * W);
    prefetch(s->weight.v + r * s->width + t->column, t->vecs * W);
  }
  for (int r = 0; r < t->rows; r++) {
    intptr_t at = (t->row + r) * s->width + t->column;
    for (int v = 0; v < t->vecs; v++) {
      vec sums = load(t->sums + (r * TILE_VECS + v) * W);
      if (!t->first) sums += load(s->weight.g + at + v * W);
      put_gradient(&s->weight, at + v * W, sums, &s->adam, s->update && t->last);
    }
  }
}

/* Rows [first, last) of the gradient by a weight: a product over the cells. */
INLINE void weight_gradient(const Head *h, const float *rows, const float *hidden, const Param *weight, int first, int last,
                            const Adam *adam, int update) {
  Product p = {rows, h->padded, 1, hidden, h->width, h->cells};
  GradientSink to = {*weight, h->width, *adam, update};
  each_tile(&p, first, last, h->width, to_gradient, &to);
}

/* Gradient by the bias, a sum over cells of each row; the step follows in whole vectors (blocks start at multiples of 16). */
INLINE void bias_gradient(const Head *h, const float *rows, const Param *bias, int first, int last, const Adam *adam, int update) {
  for (int g = first; g < last; g++) {
    vec s = splat(0.0f);
    for (int i = 0; i < h->padded; i += W) s += load(rows + (intptr_t)g * h->padded + i);
    bias->g[g] = sum(s);
  }
  if (update)
    for (int g = first; g < last; g += W) adam_vec(adam, load(bias->g + g), bias->w + g, bias->m + g, bias->v + g);
}

/*
 * args after the head's: hidden (cells x hidden), hidden gradient of each block [block][cells][width], update, adam (6).
 * d loss / d logit = -(q - softmax sum q) / cells, in the place of the stored rows; then the products.
 */
KERNEL head_gradient(const Call *c) {
  Head h = head_arg(c);
  const float *hidden = tensor_arg(c, HEAD_WORDS);
  float *partial = tensor_arg(c, HEAD_WORDS + 1);
  int update = int_arg(c, HEAD_WORDS + 2);
  Adam adam = adam_arg(c, HEAD_WORDS + 3);
  float *scale = h.scratch;
  float weight = -1.0f / (float)h.cells;
  int from, to;
  share(c, h.blocks, 1, &from, &to);
  for (int b = from; b < to; b++) {
    int first, last;
    block_range(&h, b, &first, &last);
    if (!h.softplus)
      for (int i = 0; i < h.padded; i += W)
        store(scale + i, vexp(load(h.block_max + (intptr_t)b * h.padded + i) - load(h.log_norm + i)) * load(h.q + i));
    for (int g = first; g < last; g++) {
      float *row = h.scale_row + (intptr_t)g * h.padded, *q = h.q_row + (intptr_t)g * h.padded;
      for (int i = 0; i < h.padded; i += W) {
        vec d = load(q + i);
        if (!h.softplus) d -= load(row + i) * load(scale + i);
        store(row + i, weight * d);
      }
      for (int i = h.cells; i < h.padded; i++) row[i] = 0.0f;
      if (!h.zero_row) continue;
      float *zero = h.zero_row + (intptr_t)g * h.padded;
      for (int i = 0; i < h.padded; i += W) store(zero + i, weight * load(zero + i));
      for (int i = h.cells; i < h.padded; i++) zero[i] = 0.0f;
    }
    float *out = partial + (intptr_t)b * h.cells * h.width;
    Product p = {h.scale_row + (intptr_t)first * h.padded, 1, h.padded, h.weight.w + (intptr_t)first * h.width, h.width, last - first};
    product(&p, 0, h.cells, h.width, out, h.width, 0);
    weight_gradient(&h, h.scale_row, hidden, &h.weight, first, last, &adam, update);
    bias_gradient(&h, h.scale_row, &h.bias, first, last, &adam, update);
    if (h.zero_row) {
      Product z = {h.zero_row + (intptr_t)first * h.padded, 1, h.padded, h.zero_weight.w + (intptr_t)first * h.width, h.width, last - first};
      product(&z, 0, h.cells, h.width, out, h.width, 1);
      weight_gradient(&h, h.zero_row, hidden, &h.zero_weight, first, last, &adam, update);
      bias_gradient(&h, h.zero_row, &h.zero_bias, first, last, &adam, update);
    }
    if (update && h.likelihood != POISSON)
      for (int s = 0; s < h.dispersions; s++)
        for (int g = first; g < last; g += W) {
          intptr_t at = (intptr_t)s * h.dispersion_stride + g;
          adam_vec(&adam, load(h.dispersion.g + at), h.dispersion.w + at, h.dispersion.m + at, h.dispersion.v + at);
        }
  }
}

/* args after the head's: partial hidden gradients, hidden gradient, gradient by log size (cells x 1) or 0. */
KERNEL head_hidden_gradient(const Call *c) {
  Head h = head_arg(c);
  const float *partial = tensor_arg(c, HEAD_WORDS);
  float *out = tensor_arg(c, HEAD_WORDS + 1), *by_size = tensor_arg(c, HEAD_WORDS + 2);
  intptr_t n = (intptr_t)h.cells * h.width;
  int first, last;
  share(c, (int)n, 16, &first, &last);
  for (int i = first; i < last; i += W) {
    vec s = load(partial + i);
    for (int b = 1; b < h.blocks; b++) s += load(partial + b * n + i);
    store(out + i, s);
  }
  if (by_size && c->part == 0)
    for (int i = 0; i < h.cells; i++) by_size[(intptr_t)i * 16] = -h.q[i] / (float)h.cells;
}

/* args after the head's: means (cells x genes) and its width, logits of dropout or 0. Back to cell-major. */
KERNEL head_means(const Call *c) {
  Head h = head_arg(c);
  float *mean = tensor_arg(c, HEAD_WORDS), *zero = tensor_arg(c, HEAD_WORDS + 2);
  int width = int_arg(c, HEAD_WORDS + 1);
  float *scale = h.scratch, *row = scale + h.padded;
  int from, to;
  share(c, h.blocks, 1, &from, &to);
  for (int b = from; b < to; b++) {
    int first, last;
    block_range(&h, b, &first, &last);
    block_scale(&h, b, scale);
    for (int g = first; g < last; g++) {
      for (int i = 0; i < h.padded; i += W)
        store(row + i, mean_of(&h, load(h.scale_row + (intptr_t)g * h.padded + i), load(scale + i)));
      for (int i = 0; i < h.cells; i++) mean[(intptr_t)i * width + g] = row[i];
      if (zero)
        for (int i = 0; i < h.cells; i++) zero[(intptr_t)i * width + g] = h.zero_row[(intptr_t)g * h.padded + i];
    }
  }
}
