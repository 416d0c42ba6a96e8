import { latentUse } from '../../analysis/diagnose/collapse.js'
import type { LatentPosterior } from '../../analysis/posterior/inference.js'

/** What a fit's latent is used for, under the names that `diagnose` has them by. */
export interface LatentFigures {
  /** Dimensions whose posterior means vary over the cells. */
  active: number
  variance: readonly number[]
  kl: readonly number[]
  information_bound: readonly number[]
}

export function latentFigures(latent: LatentPosterior): LatentFigures {
  const { active, variance, divergence, information } = latentUse(latent)
  return {
    active,
    variance: Array.from(variance),
    kl: Array.from(divergence),
    information_bound: Array.from(information),
  }
}
