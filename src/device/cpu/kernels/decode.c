/*
 * Expected counts gene by gene, from hidden units, for questions: a lot of cells at a time, whose rows stay in the second-level cache from the
 * product to where the means go. What a softmax of `head_logits` comes to, bit for bit.
 */
#include "memory.h"

/* Cells of a strip: the columns of one tile of the product. */
#define STRIP (TILE_VECS * W)

/* As in lot-decoder.ts; whole strips. */
#define LOT 64

/* A thread's lot. */
typedef struct {
  int cells;
  float *strips; /* [strip][unit][STRIP]: hidden units, zeros where there are no cells */
  float *rows;   /* [gene][LOT]: exp(logit - maximum of the block) */
  float *max, *sum, *scale; /* [block][LOT]; the scale is what makes means of the rows */
} Lot;

INLINE Lot lot_of(const Call *c, const Decoder *d, int first) {
  float *at = d->scratch + (intptr_t)c->part * d->scratch_stride;
  intptr_t blocks = (intptr_t)d->blocks * LOT;
  float *max = at + (intptr_t)d->hidden * LOT, *rows = max + 3 * blocks;
  return (Lot){d->rows - first < LOT ? d->rows - first : LOT, at, rows, max, max + blocks, max + 2 * blocks};
}

INLINE void pack_lot(const Decoder *d, int first, const Lot *lot) {
  for (int s = 0; s < LOT; s += STRIP)
    for (int k = 0; k < d->hidden; k++)
      for (int i = 0; i < STRIP; i++)
        lot->strips[(intptr_t)s * d->hidden + k * STRIP + i] =
          s + i < lot->cells ? d->input[(intptr_t)(first + s + i) * d->input_width + k] : 0.0f;
}

INLINE void decode_block(const Decoder *d, const Lot *lot, int block) {
  int first = block * d->block_genes, genes = d->genes - first < d->block_genes ? d->genes - first : d->block_genes;
  float *rows = lot->rows + (intptr_t)first * LOT, *max = lot->max + block * LOT;
  for (int v = 0; v < LOT; v += W) store(max + v, splat(-__builtin_inff()));
  for (int s = 0; s < lot->cells; s += STRIP) {
    Product p = {d->weight + (intptr_t)first * d->width, d->width, 1, lot->strips + (intptr_t)s * d->hidden, STRIP, d->hidden};
    LogitSink to = {rows + s, LOT, d->bias + first, max + s};
    each_tile(&p, 0, genes, STRIP, to_logits, &to);
  }
  for (int v = 0; v < lot->cells; v += W) {
    vec m = load(max + v), sum = splat(0.0f);
    for (int g = 0; g < genes; g++) {
      vec e = vexp(load(rows + g * LOT + v) - m);
      store(rows + g * LOT + v, e);
      sum += e;
    }
    store(lot->sum + block * LOT + v, sum);
  }
}

/* Leaves rows and scales of the lot from a cell on. */
INLINE Lot decode_lot(const Call *c, const Decoder *d, int first) {
  Lot lot = lot_of(c, d, first);
  pack_lot(d, first, &lot);
  for (int b = 0; b < d->blocks; b++) decode_block(d, &lot, b);
  for (int v = 0; v < lot.cells; v += W) {
    vec size = splat(1.0f), norm = log_norm(lot.max + v, lot.sum + v, d->blocks, LOT);
    for (int l = 0; l < W && v + l < lot.cells; l++) {
      int cell = first + v + l;
      size[l] = d->log_size ? d->log_size[(intptr_t)cell * 16] : d->size[cell];
    }
    if (!d->log_size) size = vlog(vmax(size, splat(1e-30f)));
    for (int b = 0; b < d->blocks; b++) store(lot.scale + b * LOT + v, vexp(size + (load(lot.max + b * LOT + v) - norm)));
  }
  return lot;
}

INLINE const float *scale_of(const Decoder *d, const Lot *lot, int gene) { return lot->scale + gene / d->block_genes * LOT; }

/* Means [gene][mean_width] of cells. */
KERNEL decode_genes(const Call *c) {
  DecodeGenesArgs a = decode_genes_args(c);
  Decoder d = a.decoder;
  int from, to;
  share(c, d.rows, LOT, &from, &to);
  for (int first = from; first < to; first += LOT) {
    Lot lot = decode_lot(c, &d, first);
    for (int g = 0; g < d.genes; g++) {
      const float *row = lot.rows + (intptr_t)g * LOT, *scale = scale_of(&d, &lot, g);
      float *mean = a.mean + (intptr_t)g * a.mean_width + first;
      for (int v = 0; v < lot.cells; v += W) store(mean + v, load(scale + v) * load(row + v));
    }
  }
}

/* Means of chosen genes times factors, added to the sums [group][gene][16] of the rows' groups of sixteen cells. */
KERNEL add_decoded(const Call *c) {
  AddDecodedArgs a = add_decoded_args(c);
  Decoder d = a.decoder;
  int from, to;
  share(c, d.rows, a.together, &from, &to);
  for (int first = from; first < to; first += LOT) {
    Lot lot = decode_lot(c, &d, first);
    for (int unit = 0; unit < lot.cells; unit += 16) {
      float *sums = a.sums + (intptr_t)a.groups[(first + unit) / 16] * a.genes * 16;
      const float *factor = a.factor + first + unit;
      for (int k = 0; k < a.genes; k++) {
        int g = a.chosen ? a.chosen[k] : k;
        const float *row = lot.rows + (intptr_t)g * LOT + unit, *scale = scale_of(&d, &lot, g) + unit;
        for (int v = 0; v < 16; v += W)
          store(sums + k * 16 + v, load(sums + k * 16 + v) + load(factor + v) * (load(scale + v) * load(row + v)));
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
