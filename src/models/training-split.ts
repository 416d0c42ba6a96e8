import type { ModelCells } from '../files/model-cells.js'
import type { TrainingRecord } from '../files/training-record.js'
import { splitCells } from '../train/split.js'

/** What training saw of a cell: trained on, held out, or not among its cells. */
export type CellPart = 'train' | 'heldout' | 'new'

/**
 * Which part of its training a model had cells in, by their names.
 *
 * @param cells those of the training, in its order
 * @returns undefined where it is not known: cells without names of their own, or no record of the run
 */
export function trainingParts(
  cells: { names: readonly string[] | undefined; batches: Int32Array | undefined } | undefined,
  training: TrainingRecord | undefined,
): ((name: string) => CellPart) | undefined {
  const { trainSize, seed: own, splitSeed } = training?.settings ?? {}
  const seed = typeof splitSeed === 'number' ? splitSeed : own
  if (!cells?.names || typeof trainSize !== 'number' || typeof seed !== 'number') return undefined
  const { names, batches } = cells
  const { train, heldout } = splitCells(names.length, trainSize, seed, batches)
  const parts = new Map<string, CellPart>()
  for (const cell of train) parts.set(names[cell]!, 'train')
  for (const cell of heldout) parts.set(names[cell]!, 'heldout')
  // a repeated name would stand for two cells
  return parts.size === names.length ? (name) => parts.get(name) ?? 'new' : undefined
}

/** The same from what a folder keeps of cells. */
export const storedCells = ({ names, categorical }: ModelCells) => ({ names, batches: categorical[0] })
