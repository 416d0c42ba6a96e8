import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ScvaeError } from '../errors.js'
import type { LossSums } from '../network/network.js'
import type { NetworkState } from '../network/parameters.js'
import type { EpochRecord } from './epoch-record.js'
import { decodeSafetensors, encodeSafetensors } from './safetensors.js'

/** Where a training run stands, to the minibatch. */
export interface Progress {
  /** Epoch under way, from 0, and its next minibatch. */
  epoch: number
  minibatch: number
  /** Updates so far. */
  step: number
  learningRate: number
  /** Sums of the epoch under way. */
  sums: LossSums
  history: EpochRecord[]
  best: { epoch: number; elbo: number } | undefined
  plateau: { best: number | null; bestEpoch: number }
  /** Seconds of training so far. */
  seconds: number
}

export interface Checkpoint {
  progress: Progress
  /** Everything that shapes the run; a resumed one must have the same. */
  fingerprint: string
  /** Weights, running statistics and Adam's moments. */
  state: NetworkState
  /** The best weights so far. */
  bestState: NetworkState | undefined
}

const FILE = 'checkpoint.safetensors'
const BEST = 'best/'

/** Writes a checkpoint as one file, beside and renamed, so that a kill leaves the one before. */
export function writeCheckpoint(
  directory: string,
  { progress, fingerprint, state, bestState }: Checkpoint,
): void {
  const all: NetworkState = new Map(state)
  for (const [name, tensor] of bestState ?? []) all.set(BEST + name, tensor)
  mkdirSync(directory, { recursive: true })
  const beside = join(directory, `${FILE}.${process.pid}.tmp`)
  writeFileSync(beside, encodeSafetensors(all, { progress: JSON.stringify(progress), fingerprint }))
  renameSync(beside, join(directory, FILE))
}

/**
 * Reads a checkpoint back.
 *
 * @throws ScvaeError (bad-input) when there is none, or it belongs to a run with other data or settings.
 */
export function readCheckpoint(directory: string, fingerprint: string): Checkpoint {
  const path = join(directory, FILE)
  let file: Uint8Array
  try {
    file = readFileSync(path)
  } catch (cause) {
    throw new ScvaeError('bad-input', `There is no checkpoint at ${path}.`, {
      hint: 'Start without --resume.',
      cause,
    })
  }
  const { state: all, metadata } = decodeSafetensors(file, path)
  if (metadata.fingerprint !== fingerprint) {
    throw new ScvaeError(
      'bad-input',
      `The checkpoint at ${path} comes from other data or other settings than this run.`,
      {
        hint: 'Use the same command, or start without --resume.',
      },
    )
  }
  const state: NetworkState = new Map()
  const bestState: NetworkState = new Map()
  for (const [name, tensor] of all) {
    if (name.startsWith(BEST)) bestState.set(name.slice(BEST.length), tensor)
    else state.set(name, tensor)
  }
  return {
    progress: JSON.parse(metadata.progress ?? ''),
    fingerprint,
    state,
    bestState: bestState.size ? bestState : undefined,
  }
}

/** Removes a checkpoint that is no longer needed. */
export function removeCheckpoint(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}
