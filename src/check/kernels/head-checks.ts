import type { Likelihood } from '../../device/device.js'
import { ADAM } from './adam-expected.js'
import type { Check, Outputs } from './check.js'
import { DISPERSIONS, headCases, LIKELIHOODS, MIDDLE, SCALES, unusualCases } from './head-cases.js'
import { type Asked, askedName, HeadRun } from './head-run.js'
import { type HeadCase, headName } from './head-setting.js'
import { reversed } from './setting.js'
import { OTHER_ADAM } from './step-values.js'

function headCheck(head: HeadCase, seed: number, asked: Asked = {}): Check {
  const run = new HeadRun(head, seed, asked)
  return {
    name: `${askedName(asked)}, ${headName(head)}`,
    async run(device) {
      const on = await run.onDevice(device)
      for (const [cells, numbers] of [
        [run.setting.before, OTHER_ADAM],
        [run.setting.chosen, ADAM],
      ] as const) {
        device.step({ ...numbers })
        await on.start(cells)
        on.forward()
        on.back()
      }
      const outputs = await on.read()
      on.release()
      return outputs
    },
    expected: () => run.expected(),
  }
}

const ASKED: readonly Asked[] = [
  {},
  { byCell: true },
  { adam: 'step numbers' },
  { byCell: true, frozen: true },
  { adam: 'numbers', byCell: true, noInput: true },
  { frozen: true },
  { noInput: true },
  { byCell: true, shadows: true },
]

/** Two heads over the same cells, whose passes lie within each other. */
function twoHeads(likelihoods: readonly [Likelihood, Likelihood], seed: number, inOrder: boolean): Check {
  const common = { shape: MIDDLE, dispersion: 'gene', drawnSize: true } as const
  const runs = [
    new HeadRun({ ...common, likelihood: likelihoods[0], scale: 'softmax' }, seed, {}),
    new HeadRun({ ...common, likelihood: likelihoods[1], scale: 'softplus', logits: true }, seed, {
      byCell: true,
    }),
  ] as const
  const names = ['first', 'second'] as const
  return {
    name: `countHead, two at once: ${likelihoods.join(' and ')}, gradients in ${inOrder ? 'order' : 'reverse'}`,
    async run(device) {
      const first = await runs[0].onDevice(device)
      const second = await runs[1].onDevice(device, first.batch)
      const { before, chosen } = runs[0].setting
      for (const cells of [before, chosen]) {
        for (const head of [first, second]) await head.start(cells)
        first.forward()
        second.forward()
        for (const head of inOrder ? [first, second] : [second, first]) head.back()
      }
      const outputs: Outputs = {}
      for (const [i, head] of [first, second].entries())
        for (const [name, values] of Object.entries(await head.read()))
          outputs[`${names[i]} ${name}`] = values
      second.release()
      first.release()
      return outputs
    },
    expected() {
      return Object.fromEntries(
        runs.flatMap((run, i) =>
          Object.entries(run.expected()).map(([name, of]) => [`${names[i]} ${name}`, of]),
        ),
      )
    },
  }
}

/** Two sets of cells over the same counts, each in an order of its own. */
function sharedCounts(seed: number): Check {
  const head: HeadCase = {
    shape: MIDDLE,
    likelihood: 'zinb',
    scale: 'softmax',
    dispersion: 'gene-batch',
    drawnSize: false,
  }
  const run = new HeadRun(head, seed, {})
  const { source: other, back } = reversed(run.setting.source)
  return {
    name: 'countHead, two sources of the same counts',
    async run(device) {
      const batch = await device.minibatch(other, head.shape.capacity)
      const heads = [await run.onDevice(device), await run.onDevice(device, batch)]
      const { chosen } = run.setting
      const outputs: Outputs = {}
      for (const [i, on] of heads.entries()) {
        await on.start(i ? chosen.map(back) : chosen)
        on.forward()
        on.back()
        for (const [name, values] of Object.entries(await on.read())) outputs[`${i} ${name}`] = values
      }
      for (const on of heads) on.release()
      device.release(batch)
      return outputs
    },
    expected() {
      const expected = Object.entries(run.expected())
      return Object.fromEntries([0, 1].flatMap((i) => expected.map(([name, of]) => [`${i} ${name}`, of])))
    },
  }
}

/** What else may be asked of the gradient of a usual head. */
function askedOfUsual(): Check[] {
  const heads: HeadCase[] = LIKELIHOODS.flatMap((likelihood) =>
    SCALES.map((scale, i) => ({
      shape: MIDDLE,
      likelihood,
      scale,
      dispersion: DISPERSIONS[i]!,
      drawnSize: i === 1,
    })),
  )
  return heads.flatMap((head, i) =>
    ASKED.slice(1)
      .filter((_, k) => (i + k) % 2 === 0)
      .map((asked, k) => headCheck(head, 6500 + 10 * i + k, asked)),
  )
}

/** Heads whose products round their operands. */
export function roundedHeadChecks(): Check[] {
  return headCases()
    .filter(({ extremeTheta }) => !extremeTheta)
    .map((head, i) => headCheck({ ...head, precision: 'bf16' }, 6300 + i, ASKED[i % ASKED.length]!))
}

export function headChecks(): Check[] {
  const cases = headCases()
  return [
    ...cases.map((head, i) => headCheck(head, 6000 + i)),
    ...cases.filter((_, i) => i % 2 === 0).map((head, i) => headCheck(head, 7000 + i, { adam: 'numbers' })),
    ...askedOfUsual(),
    sharedCounts(6800),
    twoHeads(['nb', 'zinb'], 6900, false),
    twoHeads(['zinb', 'nb'], 6901, true),
    twoHeads(['poisson', 'poisson'], 6902, false),
    ...unusualCases().flatMap((head, i) => [
      headCheck(head, 6600 + i),
      headCheck(head, 6700 + i, ASKED[1 + (i % (ASKED.length - 1))]!),
    ]),
  ]
}
