import type { Metrics } from '../fit/metrics.js'

/** A property of a JSON schema, with what it means and in which unit. */
type Property = Readonly<Record<string, unknown>> & { readonly description: string }

const described = (schema: Readonly<Record<string, unknown>>, description: string): Property => ({
  ...schema,
  description,
})
const text = (description: string) => described({ type: 'string' }, description)
const textOrNull = (description: string) => described({ type: ['string', 'null'] }, description)
const number = (description: string) => described({ type: 'number' }, description)
const positive = (description: string) => described({ type: 'number', minimum: 0 }, description)
const numberOrNull = (description: string) => described({ type: ['number', 'null'] }, description)
const whole = (description: string) => described({ type: 'integer', minimum: 0 }, description)
const wholeOrNull = (description: string) => described({ type: ['integer', 'null'], minimum: 0 }, description)
const flag = (description: string) => described({ type: 'boolean' }, description)
const numbers = (description: string) => described({ type: 'array', items: { type: 'number' } }, description)
const texts = (description: string) => described({ type: 'array', items: { type: 'string' } }, description)

/** Every figure of `PREFIX_metrics.json`; its names stay, and what a later version adds stands beside them. */
const PROPERTIES: Readonly<Record<keyof Metrics, Property>> = {
  tool: described({ const: 'scvae' }, 'The program.'),
  version: text('Version of the program.'),
  command: text('The command as a shell takes it.'),
  input: text('Path of the file, the first of several or their sheet.'),
  counts_source: text('The matrix that the counts are from, such as X or layers/counts.'),
  mask_source: textOrNull('What says which counts are missing; null where none are.'),
  n_cells: whole('Cells of the input.'),
  n_cells_fitted: whole('Cells that were fitted.'),
  n_genes: whole('Genes of the input.'),
  n_genes_fitted: whole('Genes that were fitted.'),
  nonzeros: whole('Counts above zero of the fitted cells and genes.'),
  n_missing: whole('Counts of the fitted cells and genes that are missing.'),
  device: text('What computed.'),
  kernels: text('Build of the kernels.'),
  kernels_id: textOrNull("Start of the SHA-256 of the kernels' file; null on devices other than the CPU."),
  threads: whole('CPU threads.'),
  seed: whole('Seed of everything random.'),
  epochs: whole('Passes over the training cells that were made.'),
  max_epochs: whole('Passes that would have been made without early stopping.'),
  batch_size: whole('Cells of a minibatch.'),
  learning_rate: positive('Step size of Adam at the start.'),
  stopped_early: flag('Whether early stopping ended the training.'),
  best_epoch: wholeOrNull('Epoch whose weights were kept; null where none were held out.'),
  heldout_elbo: numberOrNull('Minus the ELBO of the held-out cells, in nats a cell: lower is better.'),
  train_cells_per_second: positive('Cells trained on in a second, over all epochs.'),
  n_outliers: whole('Cells that were flagged as outliers.'),
  outlier_reasons: described(
    { type: 'object', additionalProperties: { type: 'integer', minimum: 0 } },
    'Flagged cells of each reason.',
  ),
  outlier_alpha: number('False discovery rate at which they were.'),
  peak_memory_bytes: whole('Most memory that the process held, in bytes.'),
  seconds: positive('Time of the whole run, in seconds.'),
  timings: described(
    { type: 'object', additionalProperties: { type: 'number', minimum: 0 } },
    'Time of each phase, in seconds.',
  ),
  model: described(
    { type: 'object' },
    'Settings of the model, by the names of the options with underscores.',
  ),
  training: described({ type: 'object' }, 'Settings of the training, likewise.'),
  batch_key: textOrNull('Column of obs that holds the batch; null for none.'),
  categorical_covariates: texts('Columns of obs with further categorical covariates.'),
  continuous_covariates: texts('Columns of obs with continuous covariates.'),
  size_factor_key: textOrNull('Column of obs with a size factor; null for none.'),
  subset: texts('COLUMN=VALUE of the cells that were taken; empty for all.'),
  umap_backend: textOrNull('What laid out the UMAP; null for none.'),
  clusters: described(
    {
      type: 'array',
      items: {
        type: 'object',
        required: ['column', 'resolution', 'n_clusters', 'modularity'],
        properties: {
          column: text('Column of obs with the clusters.'),
          resolution: positive('Resolution that was asked for.'),
          n_clusters: whole('Clusters that were found.'),
          modularity: number('Modularity, its null model times the resolution.'),
        },
      },
    },
    'Leiden clusters, of each resolution.',
  ),
  latent: described(
    {
      type: 'object',
      required: ['active', 'variance', 'kl', 'information_bound'],
      properties: {
        active: whole('Dimensions whose posterior means have a variance above 0.01.'),
        variance: numbers('Variance of the posterior means over the cells, a dimension.'),
        kl: numbers('Mean divergence of the posteriors from the standard normal, a dimension, in nats.'),
        information_bound: numbers('What a dimension can tell of a cell at the most, in nats.'),
      },
    },
    'What the dimensions of the latent are used for, as in PREFIX_diagnose.json.',
  ),
  stability: described(
    {
      type: ['object', 'null'],
      required: [
        'kept_seed',
        'seeds',
        'shared_neighbors',
        'shared_neighbors_error',
        'cluster_reproducibility',
        'verdict',
      ],
      properties: {
        kept_seed: whole('Seed of the fit that was kept.'),
        seeds: described(
          {
            type: 'array',
            items: {
              type: 'object',
              properties: {
                seed: whole('Seed of the fit.'),
                bound: number(
                  'Importance-weighted bound of held-out cells, in nats a cell: higher is better.',
                ),
                bound_error: positive('Its standard error over the cells.'),
                n_bound_cells: whole('Cells behind it.'),
                heldout_elbo: numberOrNull('Minus the ELBO of the held-out cells, in nats a cell.'),
                epochs: whole('Passes over the training cells.'),
                best_epoch: whole('Epoch whose weights were kept.'),
              },
            },
          },
          'The fits.',
        ),
        shared_neighbors: positive(
          "Share of a cell's 15 nearest neighbours that all fits agree on, mean over the cells.",
        ),
        shared_neighbors_error: positive('Its standard error over the cells.'),
        cluster_reproducibility: described(
          { type: ['array', 'null'], items: { type: 'number', minimum: 0, maximum: 1 } },
          'Of each cluster at the first resolution, the best Jaccard index with a cluster of another fit, mean over these.',
        ),
        verdict: text('What it means, in a sentence.'),
      },
    },
    'What fits of several seeds agree on; null where there was one.',
  ),
  warnings: texts('Warnings of the run, a sentence each.'),
  warning_details: described(
    {
      type: 'array',
      items: {
        type: 'object',
        required: ['what'],
        properties: {
          what: text('What is the matter.'),
          why: text('What it was told by, or what it means.'),
          measure: text('What was measured, where a number told it.'),
          value: number('That number.'),
          threshold: number('What it was held to, in the same unit.'),
          advice: text('What to do.'),
        },
      },
    },
    'The same warnings in their parts, in the same order; what is not known of one is left out.',
  ),
}

/** The JSON schema (draft 2020-12) of `PREFIX_metrics.json`. */
export const METRICS_SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Figures of a run of scvae fit',
  description: 'PREFIX_metrics.json. Every name is there in every run; later versions only add names.',
  type: 'object',
  required: Object.keys(PROPERTIES),
  properties: PROPERTIES,
} as const
