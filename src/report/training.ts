import { type LineChart, type LineSeries, lineChart } from './line-chart.js'
import type { ReportData } from './report-data.js'

/** How a model was trained. */
type Training = Pick<ReportData, 'history' | 'keptEpoch'>

export function trainingSection(training: Training): string {
  if (training.history.length === 0) return '<p class="empty">How the model was trained is not known.</p>'
  return `<div class="charts">${trainingCharts(training).map(lineChart).join('')}</div>`
}

/** The curves of a training, that of the loss first. */
export function trainingCharts({ history, keptEpoch }: Training): LineChart[] {
  const series = (
    name: string,
    value: (record: (typeof history)[number]) => number | undefined,
  ): LineSeries => ({
    name,
    points: history.flatMap((record) => {
      const y = value(record)
      return y === undefined ? [] : [[record.epoch, y] as const]
    }),
  })
  const mark =
    keptEpoch === undefined ? {} : { mark: { x: keptEpoch, label: `weights kept: epoch ${keptEpoch}` } }
  const charts: LineChart[] = [
    {
      title: 'Negative ELBO',
      xLabel: 'epoch',
      yLabel: 'nats per cell',
      series: [
        series('training cells', (record) => record.trainElbo),
        series('held-out cells', (record) => record.heldoutElbo),
      ],
      ...mark,
    },
    {
      title: 'Reconstruction',
      xLabel: 'epoch',
      yLabel: 'nats per cell',
      series: [
        series('training cells', (record) => record.trainReconstruction),
        series('held-out cells', (record) => record.heldoutReconstruction),
      ],
    },
    {
      title: 'KL divergence from the prior',
      xLabel: 'epoch',
      yLabel: 'nats per cell',
      series: [
        series('training cells', (record) => record.trainKl),
        series('held-out cells', (record) => record.heldoutKl),
      ],
    },
    {
      title: 'KL weight',
      xLabel: 'epoch',
      yLabel: 'weight',
      series: [series('KL weight', (record) => record.klWeight)],
    },
  ]
  for (const name of new Set(history.flatMap(({ terms = {} }) => Object.keys(terms)))) {
    charts.push({
      title: `Term of the loss: ${name}`,
      xLabel: 'epoch',
      yLabel: 'without its weight',
      series: [series('training cells', (record) => record.terms?.[name])],
    })
  }
  const rates = new Set(history.map((record) => record.learningRate))
  if (rates.size > 1) {
    const learningRate = series('learning rate', (record) => record.learningRate)
    charts.push({ title: 'Learning rate', xLabel: 'epoch', yLabel: 'rate', series: [learningRate] })
  }
  return charts
}
