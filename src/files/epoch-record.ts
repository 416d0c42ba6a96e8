/** What one epoch left behind. Losses are means over cells, in nats; lower is better for all of them. */
export interface EpochRecord {
  epoch: number
  /** Reconstruction + unweighted KL, on the training cells in training mode. */
  trainElbo: number
  trainReconstruction: number
  trainKl: number
  klWeight: number
  learningRate: number
  /** On the held-out cells, in evaluation mode (minus the ELBO, unweighted KL); absent in epochs without validation. */
  heldoutElbo?: number
  heldoutReconstruction?: number
  heldoutKl?: number
  /** What each further term of the loss was, by name, without its weight: the mean over the training cells. */
  terms?: Record<string, number>
  seconds: number
}
