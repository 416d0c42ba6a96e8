/*
 * Correlations of genes: what a decoder's means are with a dispersion, gammas without the noise of counting, and sums of products of
 * two genes over rows.
 */
#include "gemm.h"
#include "philox.h"

/* Rows of the products that a part takes at a time. */
#define GENE_STRIP 96

/* Gammas of the genes' means, shape theta, from random words of their own; the means themselves where theta is infinite. */
KERNEL draw_gammas(const Call *c) {
  DrawGammasArgs a = draw_gammas_args(c);
  int first, last;
  share(c, a.rows, 1, &first, &last);
  for (int i = first; i < last; i++) {
    const float *mean = a.mean + (intptr_t)i * a.mean_width;
    const float *theta = a.theta + (intptr_t)a.codes[i] * a.genes;
    float *value = a.values + (intptr_t)i * a.width;
    for (int k = 0; k < a.genes; k++) {
      double m = mean[a.chosen[k]], shape = theta[k] > 1e-37f ? theta[k] : 1e-37f;
      Stream s = {a.seed, a.purpose, (uint32_t)a.chosen[k], (uint32_t)a.numbers[i], 0, 4};
      value[k] = (float)(shape > 1e12 ? m : m * (next_gamma(&s, shape) / shape));
    }
  }
}

/* products[g][h] = sum over rows of values[row][g] values[row][h], for h from the strip of g on: the others are those of h and g. */
KERNEL gene_products(const Call *c) {
  GeneProductsArgs a = gene_products_args(c);
  for (int g = c->part * GENE_STRIP; g < a.genes; g += c->parts * GENE_STRIP) {
    int end = g + GENE_STRIP < a.genes ? g + GENE_STRIP : a.genes;
    Product p = {a.values + g, 1, a.width, a.values + g, a.width, a.rows};
    product(&p, 0, end - g, a.width - g, a.products + (intptr_t)g * a.width + g, a.width, 0);
  }
}
