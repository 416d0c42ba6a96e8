/*
 * The output layer: from hidden units to the log-likelihood of the counts, and back to every gradient.
 *
 * Everything here is gene-major, [gene][cell], with a cell in each vector lane: the weight rows [gene][hidden] serve all three
 * products as they are, softmax and likelihood (head-counts.c) need no horizontal sums, dispersion is a scalar of the row, and a
 * thread that owns genes owns their gradients. What crosses genes (softmax sums, log-likelihoods, the hidden gradient) is summed
 * within fixed blocks of genes and then over the blocks in order, so the number of threads does not show in the result.
 */

#include "gemm-half.h"
#include "gradient-sink.h"
#include "likelihood.h"

/* The rows of scratch of the calling part. */
INLINE float *part_scratch(const Head *h, const Call *c) { return h->scratch + (intptr_t)h->scratch_stride * c->part; }

INLINE void block_range(const Head *h, int block, int *first, int *last) {
  *first = block * h->block_genes;
  *last = *first + h->block_genes < h->genes ? *first + h->block_genes : h->genes;
}

/* Where logits go: to rows [gene][cell], their bias added, and into the maximum of each cell unless that is null. */
typedef struct {
  float *rows;
  intptr_t padded;
  const float *bias;
  float *max;
} LogitSink;

INLINE void to_logits(const void *to, const Tile *t) {
  const LogitSink *s = to;
  for (int v = 0; v < t->vecs; v++) {
    int column = t->column + v * W;
    for (int r = 0; r < t->rows; r++) {
      float *x = s->rows + (t->row + r) * s->padded + column;
      vec sums = load(t->sums + (r * TILE_VECS + v) * W);
      if (!t->first) sums += load(x);
      if (t->last) sums += s->bias[t->row + r];
      store(x, sums);
      if (t->last && s->max) store(s->max + column, vmax(sums, load(s->max + column)));
    }
  }
}

INLINE void head_product(const Head *h, const float *weight, const float *bias, int first, int last, float *rows, float *max) {
  Product p = {weight, h->width, 1, h->hidden_t, h->padded, h->hidden};
  LogitSink to = {rows, h->padded, bias, max};
  for (int i = 0; max && i < h->padded; i += W) store(max + i, splat(-__builtin_inff()));
  each_tile_of(h->half, &p, first, last, h->padded, to_logits, &to);
}

INLINE void block_maximum(const Head *h, int first, int last, float *max) {
  for (int g = first; g < last; g++)
    for (int i = 0; i < h->padded; i += W) {
      vec x = load(h->scale_row + (intptr_t)g * h->padded + i);
      store(max + i, g == first ? x : vmax(x, load(max + i)));
    }
}

/* A logit so low that its gene has no share in the softmax, no mean, and so nothing in likelihood and gradients. */
#define MASKED -1e30f

/* Takes genes that a cell lacks, and counts that are not known, out of a block. */
INLINE void mask_block(const Head *h, int first, int last) {
  for (int g = first; g < last; g++) {
    float *row = h->scale_row + (intptr_t)g * h->padded;
    for (int i = 0; h->present && i < h->cells; i++)
      if (h->present[(intptr_t)h->present_codes[i] * h->present_width + g] == 0.0f) row[i] = MASKED;
    if (!h->missing_start) continue;
    for (int k = h->missing_start[g]; k < h->missing_start[g + 1]; k++) row[h->missing_cell[k]] = MASKED;
  }
}

/* Given logits (cells x genes) of a block, gene-major. */
INLINE void turn_logits(const Head *h, const float *logits, int first, int last, float *rows) {
  for (int g = first; g < last; g++)
    for (int i = 0; i < h->padded; i++)
      rows[(intptr_t)g * h->padded + i] = i < h->cells ? logits[(intptr_t)i * h->logits_width + g] : 0.0f;
}

/* Logits of each gene block; for softmax, exp(logit - maximum of the block) and its sum, cell by cell. */
KERNEL head_logits(const Call *c) {
  Head h = head_logits_args(c).head;
  int from, to;
  share(c, h.blocks, 1, &from, &to);
  for (int b = from; b < to; b++) {
    int first, last;
    block_range(&h, b, &first, &last);
    float *max = h.block_max + (intptr_t)b * h.padded, *total = h.block_sum + (intptr_t)b * h.padded;
    int masked = h.present || h.missing_start;
    if (h.logits) {
      turn_logits(&h, h.logits, first, last, h.scale_row);
      if (h.zero_row) turn_logits(&h, h.zero_logits, first, last, h.zero_row);
    } else {
      head_product(&h, h.weight.value, h.bias.value, first, last, h.scale_row, h.softplus || masked ? 0 : max);
      if (h.zero_row) head_product(&h, h.zero_weight.value, h.zero_bias.value, first, last, h.zero_row, 0);
    }
    if (masked) mask_block(&h, first, last);
    if (h.softplus) continue;
    if (h.logits || masked) block_maximum(&h, first, last, max);
    for (int i = 0; i < h.padded; i += W) store(total + i, splat(0.0f));
    for (int g = first; g < last; g++)
      for (int i = 0; i < h.padded; i += W) {
        float *x = h.scale_row + (intptr_t)g * h.padded + i;
        vec e = vexp(load(x) - load(max + i));
        store(x, e);
        store(total + i, load(total + i) + e);
      }
  }
}

/* Log of the softmax sum of W cells over the blocks, whose maxima and sums lie `stride` apart. */
INLINE vec log_norm(const float *max, const float *sum, int blocks, intptr_t stride) {
  vec m = load(max), s = splat(0.0f);
  for (int b = 1; b < blocks; b++) m = vmax(load(max + b * stride), m);
  for (int b = 0; b < blocks; b++) s += load(sum + b * stride) * vexp(load(max + b * stride) - m);
  /* a cell of which every gene is masked has no mean at all */
  return pick(m < splat(0.1f * MASKED), splat(__builtin_inff()), m + vlog(s));
}

/*
 * Log of the softmax sum over all blocks, the log sizes (a draw, cells x 1, or those of the sizes [cell]), and the weights of the
 * cells (from the loss's gradient by their log-likelihoods, or all the same).
 */
KERNEL head_normalise(const Call *c) {
  HeadNormaliseArgs a = head_normalise_args(c);
  Head h = a.head;
  const float *draw = a.log_size, *size = a.size;
  int first, last;
  share(c, h.padded, 16, &first, &last);
  for (int i = first; i < last; i++) {
    h.log_size[i] = i < h.cells ? (draw ? draw[(intptr_t)i * 16] : size[i]) : 0.0f;
    h.cell_weight[i] = !a.cell_gradient ? 1.0f / (float)h.cells : i < h.cells ? -a.cell_gradient[(intptr_t)i * 16] : 0.0f;
  }
  for (int i = first; i < last; i += W) {
    if (!draw) store(h.log_size + i, vlog(vmax(load(h.log_size + i), splat(i < h.cells ? 1e-30f : 1.0f))));
    if (h.softplus) continue;
    store(h.log_norm + i, log_norm(h.block_max + i, h.block_sum + i, h.blocks, h.padded));
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

/* Sums over the blocks, in order; `constant` [cell] is the sum of lnGamma(x + 1). */
KERNEL head_sum(const Call *c) {
  HeadSumArgs a = head_sum_args(c);
  Head h = a.head;
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
  for (int i = first; i < last && i < h.cells; i++) a.log_likelihood[(intptr_t)i * 16] = h.ll[i] - a.constant[i];
}

/* A block's part of the gradient by the hidden units: a product over its genes. */
INLINE void block_hidden_gradient(const Head *h, const float *rows, const float *weight, int first, int last, float *out, int add) {
  Product p = {rows + (intptr_t)first * h->padded, 1, h->padded, weight + (intptr_t)first * h->width, h->width, last - first};
  product_of(h->half, &p, 0, h->cells, h->width, out, h->width, add);
}

/* Rows [first, last) of the gradient by a weight: a product over the cells. */
INLINE void weight_gradient(const Head *h, const float *rows, const float *hidden, const Param *weight, int first, int last,
                            const Adam *adam) {
  Product p = {rows, h->padded, 1, hidden, h->width, h->cells};
  GradientSink to = {*weight, h->width, *adam};
  each_tile_of(h->half, &p, first, last, h->width, to_gradient, &to);
}

/* Gradient by the bias, a sum over cells of each row; the step follows in whole vectors (blocks start at multiples of 16). */
INLINE void bias_gradient(const Head *h, const float *rows, const Param *bias, int first, int last, const Adam *adam) {
  for (int g = first; g < last; g++) {
    vec s = splat(0.0f);
    for (int i = 0; i < h->padded; i += W) s += load(rows + (intptr_t)g * h->padded + i);
    bias->gradient[g] = sum(s);
  }
  if (adam->update)
    for (int g = first; g < last; g += W)
      adam_vec(adam, load(bias->gradient + g), bias->value + g, bias->first_moment + g, bias->second_moment + g);
}

/* d loss / d logit = -(q - softmax sum q) times the cell's weight, in the place of the stored rows; then the products. */
KERNEL head_gradient(const Call *c) {
  HeadGradientArgs a = head_gradient_args(c);
  Head h = a.head;
  const float *hidden = a.hidden;
  Adam adam = a.adam;
  float *scale = part_scratch(&h, c);
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
        store(row + i, -load(h.cell_weight + i) * d);
      }
      for (int i = h.cells; i < h.padded; i++) row[i] = 0.0f;
      if (!h.zero_row) continue;
      float *zero = h.zero_row + (intptr_t)g * h.padded;
      for (int i = 0; i < h.padded; i += W) store(zero + i, -load(h.cell_weight + i) * load(zero + i));
      for (int i = h.cells; i < h.padded; i++) zero[i] = 0.0f;
    }
    if (!h.logits) {
      float *out = h.partial + (intptr_t)b * h.cells * h.width;
      if (a.by_hidden) {
        block_hidden_gradient(&h, h.scale_row, h.weight.value, first, last, out, 0);
        if (h.zero_row) block_hidden_gradient(&h, h.zero_row, h.zero_weight.value, first, last, out, 1);
      }
      if (!a.frozen) {
        weight_gradient(&h, h.scale_row, hidden, &h.weight, first, last, &adam);
        bias_gradient(&h, h.scale_row, &h.bias, first, last, &adam);
        if (h.zero_row) {
          weight_gradient(&h, h.zero_row, hidden, &h.zero_weight, first, last, &adam);
          bias_gradient(&h, h.zero_row, &h.zero_bias, first, last, &adam);
        }
      }
    }
    Param d = h.dispersion;
    if (adam.update && h.likelihood != POISSON)
      for (int s = 0; s < h.dispersions; s++)
        for (int g = first; g < last; g += W) {
          intptr_t at = (intptr_t)s * h.dispersion_stride + g;
          adam_vec(&adam, load(d.gradient + at), d.value + at, d.first_moment + at, d.second_moment + at);
        }
  }
}

/* The blocks' gradients by the hidden units summed, and the gradient by the log size (cells x 1) where it is asked for. */
KERNEL head_hidden_gradient(const Call *c) {
  HeadHiddenGradientArgs a = head_hidden_gradient_args(c);
  Head h = a.head;
  float *by_size = a.log_size_gradient;
  intptr_t n = (intptr_t)h.cells * h.width;
  int first, last;
  share(c, (int)n, 16, &first, &last);
  for (int i = first; a.hidden_gradient && i < last; i += W) {
    vec s = load(h.partial + i);
    for (int b = 1; b < h.blocks; b++) s += load(h.partial + b * n + i);
    store(a.hidden_gradient + i, s);
  }
  if (by_size && c->part == 0)
    for (int i = 0; i < h.cells; i++) by_size[(intptr_t)i * 16] = h.weighted ? -h.q[i] * h.cell_weight[i] : -h.q[i] / (float)h.cells;
}

/* Gradients by given logits: back to cell-major. */
KERNEL head_logits_gradient(const Call *c) {
  HeadLogitsGradientArgs a = head_logits_gradient_args(c);
  Head h = a.head;
  int first, last;
  share(c, h.genes, 16, &first, &last);
  for (int g = first; g < last; g++)
    for (int i = 0; i < h.cells; i++) {
      intptr_t at = (intptr_t)g * h.padded + i, to = (intptr_t)i * h.logits_width + g;
      if (a.logits_gradient) a.logits_gradient[to] = h.scale_row[at];
      if (a.zero_logits_gradient) a.zero_logits_gradient[to] = h.zero_row[at];
    }
}

/* Genes and cells of a tile that is turned: a cache line. */
#define TURN 16

/* Means (cells x genes), and logits of dropout where they are asked for: back to cell-major. */
KERNEL head_means(const Call *c) {
  HeadMeansArgs a = head_means_args(c);
  Head h = a.head;
  float *mean = a.mean, *zero = a.zeros;
  int width = a.mean_width;
  float *scale = part_scratch(&h, c);
  float tile[TURN][TURN] __attribute__((aligned(64)));
  int from, to;
  share(c, h.blocks, 1, &from, &to);
  for (int b = from; b < to; b++) {
    int first, last;
    block_range(&h, b, &first, &last);
    block_scale(&h, b, scale);
    for (int g = first; g < last; g += TURN) {
      int genes = last - g < TURN ? last - g : TURN;
      for (int i = 0; i < h.cells; i += TURN) {
        int cells = h.cells - i < TURN ? h.cells - i : TURN;
        const float *row = h.scale_row + (intptr_t)g * h.padded + i;
        for (int k = 0; k < genes; k++)
          for (int v = 0; v < TURN; v += W)
            store(tile[k] + v, mean_of(&h, load(row + (intptr_t)k * h.padded + v), load(scale + i + v)));
        for (int r = 0; r < cells; r++)
          for (int k = 0; k < genes; k++) mean[(intptr_t)(i + r) * width + g + k] = tile[k][r];
        if (!zero) continue;
        const float *logit = h.zero_row + (intptr_t)g * h.padded + i;
        for (int r = 0; r < cells; r++)
          for (int k = 0; k < genes; k++) zero[(intptr_t)(i + r) * width + g + k] = logit[(intptr_t)k * h.padded + r];
      }
    }
  }
}
