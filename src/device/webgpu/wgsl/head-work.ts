import type { Scope } from '../queue/scope.js'
import { FIELD } from './minibatch.js'

/**
 * Where the parts of the head's workspace start that come after the logits: gradients by the logits, those by log θ, logits of
 * dropout in whose place come their gradients, and each cell's sum of gradients.
 */
export const WORK_SCALARS = { gradientAt: 'u32', dispersionAt: 'u32', zeroAt: 'u32', sumAt: 'u32' } as const

/** The batch of a cell, whose dispersions it has. */
export const ownBatch = ({ p, buffers: { metadata } }: Scope<'capacity', 'metadata'>, cell: string): string =>
  metadata`${FIELD.covariates}u * ${p.capacity} + ${cell}`
