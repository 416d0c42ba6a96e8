import { ScvaeError } from '../errors.js'

/** Training went out of bounds; the network holds the last good weights again. */
export class TrainingDiverged extends ScvaeError {
  /** The epoch of those weights; 0 for the starting weights. */
  readonly keptEpoch: number

  constructor(message: string, hint: string, keptEpoch: number) {
    super('failed', message, { hint })
    this.keptEpoch = keptEpoch
  }
}
