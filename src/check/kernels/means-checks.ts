import { countHead } from '../oracle/count-head.js'
import { filled } from '../oracle/matrix.js'
import { type Check, type Expected, largest, near } from './check.js'
import { headCases, unusualCases } from './head-cases.js'
import { type HeadCase, HeadSetting, headName } from './head-setting.js'
import { readAll } from './setting.js'

const TOLERANCE = 2e-5

function meansCheck(head: HeadCase, seed: number): Check {
  const setting = new HeadSetting(head, seed)
  const { capacity, genes, cells: n } = head.shape
  const zinb = head.likelihood === 'zinb'
  return {
    name: `countMeans, ${headName(head)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, capacity)
      const on = setting.onDevice(device, batch)
      const mean = device.tensor(capacity, genes)
      const zeros = device.tensor(capacity, genes)
      const byGene = device.tensor(genes, capacity)
      const { logLikelihood: _, codes: __, ...args } = on.args
      for (const cells of [setting.before, setting.chosen]) {
        await setting.start(device, on, cells)
        device.kernels.countMeans({ ...args, mean, ...(zinb ? { zeros } : {}) })
        device.kernels.geneMeans?.({ ...args, mean: byGene })
      }
      const outputs = await readAll(device, { mean, zeros, byGene })
      const turned = outputs.byGene!
      outputs.byGene = device.kernels.geneMeans
        ? outputs.mean!.map((_, i) => turned[(i % genes) * capacity + Math.floor(i / genes)]!)
        : outputs.mean!
      device.release(batch, ...on.parameters, ...on.tensors, on.logLikelihood, mean, zeros, byGene)
      return outputs
    },
    expected() {
      const { predicted: mean, zeroLogits } = countHead(setting.oracle())
      // each cell has its own size
      const scale = filled(n, genes, (i) =>
        Math.max(1e-3, largest(mean.values.subarray(i * genes, (i + 1) * genes))),
      )
      const means: Expected = { values: mean.values, tolerance: TOLERANCE, scale: scale.values }
      const expected: Record<string, Expected> = { mean: means, byGene: means }
      expected.zeros = near(zeroLogits, zinb ? TOLERANCE : 0)
      return expected
    },
  }
}

export function meansChecks(): Check[] {
  return [
    ...headCases()
      .filter((_, i) => i % 5 === 1)
      .map((head, i) => meansCheck(head, 8000 + i)),
    ...unusualCases()
      .filter(({ codes }, i) => codes === undefined && i % 2 === 0)
      .map((head, i) => meansCheck(head, 8100 + i)),
  ]
}
