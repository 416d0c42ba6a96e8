// Computes with the page's model, beside the page's own thread.
import { CellModel, type OnShare } from '../../src/report/page/cell-model.js'
import { type PlacedCells, placeCells } from '../../src/report/page/place-cells.js'
import { unpackModel } from '../../src/report/page/unpack-model.js'
import type { Answers, FromWorker, Question, ToWorker } from './protocol.js'

let model: CellModel | undefined
let placed: PlacedCells | undefined
let last: Promise<void> = Promise.resolve()

const reply = (message: FromWorker) => self.postMessage(message)

async function answer(question: Question, onShare: OnShare): Promise<Answers[Question['kind']]> {
  if (!model || !placed) throw new Error('The model has not come yet.')
  if (question.kind === 'gene') return model.geneRates(question.gene, question.batch, onShare)
  if (question.kind === 'compare') return model.compare(question.a, question.b, question.batch, onShare)
  if (question.kind === 'place') return placeCells(placed, question.latent)
  return { cells: model.nearest(question.cell, question.k), latent: model.latentOf(question.cell) }
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if ('kind' in data) {
    const unpacked = unpackModel(data.model, data)
    model = new CellModel(unpacked)
    placed = { latent: unpacked.latent, places: data.places }
    return
  }
  const { id, question } = data
  last = last.then(async () => {
    try {
      reply({
        id,
        kind: 'answer',
        answer: await answer(question, (share) => reply({ id, kind: 'share', share })),
      })
    } catch (error) {
      reply({ id, kind: 'failed', message: String(error) })
    }
  })
})
