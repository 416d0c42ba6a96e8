import { obsColumn } from '../../dist/src/anndata/frame/obs-column.js'
import { readFitData } from '../../dist/src/cli/fit/fit-data.js'
import { Log } from '../../dist/src/cli/log.js'
import { SCVI } from '../../dist/src/models/scvi.js'
import { dataSettings } from './fit-settings.mjs'

/** @typedef {Awaited<ReturnType<typeof fittedData>>} FittedData */

/**
 * Cells and genes of a data set by the rules of `scvae fit`, with the labels (−1: none) and batches of the cells that are fitted.
 *
 * @param {(typeof import('./real-data.mjs').REAL_DATA)[number]} item
 */
export async function fittedData({
  path,
  label,
  batch,
  subset = [],
  unlabelled,
  allGenes = false,
  nTopGenes,
}) {
  const settings = dataSettings({ file: path, batchKey: batch, subset, allGenes, nTopGenes })
  const { adata, cells, genes } = await readFitData(settings, new Log('quiet'))
  const labelColumn = label && obsColumn(adata, label)
  const batchColumn = batch && obsColumn(adata, batch)
  return {
    adata,
    cells,
    genes,
    labels:
      labelColumn &&
      Int32Array.from(cells, (cell) => {
        const code = labelColumn.codes[cell]
        return labelColumn.categories[code] === unlabelled ? -1 : code
      }),
    batches: batchColumn && Int32Array.from(cells, (cell) => batchColumn.codes[cell]),
    batchNames: batchColumn?.categories,
    typeNames: labelColumn?.categories,
  }
}

/** A new model of fitted data; `options` are what of `SCVI.create`'s differs from the defaults. */
export function modelOf({ adata, cells, genes }, batchKey, seed, device, options = {}) {
  return SCVI.create(adata, {
    cells,
    ...(genes && { genes }),
    ...(batchKey && { batchKey }),
    ...options,
    seed,
    device,
  })
}
