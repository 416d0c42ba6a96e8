import { sourceOf } from '../../dist/src/analysis/posterior/generate.js'
import { SCVI } from '../../dist/src/models/scvi.js'

/** Draws of the latent for each cell. */
const DRAWS = 10
/** Far from the steps of training, so that its noise is not met again. */
const FIRST_STEP = 0x40000000

/**
 * Minus the ELBO of held-out cells, in nats a cell (lower is better), for any model folder of ours: the same noise for all.
 *
 * @param {string} folder
 * @param {import('../../dist/src/index.js').AnnData} adata
 * @param {Int32Array} cells positions of the fitted cells in the file
 * @param {Int32Array} heldout positions of the held-out cells among them
 * @param {import('../../dist/src/index.js').Device} device
 */
export async function heldoutElbo(folder, adata, cells, heldout, device) {
  const model = await SCVI.load(folder, adata, { cells, device })
  const { network } = model
  const source = sourceOf(model.cells, heldout)
  const batch = await network.minibatch(source)
  try {
    let step = FIRST_STEP
    for (let draw = 0; draw < DRAWS; draw++) {
      for (let at = 0; at < heldout.length; at += network.capacity) {
        const end = Math.min(at + network.capacity, heldout.length)
        network.gather(
          batch,
          Int32Array.from({ length: end - at }, (_, i) => at + i),
        )
        network.evaluate(batch, { seed: 0, step: step++ })
      }
    }
    const { logLikelihood, klLatent, klLibrary = 0 } = await network.takeSums()
    return (klLatent + klLibrary - logLikelihood) / (DRAWS * heldout.length)
  } finally {
    network.releaseMinibatch(batch)
    await model.dispose()
  }
}
