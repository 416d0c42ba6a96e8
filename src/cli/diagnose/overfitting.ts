import type { TrainingRecord } from '../../files/training-record.js'
import type { Diagnosis } from '../../models/diagnosed-model.js'
import { type Finding, type JudgedModel, NOT_KNOWN, shown } from './finding.js'

/** Nats a cell by which the held-out ELBO of the last epoch is worse than the best one where training went on for too long. */
const TOO_LONG = 5
/** Nats a cell that cells trained on may be better than others, for each hundred of their ELBO. */
const LEARNED_BY_HEART = 8

/** Whether cells that were trained on are described better than others, and whether training went on for too long. */
export function overfitting({ heldout, parts }: Diagnosis, { training }: JudgedModel): Finding {
  const about = { name: 'overfitting', title: 'Overfitting', unit: 'nats/cell' } as const
  const past = pastBest(training)
  const figures: Finding['figures'] =
    past === undefined ? [] : [['held-out ELBO lost after the best epoch', `${past.toFixed(2)} nats`]]
  if (!heldout) {
    const sentence = !parts
      ? 'It is not known which of these cells were trained on: the model does not tell of its cells by name.'
      : parts.train === 0
        ? 'None of these cells was trained on: give the cells of the fit to compare.'
        : 'Hardly any of these cells were held out of training, so overfitting cannot be seen: fit with --train-size 0.9.'
    return { ...about, ...NOT_KNOWN, sentence, figures }
  }
  const { difference, elbo, bound, nTrain, nHeldout } = heldout
  figures.unshift(
    ['cells', `${nTrain} trained on, ${nHeldout} not`],
    ['ELBO', `${shown(elbo.train)} trained on, ${shown(elbo.heldout)} not`],
    ['bound of 10 draws', `${shown(bound.train)} trained on, ${shown(bound.heldout)} not`],
  )
  const judged = { ...about, value: difference.value, error: difference.error, figures }
  const share = (100 * (difference.value - 2 * difference.error)) / Math.abs(bound.heldout.value)
  if (share > LEARNED_BY_HEART || (past ?? 0) > TOO_LONG) {
    const long =
      (past ?? 0) > TOO_LONG
        ? ` Training went on after its best epoch, which cost ${past!.toFixed(0)} nats: train with early stopping.`
        : ''
    return {
      ...judged,
      grade: 'attention',
      sentence: `Cells trained on are ${shown(difference)} nats better described than others that are equally hard: the model has learned some of them by heart; give it fewer units and layers, more --dropout-rate, or more cells.${long}`,
    }
  }
  return {
    ...judged,
    grade: 'good',
    sentence: `Cells trained on are ${shown(difference)} nats better described than others that are equally hard, ${share > LEARNED_BY_HEART / 2 ? 'which is usual of so few cells' : 'which is little'}.`,
  }
}

/** How much the held-out ELBO of the weights that were kept is worse than the best one. */
function pastBest(training: TrainingRecord | undefined): number | undefined {
  const known = training?.history.flatMap(({ epoch, heldoutElbo }) =>
    heldoutElbo === undefined ? [] : [{ epoch, heldoutElbo }],
  )
  if (!training || !known || known.length === 0) return undefined
  const kept = known.filter(({ epoch }) => epoch <= training.bestEpoch).at(-1)
  return kept && kept.heldoutElbo - Math.min(...known.map(({ heldoutElbo }) => heldoutElbo))
}
