// How much of the latent is of the batch: without covariates, with the batch, and with further covariates.
import { readAnnData, SCVI } from 'scvae'
import { programArguments } from './arguments.mjs'

const [file, epochs] = programArguments('FILE', '[EPOCHS]')

const adata = await readAnnData(file)
const batches = Array.from(adata.obs.getChild('batch') ?? [], String)

/** @type {Record<string, import('scvae').SCVIOptions>} */
const choices = {
  'no covariates': {},
  batch: { batchKey: 'batch' },
  'batch and doublets': {
    batchKey: 'batch',
    categoricalCovariateKeys: ['is_doublet'],
    continuousCovariateKeys: ['library_size'],
    encodeCovariates: true,
  },
}
for (const [name, options] of Object.entries(choices)) {
  const model = await SCVI.create(adata, options)
  try {
    await model.train({ maxEpochs: Number(epochs) || 'auto' })
    const share = shareBetween(batches, await model.getLatentRepresentation())
    console.log(`${name}: ${(100 * share).toFixed(2)} % of the latent's variance is between batches`)
  } finally {
    await model.dispose()
  }
}

/**
 * Share of a matrix' variance that lies between the means of groups of rows.
 *
 * @param {readonly string[]} groups
 * @param {import('scvae').Matrix} matrix
 */
function shareBetween(groups, { values, rows, columns }) {
  let between = 0
  let total = 0
  for (let column = 0; column < columns; column++) {
    /** @type {Map<string, { n: number, sum: number }>} */
    const sums = new Map()
    let sum = 0
    let squares = 0
    for (let row = 0; row < rows; row++) {
      const value = values[row * columns + column]
      const { n, sum: before } = sums.get(groups[row]) ?? { n: 0, sum: 0 }
      sums.set(groups[row], { n: n + 1, sum: before + value })
      sum += value
      squares += value ** 2
    }
    total += squares - sum ** 2 / rows
    between -= sum ** 2 / rows
    for (const { n, sum } of sums.values()) between += sum ** 2 / n
  }
  return between / total
}
