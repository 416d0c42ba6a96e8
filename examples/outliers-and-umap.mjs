// Which cells are unlike the others, and where all of them lie: one table with outlier scores and a UMAP of the latent.
import { writeFileSync } from 'node:fs'
import { readCounts, SCVI, scoreCells, umap } from 'scvae'
import { programArguments } from './arguments.mjs'

const [file, output, epochs] = programArguments('FILE', 'OUT.csv', '[EPOCHS]')

const adata = await readCounts(file)
const model = await SCVI.create(adata)
try {
  await model.train({ maxEpochs: Number(epochs) || 'auto' })
  const latent = await model.getLatentPosterior()
  const { outliers, neighbors } = await scoreCells(latent, await model.surpriseScores())
  const layout = (await umap(neighbors)).values
  const { score, adjustedP, flag } = outliers
  const rows = adata.obsNames.map((cell, i) =>
    [cell, score[i], adjustedP[i], flag[i], layout[2 * i], layout[2 * i + 1]].join(','),
  )
  writeFileSync(output, `${['cell,score,fdr,outlier,umap1,umap2', ...rows].join('\n')}\n`)
  const flagged = flag.reduce((sum, one) => sum + one, 0)
  const first = score.indexOf(Math.max(...score))
  console.log(
    `${flagged} of ${adata.nCells} cells are unlike the others, first ${adata.obsNames[first]}: ${score[first].toFixed(1)}`,
  )
} finally {
  await model.dispose()
}
