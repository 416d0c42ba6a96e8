import { existsSync, mkdtempSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ScvaeError } from '../errors.js'
import { type FigureKind, figurePaths } from './report/figures.js'

/** The files of one `scvae fit`, all named from one prefix. */
export interface Outputs {
  prefix: string
  /** `PREFIX.h5ad`, or `PREFIX.h5mu` of a MuData file; undefined where each input has its own. */
  h5ad?: string
  /** Of each of several inputs, in their order. */
  split?: readonly string[]
  model: string
  latent: string
  metrics: string
  report: string
  /** The settings, as `--config` takes them. */
  run: string
  log: string
  parquet?: string
  latentCsv?: string
  scoresCsv?: string
  /** Of a linear decoder. */
  loadings?: string
  /** The report's main figures. */
  figures?: readonly string[]
  /** A row of a table for MultiQC, and the versions that it lists. */
  multiqc?: string
  multiqcVersions?: string
  /** Kept while training runs and after an interruption; taken away once all the rest is written. */
  checkpoint: string
}

export interface OutputOptions {
  output?: string | undefined
  csv: boolean
  /** Whether the input holds several modalities. */
  mudata?: boolean
  parquet?: boolean
  multiqc?: boolean
  figures?: readonly FigureKind[]
  /** What the outputs of several inputs are called, where each has its own; with their endings. */
  split?: readonly string[] | undefined
  /** Whether there are gene loadings to write. */
  loadings?: boolean
  overwrite: boolean
  resume: boolean
}

/**
 * Checks, before any long work, that outputs replace nothing that they should not.
 *
 * @throws ScvaeError `usage` when an output exists, or would be the input itself
 */
export function checkOutputs(
  outputs: Outputs,
  input: string,
  options: Pick<OutputOptions, 'overwrite' | 'resume'>,
): void {
  const same = cellFiles(outputs).find((path) => sameFile(path, input))
  if (same !== undefined) {
    throw new ScvaeError('usage', `"${same}" is the input file, which is never written to.`, {
      hint: 'Choose another prefix with -o.',
    })
  }
  if (options.resume) {
    if (!existsSync(outputs.checkpoint)) {
      throw new ScvaeError('usage', `There is no checkpoint "${outputs.checkpoint}" to resume from.`, {
        hint: 'Leave out --resume to start anew, or give the -o of the run that was interrupted.',
      })
    }
  }
  if (options.overwrite) return
  // a run that is resumed goes on with its own log and checkpoint
  const own = options.resume ? [outputs.log, outputs.checkpoint] : []
  if (!options.resume && existsSync(outputs.checkpoint)) {
    throw new ScvaeError('usage', `"${outputs.checkpoint}" exists already, from a run that did not finish.`, {
      hint: 'Use --resume to go on from it, or --overwrite to start anew.',
    })
  }
  const present = outputPaths(outputs).find((path) => !own.includes(path) && existsSync(path))
  if (present !== undefined) {
    throw new ScvaeError('usage', `"${present}" exists already.`, {
      hint: 'Use --overwrite to replace it, or another prefix with -o.',
    })
  }
}

/**
 * Names the outputs of a run.
 *
 * @throws ScvaeError `usage` for a prefix that names no file
 */
export function nameOutputs(input: string, options: OutputOptions): Outputs {
  const ending = options.mudata ? 'h5mu' : 'h5ad'
  let prefix = options.output?.replace(/\.h5(ad|mu)$/, '')
  if (prefix !== undefined && (prefix === '' || prefix.endsWith('/'))) {
    throw new ScvaeError('usage', `-o "${options.output}" names no file.`, {
      hint: 'Give a folder and the beginning of a name, such as results/pbmc.',
    })
  }
  if (prefix === undefined) {
    // of matrix.mtx.gz and pbmc.zarr.zip both endings
    prefix = basename(resolve(input)).replace(/(\.(mtx|zarr))?\.(gz|zip)$|\.[^.]+$/, '')
    if (sameFile(`${prefix}.${ending}`, input)) prefix = `${prefix}_scvae`
  }
  const csv = options.csv ? { latentCsv: `${prefix}_latent.csv`, scoresCsv: `${prefix}_scores.csv` } : {}
  return {
    prefix,
    ...(options.split
      ? { split: options.split.map((name) => `${prefix}_${name}`) }
      : { h5ad: `${prefix}.${ending}` }),
    model: `${prefix}.model`,
    latent: `${prefix}_latent.arrow`,
    metrics: `${prefix}_metrics.json`,
    report: `${prefix}_report.html`,
    run: `${prefix}_run.yaml`,
    log: `${prefix}.log`,
    ...(options.parquet && { parquet: `${prefix}_latent.parquet` }),
    ...csv,
    ...(options.multiqc && {
      multiqc: `${prefix}_scvae_mqc.json`,
      multiqcVersions: `${prefix}_mqc_versions.yml`,
    }),
    ...(options.figures?.length && { figures: figurePaths(prefix, options.figures) }),
    ...(options.loadings && { loadings: `${prefix}_loadings.csv` }),
    checkpoint: `${prefix}.checkpoint`,
  }
}

/** Every path that a run writes to. */
export function outputPaths(outputs: Outputs): string[] {
  return Object.entries(outputs)
    .filter(([key]) => key !== 'prefix')
    .flatMap(([, path]) => path as string | readonly string[])
}

/** The files that hold the cells with what was found of them. */
export function cellFiles({ h5ad, split = [] }: Outputs): readonly string[] {
  return h5ad === undefined ? split : [h5ad]
}

/** Whether two paths lead to one file, or would. */
export function sameFile(path: string, other: string): boolean {
  if (!existsSync(path) || !existsSync(other)) return resolve(path) === resolve(other)
  return realpathSync(path) === realpathSync(other)
}

/**
 * A hidden folder beside the outputs in which they are all written, so that they appear together or not at all.
 */
export class Staging {
  readonly #outputs: Outputs
  readonly #folder: string

  constructor(outputs: Outputs) {
    this.#outputs = outputs
    const target = resolve(outputs.prefix)
    this.#folder = mkdtempSync(join(dirname(target), `.${basename(target)}.partial-`))
  }

  /** Where an output is written until {@link Staging.publish}. */
  path(output: string): string {
    return join(this.#folder, basename(output))
  }

  /** Renames everything that was staged to its place, and takes the checkpoint away. */
  publish(): void {
    const { log, checkpoint } = this.#outputs
    for (const output of outputPaths(this.#outputs)) {
      if (output === log || output === checkpoint) continue
      if (output === this.#outputs.model) this.publishModel()
      else if (existsSync(this.path(output))) renameSync(this.path(output), output)
    }
    rmSync(checkpoint, { recursive: true, force: true })
    this.discard()
  }

  /** Renames the model's folder alone to its place. */
  publishModel(): void {
    const { model } = this.#outputs
    if (!existsSync(this.path(model))) return
    // a folder cannot be renamed over another
    rmSync(model, { recursive: true, force: true })
    renameSync(this.path(model), model)
  }

  discard(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
