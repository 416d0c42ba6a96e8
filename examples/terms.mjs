// What terms of one's own do to a loss: each is looked at in a run that goes without it, and in one that has it.
import { LinearSCVI, readAnnData, SCVI } from 'scvae'
import { programArguments } from './arguments.mjs'
import { batchDiscrepancy, classifier, heldAxis, loadingsL1 } from './loss-terms.mjs'

const [file, epochs] = programArguments('FILE', '[EPOCHS]')

const adata = await readAnnData(file)
const column = (/** @type {string} */ name) => [...(adata.obs.getChild(name) ?? [])]
const sizes = column('library_size').map(Number)
const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length
const deviation = Math.sqrt(sizes.reduce((sum, size) => sum + (size - mean) ** 2, 0) / sizes.length)

await compare(
  () =>
    SCVI.create(adata, {
      batchKey: 'batch',
      categoricalCovariateKeys: ['cell_type'],
      continuousCovariateKeys: ['library_size'],
    }),
  [
    { name: 'discrepancy of batches', weight: 1000, of: batchDiscrepancy(new Set(column('batch')).size) },
    { name: 'first axis from library size', weight: 10, of: heldAxis(0, 0, { mean, deviation }) },
    { name: 'classifier of types', weight: 10, of: classifier(0, new Set(column('cell_type')).size) },
  ],
)
await compare(
  () => LinearSCVI.create(adata, { batchKey: 'batch', batchNorm: 'encoder', nLatent: 10 }),
  [{ name: 'size of loadings', weight: 0.1, of: loadingsL1(10) }],
)

/**
 * @param {() => Promise<import('scvae').Model>} create
 * @param {import('scvae').ExtraTerm[]} terms
 */
async function compare(create, terms) {
  const without = await trained(
    create,
    terms.map((term) => ({ ...term, weight: 0 })),
  )
  const having = await trained(create, terms)
  for (const { name } of terms) {
    console.log(
      `${name}: ${without[name].toPrecision(3)} without the term, ${having[name].toPrecision(3)} with it`,
    )
  }
}

/**
 * What the terms are in the end.
 *
 * @param {() => Promise<import('scvae').Model>} create
 * @param {import('scvae').ExtraTerm[]} terms
 */
async function trained(create, terms) {
  const model = await create()
  try {
    const { history } = await model.train({ maxEpochs: Number(epochs) || 'auto', terms })
    return history.at(-1)?.terms ?? {}
  } finally {
    await model.dispose()
  }
}
