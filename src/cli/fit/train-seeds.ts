import type { Device } from '../../device/device.js'
import type { FitPlan, FittedModel } from '../../models/refit.js'
import { plannedModel } from '../../models/refit.js'
import { fitSeeds, type SeedFits } from '../../models/seeds.js'
import { formatPlural } from '../../report/format.js'
import { splitSeedOf } from '../../train/options.js'
import { minibatchesFor } from '../../train/schedule.js'
import type { TrainSummary } from '../../train/trainer.js'
import type { FitData } from './fit-data.js'
import { covariateKeys, type DataSettings, type FitSettings } from './fit-settings.js'
import type { Run } from './run.js'
import { trainModel } from './train-model.js'

/** A trained model, the run with the settings that it came of, and the fits that it was chosen from. */
export interface Trained {
  run: Run
  model: FittedModel
  summary: TrainSummary
  /** Where there were several. */
  seeds?: SeedFits
}

/** Fits once, or with several seeds of which the best is kept. */
export async function trainSeeds(run: Run, data: FitData, device: Device): Promise<Trained> {
  const { settings, log } = run
  const { seed, ...train } = settings.train
  const plan = planOf(settings, data, device)
  if (settings.seeds === 1) {
    const model = await plannedModel(plan, seed)
    return { run, model, summary: await trainModel(run, model, device) }
  }
  const seeds = Array.from({ length: settings.seeds }, (_, i) => seed + i)
  const runOf = (one: number): Run => ({
    ...run,
    settings: { ...settings, train: { ...train, seed: one, splitSeed: splitSeedOf(settings.train) } },
  })
  const found = await fitSeeds(plan, seeds, {
    train: (model, one) => {
      log.info(`seed ${one}: fit ${one - seed + 1} of ${seeds.length}`)
      return trainModel(runOf(one), model, device)
    },
    onFit: ({ seed: one, bound }) =>
      log.info(
        `seed ${one}: importance-weighted bound of ${formatPlural(bound.cells.length, 'held-out cell')} ${bound.value.toFixed(2)} ± ${bound.error.toFixed(2)} nats a cell`,
      ),
  })
  const kept = found.fits[found.kept]!
  log.info(`seed ${kept.seed} has the best bound and is kept`)
  return { run: runOf(kept.seed), model: found.model, summary: kept.summary, seeds: found }
}

/** What is fitted, with which settings. */
export function planOf(
  settings: DataSettings & Pick<FitSettings, 'model' | 'train'>,
  data: FitData,
  device: Device,
): FitPlan {
  return {
    data: data.adata,
    keys: covariateKeys(settings),
    config: settings.model,
    train: settings.train,
    device,
    cells: data.cells,
    ...(data.genes && { genes: data.genes }),
    batchSize: minibatchesFor(data.cells.length, settings.train).batchSize,
  }
}
