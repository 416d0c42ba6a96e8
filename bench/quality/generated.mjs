/**
 * Cells that models make, beside real ones that were held out: writes both for `generated.py`, which tells them apart.
 *
 *     npm run build && node bench/quality/generated.mjs --folder made [--data pbmc4k,sc_mixology]
 *     python bench/quality/generated.py made
 *
 * A quarter of the cells is held out of the fit. Made cells have sizes and batches of cells that were trained on, those of the posterior predictive of held-out
 * ones, each of which is made anew.
 */

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { writeStreamedAnnData } from '../../dist/src/anndata/write/streamed-anndata.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { SCVI } from '../../dist/src/models/scvi.js'
import { fittedData } from '../lib/fitted-data.mjs'
import { list, options } from '../lib/options.mjs'
import { presentData } from '../lib/real-data.mjs'

const flags = options('Made cells beside held-out real ones.', {
  data: 'pbmc4k,sc_mixology',
  folder: 'made',
  epochs: '100',
  components: '50',
  threads: '2',
})
mkdirSync(flags.folder, { recursive: true })

const write = (name, varNames, counts) => {
  let nCells = 0
  const counted = (add) =>
    counts((rows) => {
      nCells += rows.length
      add(rows)
    })
  const obs = () => ({ names: Array.from({ length: nCells }, (_, i) => `${i}`), columns: {} })
  const contents = { varNames, uns: {}, counts: counted, obs }
  return writeStreamedAnnData(join(flags.folder, `${name}.h5ad`), contents, { overwrite: true })
}

const device = await createCpuDevice({ threads: Number(flags.threads) })
for (const item of presentData(list(flags.data))) {
  const data = await fittedData(item)
  const cells = data.cells ?? Int32Array.from({ length: data.adata.nCells }, (_, cell) => cell)
  const heldout = cells.filter((_, i) => i % 4 === 3)
  const trained = cells.filter((_, i) => i % 4 !== 3)
  for (const prior of ['normal', 'mixture']) {
    const made = { ...(data.genes && { genes: data.genes }), ...(item.batch && { batchKey: item.batch }) }
    const settings = { ...made, cells: trained, prior, priorComponents: Number(flags.components), device }
    const model = await SCVI.create(data.adata, settings)
    await model.train({ maxEpochs: Number(flags.epochs) })
    const { genes } = model.description
    if (prior === 'normal') {
      const real = await SCVI.create(data.adata, { ...made, cells: heldout, device })
      const all = Int32Array.from(heldout.keys())
      const rows = await real.cells.counts.load(all)
      await write(`${item.name}_real`, genes, async (add) => add(rows))
      await real.dispose()
    }
    // the posterior predictive: each held-out cell anew
    const sources = {
      posteriors: { nCells: heldout.length, from: 'posteriors' },
      prior: { nCells: heldout.length, from: 'prior' },
      cells: { adata: data.adata, cells: heldout, from: 'cells' },
    }
    for (const [source, asked] of Object.entries(sources))
      await write(`${item.name}_${prior}_${source}`, genes, (add) =>
        model.eachGenerated({ ...asked, seed: 1 }, ({ rows }) => add(rows)),
      )
    await model.dispose()
    console.log(`${item.name}, prior ${prior}: made`)
  }
}
await device.dispose()
