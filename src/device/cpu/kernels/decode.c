/*
 * Expected counts gene by gene, [gene][cell], as the head has them on its way: what sums and comparisons of genes read, without the
 * turning back to cells. Logits come from strips of hidden units that stay in the first-level cache, and are exponentiated there.
 */
#include "memory.h"

/* Cells of a strip: the columns of one tile of the product. */
#define STRIP (TILE_VECS * W)

/* Hidden units of cells (cells x width) as strips [strip][unit][STRIP]; zeros where there are no cells. */
KERNEL pack_hidden(const Call *c) {
  PackHiddenArgs a = pack_hidden_args(c);
  int first, last;
  share(c, (a.rows + STRIP - 1) / STRIP, 1, &first, &last);
  for (int s = first; s < last; s++) {
    float *strip = a.strips + (intptr_t)s * a.columns * STRIP;
    for (int k = 0; k < a.columns; k++)
      for (int i = 0; i < STRIP; i++) {
        int row = s * STRIP + i;
        strip[k * STRIP + i] = row < a.rows ? a.input[(intptr_t)row * a.input_width + k] : 0.0f;
      }
  }
}

/* What head_logits leaves of a softmax without genes that cells lack, bit for bit. */
KERNEL decode_logits(const Call *c) {
  DecodeLogitsArgs a = decode_logits_args(c);
  Head h = a.head;
  float *logits = a.scratch + (intptr_t)c->part * a.scratch_stride;
  int from, to;
  share(c, h.blocks, 1, &from, &to);
  for (int b = from; b < to; b++) {
    int first, last;
    block_range(&h, b, &first, &last);
    const float *bias = h.bias.value + first;
    for (int s = 0; s * STRIP < h.padded; s++) {
      Product p = {h.weight.value + (intptr_t)first * h.width, h.width, 1, a.strips + (intptr_t)s * h.hidden * STRIP, STRIP, h.hidden};
      product(&p, 0, last - first, STRIP, logits, STRIP, 0);
      for (int v = 0; v < STRIP && s * STRIP + v < h.padded; v += W) {
        float *x = logits + v, *row = h.scale_row + (intptr_t)first * h.padded + s * STRIP + v;
        intptr_t at = (intptr_t)b * h.padded + s * STRIP + v;
        vec m = load(x) + bias[0];
        store(x, m);
        for (int g = 1; g < last - first; g++) {
          vec logit = load(x + g * STRIP) + bias[g];
          store(x + g * STRIP, logit);
          m = vmax(logit, m);
        }
        vec sum = splat(0.0f);
        for (int g = 0; g < last - first; g++) {
          vec e = vexp(load(x + g * STRIP) - m);
          store(row + (intptr_t)g * h.padded, e);
          sum += e;
        }
        store(h.block_max + at, m);
        store(h.block_sum + at, sum);
      }
    }
  }
}

/* Means [gene][width] from the head's rows. */
KERNEL head_gene_means(const Call *c) {
  HeadGeneMeansArgs a = head_gene_means_args(c);
  Head h = a.head;
  float *scale = part_scratch(&h, c);
  int from, to;
  share(c, h.blocks, 1, &from, &to);
  for (int b = from; b < to; b++) {
    int first, last;
    block_range(&h, b, &first, &last);
    block_scale(&h, b, scale);
    for (int g = first; g < last; g++) {
      const float *row = h.scale_row + (intptr_t)g * h.padded;
      float *mean = a.mean + (intptr_t)g * a.mean_width;
      for (int i = 0; i < h.padded; i += W) store(mean + i, mean_of(&h, load(row + i), load(scale + i)));
    }
  }
}
