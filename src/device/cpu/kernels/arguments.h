/* Written from table.mjs by "npm run build": change that file, not this one. */
#ifndef SCVAE_ARGUMENTS_H
#define SCVAE_ARGUMENTS_H

#include "memory.h"

typedef struct {
  float *value;
  float *gradient;
  float *first_moment;
  float *second_moment;
} Param;

INLINE Param param_arg(const Call *c, int i) {
  return (Param){
    .value = tensor_arg(c, i + 0),
    .gradient = tensor_arg(c, i + 1),
    .first_moment = tensor_arg(c, i + 2),
    .second_moment = tensor_arg(c, i + 3),
  };
}

typedef struct {
  int update;
  float rate;
  float root;
  float beta1;
  float beta2;
  float epsilon;
  float decay;
} Adam;

INLINE Adam adam_arg(const Call *c, int i) {
  return (Adam){
    .update = flag_arg(c, i + 0),
    .rate = float_arg(c, i + 1),
    .root = float_arg(c, i + 2),
    .beta1 = float_arg(c, i + 3),
    .beta2 = float_arg(c, i + 4),
    .epsilon = float_arg(c, i + 5),
    .decay = float_arg(c, i + 6),
  };
}

typedef struct {
  int32_t *codes;
  int32_t *categories;
  int n_categorical;
  float *values;
  int n_continuous;
  int stride;
} Covariates;

INLINE Covariates covariates_arg(const Call *c, int i) {
  return (Covariates){
    .codes = ints_arg(c, i + 0),
    .categories = ints_arg(c, i + 1),
    .n_categorical = int_arg(c, i + 2),
    .values = floats_arg(c, i + 3),
    .n_continuous = int_arg(c, i + 4),
    .stride = int_arg(c, i + 5),
  };
}

typedef struct {
  uint32_t seed;
  uint32_t purpose;
  uint32_t step;
} Noise;

INLINE Noise noise_arg(const Call *c, int i) {
  return (Noise){
    .seed = uint_arg(c, i + 0),
    .purpose = uint_arg(c, i + 1),
    .step = uint_arg(c, i + 2),
  };
}

typedef struct {
  int cells;
  int genes;
  int32_t *row_start;
  int32_t *gene;
  float *count;
  float *log_count;
} Csr;

INLINE Csr csr_arg(const Call *c, int i) {
  return (Csr){
    .cells = int_arg(c, i + 0),
    .genes = int_arg(c, i + 1),
    .row_start = ints_arg(c, i + 2),
    .gene = ints_arg(c, i + 3),
    .count = floats_arg(c, i + 4),
    .log_count = floats_arg(c, i + 5),
  };
}

typedef struct {
  int cells;
  int dims;
  int width;
  float *mean;
  float *raw_variance;
  float *output;
  float *kl;
  float *prior;
  int32_t *codes;
  int noisy;
  Noise noise;
} Latent;

INLINE Latent latent_arg(const Call *c, int i) {
  return (Latent){
    .cells = int_arg(c, i + 0),
    .dims = int_arg(c, i + 1),
    .width = int_arg(c, i + 2),
    .mean = tensor_arg(c, i + 3),
    .raw_variance = tensor_arg(c, i + 4),
    .output = tensor_arg(c, i + 5),
    .kl = tensor_arg(c, i + 6),
    .prior = tensor_arg(c, i + 7),
    .codes = ints_arg(c, i + 8),
    .noisy = flag_arg(c, i + 9),
    .noise = noise_arg(c, i + 10),
  };
}

typedef struct {
  int cells;
  int padded;
  int genes;
  int hidden;
  int width;
  int likelihood;
  int softplus;
  int half;
  int blocks;
  int block_genes;
  int dispersions;
  int dispersion_stride;
  float *hidden_t;
  float *scale_row;
  float *zero_row;
  float *q_row;
  float *block_max;
  float *block_sum;
  float *block_ll;
  float *block_q;
  float *log_size;
  float *log_norm;
  float *ll;
  float *q;
  float *partial;
  float *scratch;
  int scratch_stride;
  int32_t *gene_start;
  int32_t *cell;
  float *count;
  float *full_count;
  int32_t *codes;
  float *cell_weight;
  int weighted;
  float *present;
  int present_width;
  int32_t *present_codes;
  int32_t *missing_start;
  int32_t *missing_cell;
  float *logits;
  float *zero_logits;
  int logits_width;
  Param weight;
  Param bias;
  Param zero_weight;
  Param zero_bias;
  Param dispersion;
} Head;

INLINE Head head_arg(const Call *c, int i) {
  return (Head){
    .cells = int_arg(c, i + 0),
    .padded = int_arg(c, i + 1),
    .genes = int_arg(c, i + 2),
    .hidden = int_arg(c, i + 3),
    .width = int_arg(c, i + 4),
    .likelihood = int_arg(c, i + 5),
    .softplus = flag_arg(c, i + 6),
    .half = flag_arg(c, i + 7),
    .blocks = int_arg(c, i + 8),
    .block_genes = int_arg(c, i + 9),
    .dispersions = int_arg(c, i + 10),
    .dispersion_stride = int_arg(c, i + 11),
    .hidden_t = floats_arg(c, i + 12),
    .scale_row = floats_arg(c, i + 13),
    .zero_row = floats_arg(c, i + 14),
    .q_row = floats_arg(c, i + 15),
    .block_max = floats_arg(c, i + 16),
    .block_sum = floats_arg(c, i + 17),
    .block_ll = floats_arg(c, i + 18),
    .block_q = floats_arg(c, i + 19),
    .log_size = floats_arg(c, i + 20),
    .log_norm = floats_arg(c, i + 21),
    .ll = floats_arg(c, i + 22),
    .q = floats_arg(c, i + 23),
    .partial = floats_arg(c, i + 24),
    .scratch = floats_arg(c, i + 25),
    .scratch_stride = int_arg(c, i + 26),
    .gene_start = ints_arg(c, i + 27),
    .cell = ints_arg(c, i + 28),
    .count = floats_arg(c, i + 29),
    .full_count = floats_arg(c, i + 30),
    .codes = ints_arg(c, i + 31),
    .cell_weight = floats_arg(c, i + 32),
    .weighted = flag_arg(c, i + 33),
    .present = tensor_arg(c, i + 34),
    .present_width = int_arg(c, i + 35),
    .present_codes = ints_arg(c, i + 36),
    .missing_start = ints_arg(c, i + 37),
    .missing_cell = ints_arg(c, i + 38),
    .logits = tensor_arg(c, i + 39),
    .zero_logits = tensor_arg(c, i + 40),
    .logits_width = int_arg(c, i + 41),
    .weight = param_arg(c, i + 42),
    .bias = param_arg(c, i + 46),
    .zero_weight = param_arg(c, i + 50),
    .zero_bias = param_arg(c, i + 54),
    .dispersion = param_arg(c, i + 58),
  };
}

typedef struct {
  int rows;
  int genes;
  int hidden;
  int width;
  float *input;
  int input_width;
  float *weight;
  float *bias;
  int blocks;
  int block_genes;
  float *log_size;
  float *size;
  float *scratch;
  int scratch_stride;
} Decoder;

INLINE Decoder decoder_arg(const Call *c, int i) {
  return (Decoder){
    .rows = int_arg(c, i + 0),
    .genes = int_arg(c, i + 1),
    .hidden = int_arg(c, i + 2),
    .width = int_arg(c, i + 3),
    .input = tensor_arg(c, i + 4),
    .input_width = int_arg(c, i + 5),
    .weight = tensor_arg(c, i + 6),
    .bias = tensor_arg(c, i + 7),
    .blocks = int_arg(c, i + 8),
    .block_genes = int_arg(c, i + 9),
    .log_size = tensor_arg(c, i + 10),
    .size = floats_arg(c, i + 11),
    .scratch = floats_arg(c, i + 12),
    .scratch_stride = int_arg(c, i + 13),
  };
}

typedef struct {
  Csr csr;
  int32_t *sources;
} StageRowsArgs;

INLINE StageRowsArgs stage_rows_args(const Call *c) {
  return (StageRowsArgs){
    .csr = csr_arg(c, 0),
    .sources = ints_arg(c, 6),
  };
}

typedef struct {
  Csr csr;
  int32_t *gene_next;
  int32_t *begins;
  int begin_stride;
  int32_t *gene_start;
  int32_t *cell;
  float *gene_major_count;
  float *gene_major_log;
} StageGenesArgs;

INLINE StageGenesArgs stage_genes_args(const Call *c) {
  return (StageGenesArgs){
    .csr = csr_arg(c, 0),
    .gene_next = ints_arg(c, 6),
    .begins = ints_arg(c, 7),
    .begin_stride = int_arg(c, 8),
    .gene_start = ints_arg(c, 9),
    .cell = ints_arg(c, 10),
    .gene_major_count = floats_arg(c, 11),
    .gene_major_log = floats_arg(c, 12),
  };
}

typedef struct {
  int cells;
  int genes;
  int width;
  int32_t *row_start;
  int32_t *gene;
  float *log_count;
  float *weight;
  float *bias;
  float *output;
  Covariates covariates;
} SparseForwardArgs;

INLINE SparseForwardArgs sparse_forward_args(const Call *c) {
  return (SparseForwardArgs){
    .cells = int_arg(c, 0),
    .genes = int_arg(c, 1),
    .width = int_arg(c, 2),
    .row_start = ints_arg(c, 3),
    .gene = ints_arg(c, 4),
    .log_count = floats_arg(c, 5),
    .weight = tensor_arg(c, 6),
    .bias = tensor_arg(c, 7),
    .output = tensor_arg(c, 8),
    .covariates = covariates_arg(c, 9),
  };
}

typedef struct {
  int cells;
  int genes;
  int width;
  int32_t *gene_start;
  int32_t *cell;
  float *gene_major_log;
  float *output_gradient;
  Param weight;
  Param bias;
  Adam adam;
  Covariates covariates;
} SparseGradientArgs;

INLINE SparseGradientArgs sparse_gradient_args(const Call *c) {
  return (SparseGradientArgs){
    .cells = int_arg(c, 0),
    .genes = int_arg(c, 1),
    .width = int_arg(c, 2),
    .gene_start = ints_arg(c, 3),
    .cell = ints_arg(c, 4),
    .gene_major_log = floats_arg(c, 5),
    .output_gradient = tensor_arg(c, 6),
    .weight = param_arg(c, 7),
    .bias = param_arg(c, 11),
    .adam = adam_arg(c, 15),
    .covariates = covariates_arg(c, 22),
  };
}

typedef struct {
  Csr csr;
  int padded;
  int32_t *sources;
  int32_t *begins;
  int begin_stride;
  float *full_count;
  float *full_log;
} StageFullArgs;

INLINE StageFullArgs stage_full_args(const Call *c) {
  return (StageFullArgs){
    .csr = csr_arg(c, 0),
    .padded = int_arg(c, 6),
    .sources = ints_arg(c, 7),
    .begins = ints_arg(c, 8),
    .begin_stride = int_arg(c, 9),
    .full_count = floats_arg(c, 10),
    .full_log = floats_arg(c, 11),
  };
}

typedef struct {
  int cells;
  int padded;
  int genes;
  int width;
  float *full_log;
  int half;
  float *weight;
  float *bias;
  float *output;
  Covariates covariates;
} FullForwardArgs;

INLINE FullForwardArgs full_forward_args(const Call *c) {
  return (FullForwardArgs){
    .cells = int_arg(c, 0),
    .padded = int_arg(c, 1),
    .genes = int_arg(c, 2),
    .width = int_arg(c, 3),
    .full_log = floats_arg(c, 4),
    .half = flag_arg(c, 5),
    .weight = tensor_arg(c, 6),
    .bias = tensor_arg(c, 7),
    .output = tensor_arg(c, 8),
    .covariates = covariates_arg(c, 9),
  };
}

typedef struct {
  int cells;
  int padded;
  int genes;
  int width;
  float *full_log;
  int half;
  float *output_gradient;
  Param weight;
  Param bias;
  Adam adam;
  Covariates covariates;
} FullGradientArgs;

INLINE FullGradientArgs full_gradient_args(const Call *c) {
  return (FullGradientArgs){
    .cells = int_arg(c, 0),
    .padded = int_arg(c, 1),
    .genes = int_arg(c, 2),
    .width = int_arg(c, 3),
    .full_log = floats_arg(c, 4),
    .half = flag_arg(c, 5),
    .output_gradient = tensor_arg(c, 6),
    .weight = param_arg(c, 7),
    .bias = param_arg(c, 11),
    .adam = adam_arg(c, 15),
    .covariates = covariates_arg(c, 22),
  };
}

typedef struct {
  int cells;
  int inputs;
  int width;
  float *input;
  int input_width;
  float *weight;
  float *bias;
  float *output;
  Covariates covariates;
} LinearForwardArgs;

INLINE LinearForwardArgs linear_forward_args(const Call *c) {
  return (LinearForwardArgs){
    .cells = int_arg(c, 0),
    .inputs = int_arg(c, 1),
    .width = int_arg(c, 2),
    .input = tensor_arg(c, 3),
    .input_width = int_arg(c, 4),
    .weight = tensor_arg(c, 5),
    .bias = tensor_arg(c, 6),
    .output = tensor_arg(c, 7),
    .covariates = covariates_arg(c, 8),
  };
}

typedef struct {
  int cells;
  int inputs;
  int width;
  float *input;
  int input_width;
  float *output_gradient;
  float *weight_gradient;
  float *bias_gradient;
  Covariates covariates;
} LinearWeightGradientArgs;

INLINE LinearWeightGradientArgs linear_weight_gradient_args(const Call *c) {
  return (LinearWeightGradientArgs){
    .cells = int_arg(c, 0),
    .inputs = int_arg(c, 1),
    .width = int_arg(c, 2),
    .input = tensor_arg(c, 3),
    .input_width = int_arg(c, 4),
    .output_gradient = tensor_arg(c, 5),
    .weight_gradient = tensor_arg(c, 6),
    .bias_gradient = tensor_arg(c, 7),
    .covariates = covariates_arg(c, 8),
  };
}

typedef struct {
  int rows;
  int columns;
  float *input;
  int input_width;
  float *output;
  int output_width;
} TransposeArgs;

INLINE TransposeArgs transpose_args(const Call *c) {
  return (TransposeArgs){
    .rows = int_arg(c, 0),
    .columns = int_arg(c, 1),
    .input = tensor_arg(c, 2),
    .input_width = int_arg(c, 3),
    .output = floats_arg(c, 4),
    .output_width = int_arg(c, 5),
  };
}

typedef struct {
  int cells;
  int outputs;
  int width;
  float *output_gradient;
  float *transposed;
  float *input_gradient;
  int input_width;
  int accumulate;
} LinearInputGradientArgs;

INLINE LinearInputGradientArgs linear_input_gradient_args(const Call *c) {
  return (LinearInputGradientArgs){
    .cells = int_arg(c, 0),
    .outputs = int_arg(c, 1),
    .width = int_arg(c, 2),
    .output_gradient = tensor_arg(c, 3),
    .transposed = floats_arg(c, 4),
    .input_gradient = tensor_arg(c, 5),
    .input_width = int_arg(c, 6),
    .accumulate = flag_arg(c, 7),
  };
}

typedef struct {
  int cells;
  int width;
  float *input;
  float *scale;
  float *shift;
  float *running;
  float *output;
  float *saved;
  int training;
} BatchNormArgs;

INLINE BatchNormArgs batch_norm_args(const Call *c) {
  return (BatchNormArgs){
    .cells = int_arg(c, 0),
    .width = int_arg(c, 1),
    .input = tensor_arg(c, 2),
    .scale = tensor_arg(c, 3),
    .shift = tensor_arg(c, 4),
    .running = tensor_arg(c, 5),
    .output = tensor_arg(c, 6),
    .saved = tensor_arg(c, 7),
    .training = flag_arg(c, 8),
  };
}

typedef struct {
  int cells;
  int width;
  float *input;
  float *scale;
  float *scale_gradient;
  float *shift_gradient;
  float *saved;
  float *output_gradient;
  float *input_gradient;
} BatchNormGradientArgs;

INLINE BatchNormGradientArgs batch_norm_gradient_args(const Call *c) {
  return (BatchNormGradientArgs){
    .cells = int_arg(c, 0),
    .width = int_arg(c, 1),
    .input = tensor_arg(c, 2),
    .scale = tensor_arg(c, 3),
    .scale_gradient = tensor_arg(c, 4),
    .shift_gradient = tensor_arg(c, 5),
    .saved = tensor_arg(c, 6),
    .output_gradient = tensor_arg(c, 7),
    .input_gradient = tensor_arg(c, 8),
  };
}

typedef struct {
  int cells;
  int features;
  int width;
  float *input;
  float *output;
  float *saved;
} LayerNormArgs;

INLINE LayerNormArgs layer_norm_args(const Call *c) {
  return (LayerNormArgs){
    .cells = int_arg(c, 0),
    .features = int_arg(c, 1),
    .width = int_arg(c, 2),
    .input = tensor_arg(c, 3),
    .output = tensor_arg(c, 4),
    .saved = tensor_arg(c, 5),
  };
}

typedef struct {
  int cells;
  int features;
  int width;
  float *output;
  float *saved;
  float *output_gradient;
  float *input_gradient;
} LayerNormGradientArgs;

INLINE LayerNormGradientArgs layer_norm_gradient_args(const Call *c) {
  return (LayerNormGradientArgs){
    .cells = int_arg(c, 0),
    .features = int_arg(c, 1),
    .width = int_arg(c, 2),
    .output = tensor_arg(c, 3),
    .saved = tensor_arg(c, 4),
    .output_gradient = tensor_arg(c, 5),
    .input_gradient = tensor_arg(c, 6),
  };
}

typedef struct {
  int cells;
  int width;
  float *input;
  float *output;
  float rate;
  Noise noise;
} ReluDropoutArgs;

INLINE ReluDropoutArgs relu_dropout_args(const Call *c) {
  return (ReluDropoutArgs){
    .cells = int_arg(c, 0),
    .width = int_arg(c, 1),
    .input = tensor_arg(c, 2),
    .output = tensor_arg(c, 3),
    .rate = float_arg(c, 4),
    .noise = noise_arg(c, 5),
  };
}

typedef struct {
  int cells;
  int width;
  float *output;
  float rate;
  float *output_gradient;
  float *input_gradient;
} ReluDropoutGradientArgs;

INLINE ReluDropoutGradientArgs relu_dropout_gradient_args(const Call *c) {
  return (ReluDropoutGradientArgs){
    .cells = int_arg(c, 0),
    .width = int_arg(c, 1),
    .output = tensor_arg(c, 2),
    .rate = float_arg(c, 3),
    .output_gradient = tensor_arg(c, 4),
    .input_gradient = tensor_arg(c, 5),
  };
}

typedef struct {
  Latent latent;
} SampleLatentArgs;

INLINE SampleLatentArgs sample_latent_args(const Call *c) {
  return (SampleLatentArgs){
    .latent = latent_arg(c, 0),
  };
}

typedef struct {
  Latent latent;
  float *output_gradient;
  float kl_weight;
  float *kl_gradient;
  float *mean_gradient;
  float *raw_variance_gradient;
} SampleLatentGradientArgs;

INLINE SampleLatentGradientArgs sample_latent_gradient_args(const Call *c) {
  return (SampleLatentGradientArgs){
    .latent = latent_arg(c, 0),
    .output_gradient = tensor_arg(c, 13),
    .kl_weight = float_arg(c, 14),
    .kl_gradient = tensor_arg(c, 15),
    .mean_gradient = tensor_arg(c, 16),
    .raw_variance_gradient = tensor_arg(c, 17),
  };
}

typedef struct {
  Head head;
} HeadLogitsArgs;

INLINE HeadLogitsArgs head_logits_args(const Call *c) {
  return (HeadLogitsArgs){
    .head = head_arg(c, 0),
  };
}

typedef struct {
  Head head;
  float *log_size;
  float *size;
  float *cell_gradient;
} HeadNormaliseArgs;

INLINE HeadNormaliseArgs head_normalise_args(const Call *c) {
  return (HeadNormaliseArgs){
    .head = head_arg(c, 0),
    .log_size = tensor_arg(c, 62),
    .size = floats_arg(c, 63),
    .cell_gradient = tensor_arg(c, 64),
  };
}

typedef struct {
  Head head;
} HeadCountsNbArgs;

INLINE HeadCountsNbArgs head_counts_nb_args(const Call *c) {
  return (HeadCountsNbArgs){
    .head = head_arg(c, 0),
  };
}

typedef struct {
  Head head;
} HeadCountsZinbArgs;

INLINE HeadCountsZinbArgs head_counts_zinb_args(const Call *c) {
  return (HeadCountsZinbArgs){
    .head = head_arg(c, 0),
  };
}

typedef struct {
  Head head;
} HeadCountsPoissonArgs;

INLINE HeadCountsPoissonArgs head_counts_poisson_args(const Call *c) {
  return (HeadCountsPoissonArgs){
    .head = head_arg(c, 0),
  };
}

typedef struct {
  Head head;
  float *constant;
  float *log_likelihood;
} HeadSumArgs;

INLINE HeadSumArgs head_sum_args(const Call *c) {
  return (HeadSumArgs){
    .head = head_arg(c, 0),
    .constant = floats_arg(c, 62),
    .log_likelihood = tensor_arg(c, 63),
  };
}

typedef struct {
  Head head;
  float *hidden;
  int by_hidden;
  int frozen;
  Adam adam;
} HeadGradientArgs;

INLINE HeadGradientArgs head_gradient_args(const Call *c) {
  return (HeadGradientArgs){
    .head = head_arg(c, 0),
    .hidden = tensor_arg(c, 62),
    .by_hidden = flag_arg(c, 63),
    .frozen = flag_arg(c, 64),
    .adam = adam_arg(c, 65),
  };
}

typedef struct {
  Head head;
  float *hidden_gradient;
  float *log_size_gradient;
} HeadHiddenGradientArgs;

INLINE HeadHiddenGradientArgs head_hidden_gradient_args(const Call *c) {
  return (HeadHiddenGradientArgs){
    .head = head_arg(c, 0),
    .hidden_gradient = tensor_arg(c, 62),
    .log_size_gradient = tensor_arg(c, 63),
  };
}

typedef struct {
  Head head;
  float *logits_gradient;
  float *zero_logits_gradient;
} HeadLogitsGradientArgs;

INLINE HeadLogitsGradientArgs head_logits_gradient_args(const Call *c) {
  return (HeadLogitsGradientArgs){
    .head = head_arg(c, 0),
    .logits_gradient = tensor_arg(c, 62),
    .zero_logits_gradient = tensor_arg(c, 63),
  };
}

typedef struct {
  Head head;
  float *mean;
  int mean_width;
  float *zeros;
} HeadMeansArgs;

INLINE HeadMeansArgs head_means_args(const Call *c) {
  return (HeadMeansArgs){
    .head = head_arg(c, 0),
    .mean = tensor_arg(c, 62),
    .mean_width = int_arg(c, 63),
    .zeros = tensor_arg(c, 64),
  };
}

typedef struct {
  Decoder decoder;
  float *mean;
  int mean_width;
} DecodeGenesArgs;

INLINE DecodeGenesArgs decode_genes_args(const Call *c) {
  return (DecodeGenesArgs){
    .decoder = decoder_arg(c, 0),
    .mean = floats_arg(c, 14),
    .mean_width = int_arg(c, 15),
  };
}

typedef struct {
  Decoder decoder;
  int together;
  int32_t *groups;
  float *factor;
  int genes;
  int32_t *chosen;
  float *sums;
} AddDecodedArgs;

INLINE AddDecodedArgs add_decoded_args(const Call *c) {
  return (AddDecodedArgs){
    .decoder = decoder_arg(c, 0),
    .together = int_arg(c, 14),
    .groups = ints_arg(c, 15),
    .factor = floats_arg(c, 16),
    .genes = int_arg(c, 17),
    .chosen = ints_arg(c, 18),
    .sums = floats_arg(c, 19),
  };
}

typedef struct {
  Head head;
  float *mean;
  int mean_width;
} HeadGeneMeansArgs;

INLINE HeadGeneMeansArgs head_gene_means_args(const Call *c) {
  return (HeadGeneMeansArgs){
    .head = head_arg(c, 0),
    .mean = tensor_arg(c, 62),
    .mean_width = int_arg(c, 63),
  };
}

typedef struct {
  int kept0;
  int kept1;
  int kept2;
  int over0;
  int over1;
  int over2;
  int n_inputs;
  int32_t *inputs;
  int n_instructions;
  int32_t *instructions;
  int reduce;
  int accumulate;
  float *output;
  float *scratch;
  int scratch_stride;
} MapReduceArgs;

INLINE MapReduceArgs map_reduce_args(const Call *c) {
  return (MapReduceArgs){
    .kept0 = int_arg(c, 0),
    .kept1 = int_arg(c, 1),
    .kept2 = int_arg(c, 2),
    .over0 = int_arg(c, 3),
    .over1 = int_arg(c, 4),
    .over2 = int_arg(c, 5),
    .n_inputs = int_arg(c, 6),
    .inputs = ints_arg(c, 7),
    .n_instructions = int_arg(c, 8),
    .instructions = ints_arg(c, 9),
    .reduce = int_arg(c, 10),
    .accumulate = flag_arg(c, 11),
    .output = tensor_arg(c, 12),
    .scratch = floats_arg(c, 13),
    .scratch_stride = int_arg(c, 14),
  };
}

typedef struct {
  Param first;
  int words;
  Adam adam;
} AdamUpdateArgs;

INLINE AdamUpdateArgs adam_update_args(const Call *c) {
  return (AdamUpdateArgs){
    .first = param_arg(c, 0),
    .words = int_arg(c, 4),
    .adam = adam_arg(c, 5),
  };
}

typedef struct {
  int cells;
  float *values;
  float *sums;
  int element;
} AddSumArgs;

INLINE AddSumArgs add_sum_args(const Call *c) {
  return (AddSumArgs){
    .cells = int_arg(c, 0),
    .values = tensor_arg(c, 1),
    .sums = tensor_arg(c, 2),
    .element = int_arg(c, 3),
  };
}

typedef struct {
  int cells;
  int padded;
  int dims;
  int components;
  int32_t *owner;
  int32_t *self;
  float *cell;
  float *component;
  float *log_peak;
  float power;
  int normal;
  float *largest;
  float *total;
} MixtureDensityArgs;

INLINE MixtureDensityArgs mixture_density_args(const Call *c) {
  return (MixtureDensityArgs){
    .cells = int_arg(c, 0),
    .padded = int_arg(c, 1),
    .dims = int_arg(c, 2),
    .components = int_arg(c, 3),
    .owner = ints_arg(c, 4),
    .self = ints_arg(c, 5),
    .cell = floats_arg(c, 6),
    .component = floats_arg(c, 7),
    .log_peak = floats_arg(c, 8),
    .power = float_arg(c, 9),
    .normal = flag_arg(c, 10),
    .largest = floats_arg(c, 11),
    .total = floats_arg(c, 12),
  };
}

typedef struct {
  int cells;
  int padded;
  int genes;
  float *mean;
  float *zero_logits;
  int width;
  float *theta;
  float *nodes;
  int nodes_of_gene;
  float *expected;
  float *variance;
  int32_t *pending;
} LikelihoodMomentsArgs;

INLINE LikelihoodMomentsArgs likelihood_moments_args(const Call *c) {
  return (LikelihoodMomentsArgs){
    .cells = int_arg(c, 0),
    .padded = int_arg(c, 1),
    .genes = int_arg(c, 2),
    .mean = tensor_arg(c, 3),
    .zero_logits = tensor_arg(c, 4),
    .width = int_arg(c, 5),
    .theta = floats_arg(c, 6),
    .nodes = floats_arg(c, 7),
    .nodes_of_gene = int_arg(c, 8),
    .expected = floats_arg(c, 9),
    .variance = floats_arg(c, 10),
    .pending = ints_arg(c, 11),
  };
}

typedef struct {
  int cells;
  int genes;
  float *mean;
  float *zero_logits;
  int width;
  int first_row;
  int32_t *numbers;
  float *theta;
  int32_t *codes;
  uint32_t seed;
  uint32_t purpose;
  int32_t *gene;
  float *count;
  int32_t *entries;
} DrawCountsArgs;

INLINE DrawCountsArgs draw_counts_args(const Call *c) {
  return (DrawCountsArgs){
    .cells = int_arg(c, 0),
    .genes = int_arg(c, 1),
    .mean = tensor_arg(c, 2),
    .zero_logits = tensor_arg(c, 3),
    .width = int_arg(c, 4),
    .first_row = int_arg(c, 5),
    .numbers = ints_arg(c, 6),
    .theta = floats_arg(c, 7),
    .codes = ints_arg(c, 8),
    .seed = uint_arg(c, 9),
    .purpose = uint_arg(c, 10),
    .gene = ints_arg(c, 11),
    .count = floats_arg(c, 12),
    .entries = ints_arg(c, 13),
  };
}

typedef struct {
  int cells;
  int epoch;
  int32_t *starts;
  int32_t *others;
  float *share;
  float *from;
  float *to;
  float a;
  float b;
  float rate;
  Noise noise;
} LayoutEpochArgs;

INLINE LayoutEpochArgs layout_epoch_args(const Call *c) {
  return (LayoutEpochArgs){
    .cells = int_arg(c, 0),
    .epoch = int_arg(c, 1),
    .starts = ints_arg(c, 2),
    .others = ints_arg(c, 3),
    .share = floats_arg(c, 4),
    .from = floats_arg(c, 5),
    .to = floats_arg(c, 6),
    .a = float_arg(c, 7),
    .b = float_arg(c, 8),
    .rate = float_arg(c, 9),
    .noise = noise_arg(c, 10),
  };
}

typedef struct {
  int cells;
  int k;
  float *distances;
  float mean_distance;
  float target;
  float *strengths;
} TieStrengthsArgs;

INLINE TieStrengthsArgs tie_strengths_args(const Call *c) {
  return (TieStrengthsArgs){
    .cells = int_arg(c, 0),
    .k = int_arg(c, 1),
    .distances = floats_arg(c, 2),
    .mean_distance = float_arg(c, 3),
    .target = float_arg(c, 4),
    .strengths = floats_arg(c, 5),
  };
}

typedef struct {
  int cells;
  int dims;
  float *points;
  int32_t *order;
  int runs;
  int32_t *starts;
} HalveRunsArgs;

INLINE HalveRunsArgs halve_runs_args(const Call *c) {
  return (HalveRunsArgs){
    .cells = int_arg(c, 0),
    .dims = int_arg(c, 1),
    .points = floats_arg(c, 2),
    .order = ints_arg(c, 3),
    .runs = int_arg(c, 4),
    .starts = ints_arg(c, 5),
  };
}

typedef struct {
  int cells;
  int dims;
  int padded;
  float *points;
  int32_t *order;
  int32_t *node;
  float *leaves;
  float *boxes;
} PackLeavesArgs;

INLINE PackLeavesArgs pack_leaves_args(const Call *c) {
  return (PackLeavesArgs){
    .cells = int_arg(c, 0),
    .dims = int_arg(c, 1),
    .padded = int_arg(c, 2),
    .points = floats_arg(c, 3),
    .order = ints_arg(c, 4),
    .node = ints_arg(c, 5),
    .leaves = floats_arg(c, 6),
    .boxes = floats_arg(c, 7),
  };
}

typedef struct {
  int cells;
  int dims;
  int padded;
  int k;
  int first;
  int count;
  int32_t *order;
  int32_t *node;
  float *leaves;
  float *boxes;
  int32_t *rows;
  float *farthest;
  float *scratch;
  int scratch_stride;
} NearestCellsArgs;

INLINE NearestCellsArgs nearest_cells_args(const Call *c) {
  return (NearestCellsArgs){
    .cells = int_arg(c, 0),
    .dims = int_arg(c, 1),
    .padded = int_arg(c, 2),
    .k = int_arg(c, 3),
    .first = int_arg(c, 4),
    .count = int_arg(c, 5),
    .order = ints_arg(c, 6),
    .node = ints_arg(c, 7),
    .leaves = floats_arg(c, 8),
    .boxes = floats_arg(c, 9),
    .rows = ints_arg(c, 10),
    .farthest = floats_arg(c, 11),
    .scratch = floats_arg(c, 12),
    .scratch_stride = int_arg(c, 13),
  };
}

typedef struct {
  int points;
  float *point;
  int32_t *left_out;
  int cells;
  int padded;
  int dims;
  float *cell;
  int k;
  int32_t *rows;
  float *squared;
} NearestToPointsArgs;

INLINE NearestToPointsArgs nearest_to_points_args(const Call *c) {
  return (NearestToPointsArgs){
    .points = int_arg(c, 0),
    .point = floats_arg(c, 1),
    .left_out = ints_arg(c, 2),
    .cells = int_arg(c, 3),
    .padded = int_arg(c, 4),
    .dims = int_arg(c, 5),
    .cell = floats_arg(c, 6),
    .k = int_arg(c, 7),
    .rows = ints_arg(c, 8),
    .squared = floats_arg(c, 9),
  };
}

typedef struct {
  int cells;
  int genes;
  float *mean;
  float *zero_logits;
  int width;
  float *theta;
  int32_t *codes;
  float floor;
  int32_t *start;
  int32_t *gene;
  float *count;
  float *total;
  float *known;
} PearsonSumsArgs;

INLINE PearsonSumsArgs pearson_sums_args(const Call *c) {
  return (PearsonSumsArgs){
    .cells = int_arg(c, 0),
    .genes = int_arg(c, 1),
    .mean = tensor_arg(c, 2),
    .zero_logits = tensor_arg(c, 3),
    .width = int_arg(c, 4),
    .theta = floats_arg(c, 5),
    .codes = ints_arg(c, 6),
    .floor = float_arg(c, 7),
    .start = ints_arg(c, 8),
    .gene = ints_arg(c, 9),
    .count = floats_arg(c, 10),
    .total = floats_arg(c, 11),
    .known = floats_arg(c, 12),
  };
}

typedef struct {
  int rows;
  int genes;
  float *mean;
  int width;
  int32_t *chosen;
  int32_t *to;
  float *factor;
  float *sums;
  int sums_width;
} AddScalesArgs;

INLINE AddScalesArgs add_scales_args(const Call *c) {
  return (AddScalesArgs){
    .rows = int_arg(c, 0),
    .genes = int_arg(c, 1),
    .mean = tensor_arg(c, 2),
    .width = int_arg(c, 3),
    .chosen = ints_arg(c, 4),
    .to = ints_arg(c, 5),
    .factor = floats_arg(c, 6),
    .sums = floats_arg(c, 7),
    .sums_width = int_arg(c, 8),
  };
}

typedef struct {
  int rows;
  int columns;
  int32_t *cells;
  int32_t *draws;
  int32_t *low;
  int32_t *high;
  float *mean;
  float *variance;
  uint32_t seed;
  uint32_t purpose;
  float *drawn;
  int width;
} CellNormalsArgs;

INLINE CellNormalsArgs cell_normals_args(const Call *c) {
  return (CellNormalsArgs){
    .rows = int_arg(c, 0),
    .columns = int_arg(c, 1),
    .cells = ints_arg(c, 2),
    .draws = ints_arg(c, 3),
    .low = ints_arg(c, 4),
    .high = ints_arg(c, 5),
    .mean = floats_arg(c, 6),
    .variance = floats_arg(c, 7),
    .seed = uint_arg(c, 8),
    .purpose = uint_arg(c, 9),
    .drawn = floats_arg(c, 10),
    .width = int_arg(c, 11),
  };
}

typedef struct {
  int cells;
  int genes;
  float *sums;
  float *output;
  int output_width;
  int32_t *address;
} TurnGroupsArgs;

INLINE TurnGroupsArgs turn_groups_args(const Call *c) {
  return (TurnGroupsArgs){
    .cells = int_arg(c, 0),
    .genes = int_arg(c, 1),
    .sums = floats_arg(c, 2),
    .output = floats_arg(c, 3),
    .output_width = int_arg(c, 4),
    .address = ints_arg(c, 5),
  };
}

typedef struct {
  int rows;
  int genes;
  float *mean;
  int width;
  int32_t *chosen;
  int32_t *groups;
  float *factor;
  float *sums;
} AddGroupsArgs;

INLINE AddGroupsArgs add_groups_args(const Call *c) {
  return (AddGroupsArgs){
    .rows = int_arg(c, 0),
    .genes = int_arg(c, 1),
    .mean = tensor_arg(c, 2),
    .width = int_arg(c, 3),
    .chosen = ints_arg(c, 4),
    .groups = ints_arg(c, 5),
    .factor = floats_arg(c, 6),
    .sums = floats_arg(c, 7),
  };
}

typedef struct {
  int rows;
  int columns;
  float *input;
  int input_width;
  float *output;
  int output_width;
} TurnRowsArgs;

INLINE TurnRowsArgs turn_rows_args(const Call *c) {
  return (TurnRowsArgs){
    .rows = int_arg(c, 0),
    .columns = int_arg(c, 1),
    .input = floats_arg(c, 2),
    .input_width = int_arg(c, 3),
    .output = floats_arg(c, 4),
    .output_width = int_arg(c, 5),
  };
}

typedef struct {
  int rows;
  int first_gene;
  int genes;
  float *mean;
  int width;
  float *scales;
  int stride;
  int first_pair;
} KeepScalesArgs;

INLINE KeepScalesArgs keep_scales_args(const Call *c) {
  return (KeepScalesArgs){
    .rows = int_arg(c, 0),
    .first_gene = int_arg(c, 1),
    .genes = int_arg(c, 2),
    .mean = tensor_arg(c, 3),
    .width = int_arg(c, 4),
    .scales = floats_arg(c, 5),
    .stride = int_arg(c, 6),
    .first_pair = int_arg(c, 7),
  };
}

typedef struct {
  int rows;
  int genes;
  float *mean;
  int width;
  float *largest;
} RaiseLargestArgs;

INLINE RaiseLargestArgs raise_largest_args(const Call *c) {
  return (RaiseLargestArgs){
    .rows = int_arg(c, 0),
    .genes = int_arg(c, 1),
    .mean = tensor_arg(c, 2),
    .width = int_arg(c, 3),
    .largest = floats_arg(c, 4),
  };
}

typedef struct {
  int genes;
  int pairs;
  int stride;
  float *first;
  float *second;
  int second_stride;
  int32_t *order;
  float pseudocount;
  float least_pseudocount;
  float delta;
  int span;
  float *effects;
  float *scratch;
  int scratch_stride;
} PairEffectsArgs;

INLINE PairEffectsArgs pair_effects_args(const Call *c) {
  return (PairEffectsArgs){
    .genes = int_arg(c, 0),
    .pairs = int_arg(c, 1),
    .stride = int_arg(c, 2),
    .first = floats_arg(c, 3),
    .second = floats_arg(c, 4),
    .second_stride = int_arg(c, 5),
    .order = ints_arg(c, 6),
    .pseudocount = float_arg(c, 7),
    .least_pseudocount = float_arg(c, 8),
    .delta = float_arg(c, 9),
    .span = int_arg(c, 10),
    .effects = floats_arg(c, 11),
    .scratch = floats_arg(c, 12),
    .scratch_stride = int_arg(c, 13),
  };
}

typedef struct {
  int dims;
  int classes;
  int first;
  int count;
  int32_t *sizes;
  int32_t *tile_starts;
  float *tiles;
  int32_t *places;
  float *sums;
} ClassDistancesArgs;

INLINE ClassDistancesArgs class_distances_args(const Call *c) {
  return (ClassDistancesArgs){
    .dims = int_arg(c, 0),
    .classes = int_arg(c, 1),
    .first = int_arg(c, 2),
    .count = int_arg(c, 3),
    .sizes = ints_arg(c, 4),
    .tile_starts = ints_arg(c, 5),
    .tiles = floats_arg(c, 6),
    .places = ints_arg(c, 7),
    .sums = floats_arg(c, 8),
  };
}

typedef struct {
  int rows;
  int genes;
  float *mean;
  int mean_width;
  int32_t *chosen;
  float *theta;
  int32_t *codes;
  int32_t *numbers;
  uint32_t seed;
  uint32_t purpose;
  float *values;
  int width;
} DrawGammasArgs;

INLINE DrawGammasArgs draw_gammas_args(const Call *c) {
  return (DrawGammasArgs){
    .rows = int_arg(c, 0),
    .genes = int_arg(c, 1),
    .mean = tensor_arg(c, 2),
    .mean_width = int_arg(c, 3),
    .chosen = ints_arg(c, 4),
    .theta = floats_arg(c, 5),
    .codes = ints_arg(c, 6),
    .numbers = ints_arg(c, 7),
    .seed = uint_arg(c, 8),
    .purpose = uint_arg(c, 9),
    .values = floats_arg(c, 10),
    .width = int_arg(c, 11),
  };
}

typedef struct {
  int rows;
  int genes;
  float *values;
  int width;
  float *products;
} GeneProductsArgs;

INLINE GeneProductsArgs gene_products_args(const Call *c) {
  return (GeneProductsArgs){
    .rows = int_arg(c, 0),
    .genes = int_arg(c, 1),
    .values = floats_arg(c, 2),
    .width = int_arg(c, 3),
    .products = floats_arg(c, 4),
  };
}

typedef struct {
  int nodes;
  int32_t *starts;
  int32_t *targets;
  double *weights;
  double *block;
  float factor;
  double *before;
  double *out;
} GraphTimesBlockArgs;

INLINE GraphTimesBlockArgs graph_times_block_args(const Call *c) {
  return (GraphTimesBlockArgs){
    .nodes = int_arg(c, 0),
    .starts = ints_arg(c, 1),
    .targets = ints_arg(c, 2),
    .weights = doubles_arg(c, 3),
    .block = doubles_arg(c, 4),
    .factor = float_arg(c, 5),
    .before = doubles_arg(c, 6),
    .out = doubles_arg(c, 7),
  };
}

typedef struct {
  int rows;
  int blocks;
  double *vectors;
  double *block;
  double *products;
} BlockProductsArgs;

INLINE BlockProductsArgs block_products_args(const Call *c) {
  return (BlockProductsArgs){
    .rows = int_arg(c, 0),
    .blocks = int_arg(c, 1),
    .vectors = doubles_arg(c, 2),
    .block = doubles_arg(c, 3),
    .products = doubles_arg(c, 4),
  };
}

typedef struct {
  int rows;
  int blocks;
  double *vectors;
  double *factors;
  double *from;
  double *to;
} AddBlocksArgs;

INLINE AddBlocksArgs add_blocks_args(const Call *c) {
  return (AddBlocksArgs){
    .rows = int_arg(c, 0),
    .blocks = int_arg(c, 1),
    .vectors = doubles_arg(c, 2),
    .factors = doubles_arg(c, 3),
    .from = doubles_arg(c, 4),
    .to = doubles_arg(c, 5),
  };
}

#define EACH_KERNEL(CALL) \
  CALL(0, stage_rows) \
  CALL(1, stage_genes) \
  CALL(2, sparse_forward) \
  CALL(3, sparse_gradient) \
  CALL(4, stage_full) \
  CALL(5, full_forward) \
  CALL(6, full_gradient) \
  CALL(7, linear_forward) \
  CALL(8, linear_weight_gradient) \
  CALL(9, transpose) \
  CALL(10, linear_input_gradient) \
  CALL(11, batch_norm) \
  CALL(12, batch_norm_gradient) \
  CALL(13, layer_norm) \
  CALL(14, layer_norm_gradient) \
  CALL(15, relu_dropout) \
  CALL(16, relu_dropout_gradient) \
  CALL(17, sample_latent) \
  CALL(18, sample_latent_gradient) \
  CALL(19, head_logits) \
  CALL(20, head_normalise) \
  CALL(21, head_counts_nb) \
  CALL(22, head_counts_zinb) \
  CALL(23, head_counts_poisson) \
  CALL(24, head_sum) \
  CALL(25, head_gradient) \
  CALL(26, head_hidden_gradient) \
  CALL(27, head_logits_gradient) \
  CALL(28, head_means) \
  CALL(29, decode_genes) \
  CALL(30, add_decoded) \
  CALL(31, head_gene_means) \
  CALL(32, map_reduce) \
  CALL(33, adam_update) \
  CALL(34, add_sum) \
  CALL(35, mixture_density) \
  CALL(36, likelihood_moments) \
  CALL(37, draw_counts) \
  CALL(38, layout_epoch) \
  CALL(39, tie_strengths) \
  CALL(40, halve_runs) \
  CALL(41, pack_leaves) \
  CALL(42, nearest_cells) \
  CALL(43, nearest_to_points) \
  CALL(44, pearson_sums) \
  CALL(45, add_scales) \
  CALL(46, cell_normals) \
  CALL(47, turn_groups) \
  CALL(48, add_groups) \
  CALL(49, turn_rows) \
  CALL(50, keep_scales) \
  CALL(51, raise_largest) \
  CALL(52, pair_effects) \
  CALL(53, class_distances) \
  CALL(54, draw_gammas) \
  CALL(55, gene_products) \
  CALL(56, graph_times_block) \
  CALL(57, block_products) \
  CALL(58, add_blocks)

#endif
