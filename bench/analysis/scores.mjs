/**
 * Surprise and distance from the aggregated posterior after a short training, beside those of another checkout (2d00b21, which had
 * them in plain JavaScript).
 *
 *     npm run build && node bench/analysis/scores.mjs --data 100000x2000 --beside ../base [--json scores.json]
 *
 * The two run in turn in one process; the times of the processor, over all threads, depend less on what else the machine does.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { options } from '../lib/options.mjs'
import { figure, machine, printTable, spread, writeJson } from '../lib/output.mjs'
import { dataSets } from '../peers/peers-data.mjs'

const flags = options('Scores after training, beside those of another checkout.', {
  data: '100000x2000',
  beside: '',
  threads: '2',
  rounds: '3',
  epochs: '1',
})

/** One checkout's scores of its own model of the data. */
class Side {
  static async start(name, root, path) {
    const load = (file) => import(pathToFileURL(join(root, 'dist/src', file)))
    const side = new Side()
    const { readAnnData, SCVI } = await load('index.js')
    const { createCpuDevice } = await load('device/cpu/cpu-device.js')
    const distance = 'analysis/outliers/aggregated-distance.js'
    const inKernels = existsSync(join(root, 'dist/src', distance))
    const { aggregatedPosteriorDistance } = await load(
      inKernels ? distance : 'analysis/outliers/latent-outliers.js',
    )
    const device = await createCpuDevice({ threads: Number(flags.threads) })
    const model = await SCVI.create(await readAnnData(path), { batchKey: 'batch', device })
    await model.train({ maxEpochs: Number(flags.epochs) })
    const latent = await model.getLatentPosterior()
    side.name = name
    side.stages = {
      surprise: () => model.surpriseScores(),
      'aggregated distance': () =>
        inKernels ? aggregatedPosteriorDistance(device.host, latent) : aggregatedPosteriorDistance(latent),
    }
    side.stop = async () => {
      await model.dispose()
      await device.dispose()
    }
    return side
  }

  async measure(stage) {
    const start = performance.now()
    const before = process.cpuUsage()
    await this.stages[stage]()
    const { user, system } = process.cpuUsage(before)
    return { seconds: (performance.now() - start) / 1000, processor: (user + system) / 1e6 }
  }
}

const folder = await mkdtemp(join(tmpdir(), 'scvae-scores-'))
try {
  const results = []
  for (const { name, path } of dataSets([flags.data], folder)) {
    const sides = [await Side.start('here', resolve('.'), path)]
    if (flags.beside) sides.push(await Side.start('beside', resolve(flags.beside), path))
    for (const stage of Object.keys(sides[0].stages)) {
      const runs = sides.map(() => [])
      for (let round = 0; round < Number(flags.rounds); round++)
        for (const [i, side] of sides.entries()) runs[i].push(await side.measure(stage))
      for (const [i, side] of sides.entries()) {
        const of = (key) => spread(runs[i].map((run) => run[key]))
        results.push({
          data: name,
          stage,
          side: side.name,
          seconds: of('seconds'),
          processor: of('processor'),
        })
      }
    }
    for (const side of sides) await side.stop()
  }
  printTable(
    `Scores after training, ${flags.threads} threads of ${machine().processor}: least of ${flags.rounds} in turn`,
    ['data', 'stage', 'side', 'seconds', 'processor seconds'],
    results.map(({ data, stage, side, seconds, processor }) => [
      data,
      stage,
      side,
      figure(seconds.min),
      figure(processor.min),
    ]),
  )
  writeJson(flags.json, { machine: machine(), results })
} finally {
  await rm(folder, { recursive: true, force: true })
}
