/** Draws of the latent a held-out cell. */
const DRAWS = 20
/** Noise of the evaluation, apart from that of any training. */
const EVALUATION = { seed: 4294967291, step: 0x90000000 }

/**
 * Minus the ELBO and its parts, nats a cell, over the cells given, with the weights and running statistics that the model has now. Models
 * that are evaluated at the same width get the same draws.
 *
 * @param {import('../../dist/src/models/scvi.js').SCVI} model
 * @param {Int32Array} cells positions in `model.cells`
 * @param {number} width cells of a minibatch, at most the network's capacity
 */
export async function heldoutLoss(model, cells, width = model.network.capacity) {
  const { network } = model
  const batch = await network.minibatch(model.cells)
  let step = EVALUATION.step
  for (let draw = 0; draw < DRAWS; draw++) {
    for (let at = 0; at < cells.length; at += width) {
      network.gather(batch, cells.subarray(at, at + width))
      network.evaluate(batch, { seed: EVALUATION.seed, step: step++ })
    }
  }
  const sums = await network.takeSums()
  network.releaseMinibatch(batch)
  const perCell = (value) => value / (DRAWS * cells.length)
  const reconstruction = -perCell(sums.logLikelihood)
  const kl = perCell(sums.klLatent + (sums.klLibrary ?? 0))
  return { elbo: reconstruction + kl, reconstruction, kl }
}
