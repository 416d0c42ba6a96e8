import { kernelSource } from '../program.js'
import { ADAM_SCALARS, ADAM_STEP } from './adam.js'
import { workgroupSum } from './minibatch.js'

/** One Adam update of parameters that lie side by side. */
export const adamUpdate = kernelSource({
  name: 'adam',
  scalars: { first: 'u32', size: 'u32', ...ADAM_SCALARS },
  buffers: {
    value: 'read_write f32',
    gradient: 'read f32',
    firstMoment: 'read_write f32',
    secondMoment: 'read_write f32',
  },
  code: /* wgsl */ `${ADAM_STEP}
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) at: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = at.x; i < p.size; i += groups.x * 256u) { put(p.first + i, gradient[p.first + i]); }
}`,
})

/** Adds the sum over a minibatch's cells to an element. One workgroup: the order of a sum is its result. */
export const addSum = kernelSource({
  name: 'add sum',
  scalars: { cells: 'u32', element: 'u32' },
  buffers: { values: 'read f32', sums: 'read_write f32' },
  code: /* wgsl */ `${workgroupSum(256)}
@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) t: u32) {
  var part = 0.0;
  for (var i = t; i < p.cells; i += 256u) { part += values[i]; }
  let total = workgroup_sum(t, part);
  if (t == 0u) { sums[p.element] += total; }
}`,
})
