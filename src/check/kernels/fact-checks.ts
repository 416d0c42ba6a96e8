import type { CellFact } from '../../device/device.js'
import { matrix } from '../oracle/matrix.js'
import { type Check, type Expected, near } from './check.js'
import { fill, readAll, Setting, SHAPES, type Shape, shapeName } from './setting.js'

/** Each covariate and the size, of the minibatch's cells. */
function factCheck(shape: Shape, seed: number): Check {
  const setting = new Setting(shape, seed)
  const facts: CellFact[] = [
    'size',
    ...shape.categories.map((_, categorical) => ({ categorical })),
    ...Array.from({ length: shape.continuous }, (_, continuous) => ({ continuous })),
  ]
  const name = (fact: CellFact) => (fact === 'size' ? fact : Object.entries(fact).join())
  return {
    name: `cellFact: ${shapeName(shape)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const tensors = facts.map((fact) => [name(fact), device.tensor(shape.capacity, 1)] as const)
      const calls = facts.map((fact, i) => ({ batch, fact, output: tensors[i]![1] }))
      for (const cells of [setting.before, setting.chosen]) {
        await fill(device, batch, cells)
        for (const args of calls) device.kernels.cellFact(args)
      }
      const outputs = await readAll(device, Object.fromEntries(tensors))
      device.release(batch, ...tensors.map(([, tensor]) => tensor))
      return outputs
    },
    expected() {
      const { size, categorical, continuous } = setting.cells()
      const values = (fact: CellFact) => {
        if (fact === 'size') return size
        return 'categorical' in fact ? categorical[fact.categorical]! : continuous[fact.continuous]!
      }
      return Object.fromEntries(
        facts.map((fact): [string, Expected] => [
          name(fact),
          near(matrix(shape.cells, 1, values(fact)), fact === 'size' ? 1e-6 : 0),
        ]),
      )
    },
  }
}

export function factChecks(): Check[] {
  return SHAPES.map((shape, i) => factCheck(shape, 9500 + i))
}
