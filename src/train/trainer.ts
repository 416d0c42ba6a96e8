import type { CellSource, Minibatch, Precision } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import { type Progress, readCheckpoint, writeCheckpoint } from '../files/checkpoint.js'
import type { EpochRecord } from '../files/epoch-record.js'
import { termName } from '../network/model-graph.js'
import type { LossSums, Network } from '../network/network.js'
import type { NetworkState } from '../network/parameters.js'
import { TrainingDiverged } from './diverged.js'
import { splitSeedOf, type TrainOptions } from './options.js'
import { precisionOn } from './precision.js'
import {
  epochsFor,
  type KlSchedule,
  klSchedule,
  LearningRatePlateau,
  type Minibatches,
  minibatchesFor,
  validationInterval,
} from './schedule.js'
import { epochOrder, FEWEST_CELLS, minibatchBounds, type Split, splitCells } from './split.js'

/** What a caller may hook into a run. */
export interface TrainHooks {
  /** After each epoch. */
  onEpoch?: (record: EpochRecord, totalEpochs: number) => void
  /** Ends the run after the minibatch under way, with a checkpoint. */
  signal?: AbortSignal
  /** Where checkpoints go, and the seconds between two of them (60 when left out). */
  checkpoint?: { directory: string; everySeconds?: number }
  /** Folder of the checkpoint to go on from. */
  resume?: string
}

/** What a run leaves behind. ELBO values are minus the ELBO per cell, in nats: lower is better. */
export interface TrainSummary {
  epochs: number
  maxEpochs: number
  warmupEpochs: number
  /** Cells of a minibatch. */
  batchSize: number
  /** Step size of Adam at the start. */
  learningRate: number
  stoppedEarly: boolean
  /** Epoch (from 1) whose weights the model has now. */
  bestEpoch: number
  history: EpochRecord[]
  /** What the further terms of the loss were in that epoch; absent where there are none. */
  terms?: Readonly<Record<string, number>>
  /** Of the weights that were kept; absent where nothing was held out. */
  heldoutElbo?: number
  /** Cells trained on each second, over the epochs, validation and checkpoints left out. */
  trainCellsPerSecond: number
  seconds: number
  split: Split
}

/** Options with the minibatches that were chosen for the cells, and the precision for the device. */
type ChosenOptions = TrainOptions & Minibatches & { precision: Precision }

/** The KL weights, steps and noise of validation never meet those of training: its steps count from here. */
const VALIDATION_STEP = 0x80000000
const YIELD_MILLISECONDS = 50
const NO_SUMS: LossSums = {}

/** One training run of a network over the cells of a source. */
export class Trainer {
  readonly #network: Network
  readonly #options: ChosenOptions
  readonly #hooks: TrainHooks
  readonly #split: Split
  readonly #epochs: number
  readonly #kl: KlSchedule
  readonly #interval: number
  readonly #fingerprint: string
  readonly #source: CellSource
  readonly #plateau: LearningRatePlateau
  #progress: Progress
  #bestState: NetworkState | undefined
  /** Finite weights to fall back on until there are best ones. */
  #goodWeights: { epoch: number; state: NetworkState } | undefined
  /** When signals were last let in. */
  #yielded = 0
  #trainedCells = 0
  #trainMilliseconds = 0

  constructor(network: Network, source: CellSource, options: TrainOptions, hooks: TrainHooks = {}) {
    const split = splitCells(source.nCells, options.trainSize, splitSeedOf(options), source.categorical[0])
    if (split.train.length < FEWEST_CELLS) {
      throw new ScvaeError(
        'bad-input',
        `${source.nCells} cells are too few to train on: at least 4 with counts are needed.`,
      )
    }
    if (options.earlyStopping && split.heldout.length === 0 && options.trainSize === 1) {
      throw new ScvaeError('usage', 'Early stopping needs held-out cells, but the train size is 1.', {
        hint: 'Use --no-early-stopping or a smaller --train-size.',
      })
    }
    const { batchSize, learningRate } = minibatchesFor(source.nCells, options)
    this.#network = network
    this.#source = source
    const precision = precisionOn(network.device, options.precision)
    this.#options = { ...options, batchSize, learningRate, precision }
    this.#hooks = hooks
    this.#split = split
    this.#epochs = epochsFor(source.nCells, options.maxEpochs)
    this.#kl = klSchedule(this.#epochs, options)
    this.#interval = validationInterval(this.#epochs, options.validateEvery)
    this.#fingerprint = JSON.stringify([
      this.#options,
      network.config,
      network.model.terms,
      network.shape,
      source.nCells,
      source.size.slice(0, 1000),
      ...(source.counts.missing ? ['missing'] : []),
    ])
    this.#plateau = new LearningRatePlateau(learningRate)
    this.#progress = {
      epoch: 0,
      minibatch: 0,
      step: 0,
      learningRate,
      sums: NO_SUMS,
      history: [],
      best: undefined,
      plateau: { best: null, bestEpoch: 0 },
      seconds: 0,
    }
  }

  /**
   * Trains to the end, to an early stop, or to an interruption.
   *
   * @throws ScvaeError (interrupted) after a signal, with a checkpoint written where asked for; (failed) on a loss that is not a
   *   number or diverges, with the last good weights put back.
   */
  async run(): Promise<TrainSummary> {
    const batch = await this.#network.minibatch(this.#source)
    try {
      return await this.#train(batch)
    } finally {
      this.#network.releaseMinibatch(batch)
    }
  }

  async #train(batch: Minibatch): Promise<TrainSummary> {
    if (this.#hooks.resume) this.#restore(this.#hooks.resume)
    // the step counts from 1, so the moments of an earlier run would be corrected twice
    else this.#network.parameters.resetMoments()
    await this.#keepGood()
    if (!this.#goodWeights && !this.#bestState) {
      throw new ScvaeError('bad-input', 'The checkpoint holds weights that are not finite numbers.', {
        hint: 'Start without --resume.',
      })
    }
    const { batchSize, precision } = this.#options
    await this.#network.prepare(batch, Math.min(batchSize, this.#split.train.length), precision)
    const started = performance.now()
    this.#yielded = started
    const before = this.#progress.seconds
    let saved = started
    let stoppedEarly = false
    const everySeconds = this.#hooks.checkpoint?.everySeconds ?? 60
    while (this.#progress.epoch < this.#epochs && !stoppedEarly) {
      const epochStarted = performance.now()
      await this.#trainEpoch(batch, () => {
        this.#progress.seconds = before + (performance.now() - started) / 1000
      })
      stoppedEarly = await this.#finishEpoch(batch, epochStarted)
      this.#progress.seconds = before + (performance.now() - started) / 1000
      // a run that has stopped is not to be gone on with
      if (this.#hooks.checkpoint && !stoppedEarly && performance.now() - saved > everySeconds * 1000) {
        await this.#save()
        saved = performance.now()
      }
    }
    return this.#summary(stoppedEarly)
  }

  /** The epoch's minibatches from where the run stands. */
  async #trainEpoch(batch: Minibatch, tick: () => void): Promise<void> {
    const { seed, batchSize, precision } = this.#options
    const progress = this.#progress
    const order = epochOrder(this.#split.train, seed, progress.epoch)
    const bounds = minibatchBounds(order.length, batchSize)
    const weight = this.#kl.weight(progress.epoch) * this.#network.config.beta
    const cellsOf = (minibatch: number) =>
      minibatch < bounds.length - 1 ? order.subarray(bounds[minibatch], bounds[minibatch + 1]) : undefined
    let next = cellsOf(progress.minibatch)
    let loading = this.#fetch(batch, next)
    const started = performance.now()
    for (; progress.minibatch < bounds.length - 1; progress.minibatch++) {
      if (performance.now() - this.#yielded > YIELD_MILLISECONDS) {
        // lets signals in, and the device catch up
        await this.#network.settle()
        await new Promise((resolve) => setImmediate(resolve))
        this.#yielded = performance.now()
      }
      if (this.#hooks.signal?.aborted) {
        tick()
        await this.#interrupt()
      }
      const cells = next!
      await loading
      this.#network.gather(batch, cells)
      // the next minibatch is fetched while this one computes
      next = cellsOf(progress.minibatch + 1)
      loading = this.#fetch(batch, next)
      progress.step++
      const adam = {
        learningRate: progress.learningRate,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: this.#options.adamEpsilon,
        weightDecay: this.#options.weightDecay,
        step: progress.step,
      }
      this.#network.trainStep(batch, { seed, step: progress.step, klWeight: weight, adam, precision })
      this.#trainedCells += cells.length
    }
    await this.#network.settle()
    this.#trainMilliseconds += performance.now() - started
  }

  /** Has the counts of a minibatch fetched; a failure is heard of when they are waited for. */
  #fetch(batch: Minibatch, cells: Int32Array | undefined): void | Promise<void> {
    const loading = cells && this.#network.load(batch, cells)
    loading?.catch(() => {})
    return loading
  }

  async #interrupt(): Promise<never> {
    // the epoch's sums so far travel with the checkpoint
    const sums = await this.#network.takeSums()
    this.#progress.sums = addSums(this.#progress.sums, sums)
    const { checkpoint } = this.#hooks
    if (checkpoint) await this.#save()
    const place = `in epoch ${this.#progress.epoch + 1} of ${this.#epochs}`
    throw new ScvaeError('interrupted', `Training was interrupted ${place}.`, {
      hint: checkpoint ? 'Run the same command with --resume to go on.' : 'No checkpoint was asked for.',
    })
  }

  /** Records the epoch, validates, keeps the best weights; says whether to stop. */
  async #finishEpoch(batch: Minibatch, started: number): Promise<boolean> {
    const progress = this.#progress
    const { epoch } = progress
    const sums = addSums(progress.sums, await this.#network.takeSums())
    progress.sums = NO_SUMS
    const trained = perCell(sums, this.#split.train.length)
    const last = epoch === this.#epochs - 1
    const due = last || (epoch + 1) % this.#interval === 0
    const validate = this.#split.heldout.length > 0 && due
    const heldout = validate ? await this.#validate(batch) : undefined
    this.#checkFinite(trained, heldout)
    const record: EpochRecord = {
      epoch: epoch + 1,
      trainElbo: trained.elbo,
      trainReconstruction: trained.reconstruction,
      trainKl: trained.kl,
      klWeight: this.#kl.weight(epoch) * this.#network.config.beta,
      learningRate: progress.learningRate,
      ...(trained.terms && { terms: trained.terms }),
      ...(heldout && {
        heldoutElbo: heldout.elbo,
        heldoutReconstruction: heldout.reconstruction,
        heldoutKl: heldout.kl,
      }),
      seconds: (performance.now() - started) / 1000,
    }
    progress.history.push(record)
    progress.epoch++
    progress.minibatch = 0
    this.#hooks.onEpoch?.(record, this.#epochs)
    if (due) await this.#keepGood()
    if (!heldout) return false
    // before the KL term has its whole weight for good, a better ELBO is not yet a better model
    const warm = epoch >= this.#kl.warmup || last
    if (!warm) return false
    if (!progress.best || heldout.elbo < progress.best.elbo) {
      progress.best = { epoch: epoch + 1, elbo: heldout.elbo }
      // the good weights have just been taken, unless these are not finite
      const good = this.#goodWeights?.epoch === progress.epoch ? this.#goodWeights.state : undefined
      if (this.#options.keepBest) this.#bestState = good ?? (await this.#network.state())
    }
    if (this.#options.reduceLearningRate) progress.learningRate = this.#plateau.update(epoch, heldout.elbo)
    return this.#options.earlyStopping && !last && epoch + 1 - progress.best.epoch >= this.#options.patience
  }

  async #validate(batch: Minibatch): Promise<PerCell> {
    const { heldout } = this.#split
    const { capacity } = this.#network
    for (let at = 0, i = 0; at < heldout.length; at += capacity, i++) {
      const cells = heldout.subarray(at, at + capacity)
      await this.#network.load(batch, cells)
      this.#network.gather(batch, cells)
      // the same noise each time, so that two epochs differ by their weights alone
      this.#network.evaluate(batch, { seed: this.#options.seed, step: VALIDATION_STEP + i })
    }
    return perCell(await this.#network.takeSums(), heldout.length)
  }

  /** Stops on a loss that is no number or has left all bounds, with the last good weights put back. */
  #checkFinite(...losses: (PerCell | undefined)[]): void {
    const first = this.#progress.history[0]
    const bound = first ? 1e3 * (Math.abs(first.trainElbo) + 1) : Number.POSITIVE_INFINITY
    const bad = losses.find((loss) => loss && !(Math.abs(loss.elbo) < bound))?.elbo
    const weighted = this.#network.model.terms?.filter(({ weight }) => weight !== 0) ?? []
    const odd = weighted.find(({ name }) =>
      losses.some((loss) => loss && !Number.isFinite(loss.terms![name])),
    )
    if (bad === undefined && !odd) return
    const good = this.#bestState
      ? { epoch: this.#progress.best!.epoch, state: this.#bestState }
      : this.#goodWeights!
    this.#network.setState(good.state)
    const what =
      bad !== undefined && Number.isFinite(bad)
        ? `diverged (${bad.toExponential(1)} a cell)`
        : 'is not a number any more'
    const term = odd
      ? `Look for divisions by 0 and for logs and roots of 0 in the term "${odd.name}", which is no number. Else halve`
      : 'Halve'
    const kept = good.epoch ? `The weights of epoch ${good.epoch}` : 'The starting weights'
    throw new TrainingDiverged(
      `The training loss ${what} in epoch ${this.#progress.epoch + 1}. ${kept} were put back.`,
      `${term} the learning rate (--learning-rate ${this.#options.learningRate / 2}), raise the batch size, or leave out cells with very few counts.`,
      good.epoch,
    )
  }

  async #keepGood(): Promise<void> {
    const state = await this.#network.state()
    if (Array.from(state.values()).every(({ values }) => allFinite(values)))
      this.#goodWeights = { epoch: this.#progress.epoch, state }
  }

  async #save(): Promise<void> {
    const { checkpoint } = this.#hooks
    if (!checkpoint) return
    const { best, bestEpoch } = this.#plateau
    this.#progress.plateau = { best: Number.isFinite(best) ? best : null, bestEpoch }
    writeCheckpoint(checkpoint.directory, {
      progress: this.#progress,
      fingerprint: this.#fingerprint,
      state: await this.#network.state(true),
      bestState: this.#bestState,
    })
  }

  #restore(directory: string): void {
    const { progress, state, bestState } = readCheckpoint(directory, this.#fingerprint)
    this.#network.setState(state, true)
    this.#bestState = bestState
    this.#progress = progress
    this.#plateau.rate = progress.learningRate
    this.#plateau.best = progress.plateau.best ?? Number.POSITIVE_INFINITY
    this.#plateau.bestEpoch = progress.plateau.bestEpoch
  }

  #summary(stoppedEarly: boolean): TrainSummary {
    const { history, best, epoch, seconds } = this.#progress
    const keep = this.#options.keepBest && this.#bestState && best
    if (keep) this.#network.setState(this.#bestState!)
    const heldoutElbo = keep
      ? best.elbo
      : history.findLast((record) => record.heldoutElbo !== undefined)?.heldoutElbo
    const bestEpoch = keep ? best.epoch : epoch
    const { terms } = history[bestEpoch - 1]!
    return {
      epochs: epoch,
      maxEpochs: this.#epochs,
      warmupEpochs: this.#kl.warmup,
      batchSize: this.#options.batchSize,
      learningRate: this.#options.learningRate,
      stoppedEarly,
      bestEpoch,
      history,
      ...(terms && { terms }),
      ...(heldoutElbo === undefined ? {} : { heldoutElbo }),
      trainCellsPerSecond: this.#trainMilliseconds
        ? (this.#trainedCells / this.#trainMilliseconds) * 1000
        : 0,
      seconds,
      split: this.#split,
    }
  }
}

/** A plain loop, seven times as fast as `every` with a function. */
function allFinite(values: Float32Array): boolean {
  let sum = 0
  // infinity and NaN times 0 is NaN
  for (let i = 0; i < values.length; i++) sum += values[i]! * 0
  return sum === 0
}

/** Loss terms of one cell on average. */
interface PerCell {
  elbo: number
  reconstruction: number
  kl: number
  /** Further terms of the loss, where it has some. */
  terms?: Record<string, number>
}

function perCell(
  { logLikelihood = 0, klLatent = 0, klLibrary = 0, ...further }: LossSums,
  cells: number,
): PerCell {
  const reconstruction = -logLikelihood / cells
  const kl = (klLatent + klLibrary) / cells
  const terms = Object.entries(further).map(([key, sum]) => [termName(key), sum / cells])
  const own = { elbo: reconstruction + kl, reconstruction, kl }
  return terms.length > 0 ? { ...own, terms: Object.fromEntries(terms) } : own
}

function addSums(a: LossSums, b: LossSums): LossSums {
  return Object.fromEntries(Object.entries(b).map(([name, sum]) => [name, (a[name] ?? 0) + sum]))
}
