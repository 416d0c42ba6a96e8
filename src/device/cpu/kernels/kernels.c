/* All kernels as one unit, and the table that calls them by number (the order of KERNELS in ../kernel-names.ts). */
#include "sparse.c"
#include "dense.c"
#include "latent.c"
#include "head.c"
#include "head-counts.c"

static void run_kernel(int kernel, float *base, uint32_t arguments, int part, int parts) {
  Call call = {base, (const int32_t *)(base + arguments), part, parts};
  const Call *c = &call;
  switch (kernel) {
    case 0: stage_count(c); break;
    case 1: stage_scatter(c); break;
    case 2: sparse_forward(c); break;
    case 3: sparse_gradient(c); break;
    case 4: linear_forward(c); break;
    case 5: linear_weight_gradient(c); break;
    case 6: transpose(c); break;
    case 7: linear_input_gradient(c); break;
    case 8: batch_norm(c); break;
    case 9: batch_norm_gradient(c); break;
    case 10: layer_norm(c); break;
    case 11: layer_norm_gradient(c); break;
    case 12: relu_dropout(c); break;
    case 13: relu_dropout_gradient(c); break;
    case 14: sample_latent(c); break;
    case 15: sample_latent_gradient(c); break;
    case 16: head_logits(c); break;
    case 17: head_normalise(c); break;
    case 18: head_counts_nb(c); break;
    case 19: head_counts_zinb(c); break;
    case 20: head_counts_poisson(c); break;
    case 21: head_sum(c); break;
    case 22: head_gradient(c); break;
    case 23: head_hidden_gradient(c); break;
    case 24: head_means(c); break;
    case 25: adam_update(c); break;
    case 26: add_sum(c); break;
  }
}
