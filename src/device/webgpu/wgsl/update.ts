import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import { ADAM_SCALARS, adamStep } from './adam.js'

/** One Adam update of parameters that lie side by side. */
export const adamUpdate = perKey((threads: number) =>
  kernelSource({
    name: 'adam',
    threads,
    work: ({ size }) => ({ flops: 0, bytes: 4 * 7 * size }),
    scalars: { first: 'u32', size: 'u32', ...ADAM_SCALARS },
    buffers: {
      value: 'read_write f32',
      gradient: 'read f32',
      firstMoment: 'read_write f32',
      secondMoment: 'read_write f32',
    },
    code: (scope) => {
      const { p, buffers } = scope
      const put = adamStep(scope)
      return /* wgsl */ `
  for (var i = group.x * ${threads}u + t; i < ${p.size}; i += groups.x * ${threads}u) {
    ${put}(${p.first} + i, ${buffers.gradient`${p.first} + i`});
  }`
    },
  }),
)

/** Sums that one dispatch adds at the most. */
export const MOST_SUMS = 3

/** Threads that share the cells of a sum, whatever the workgroup's size: the order of a sum is its result. */
const SUM_LANES = 64

/** Adds the sums over a minibatch's cells to elements, a workgroup each. */
export const addSums = perKey((threads: number) =>
  kernelSource({
    name: 'add sums',
    threads,
    scalars: { cells: 'u32', element0: 'u32', element1: 'u32', element2: 'u32' },
    buffers: { values0: 'read f32', values1: 'read f32', values2: 'read f32', sums: 'read_write f32' },
    code: ({ p, buffers: { values0, values1, values2, sums }, workgroup }) => {
      const parts = workgroup('parts', `array<f32, ${SUM_LANES}>`)
      return /* wgsl */ `
  if (t < ${SUM_LANES}u) {
    var part = 0.0;
    for (var i = t; i < ${p.cells}; i += ${SUM_LANES}u) {
      if (group.x == 0u) { part += ${values0`i`}; } else if (group.x == 1u) { part += ${values1`i`}; } else { part += ${values2`i`}; }
    }
    ${parts}[t] = part;
  }
  workgroupBarrier();
  if (t != 0u) { return; }
  var total = 0.0;
  for (var i = 0u; i < ${SUM_LANES}u; i++) { total += ${parts}[i]; }
  ${sums`array(${p.element0}, ${p.element1}, ${p.element2})[group.x]`} += total;`
    },
  }),
)
