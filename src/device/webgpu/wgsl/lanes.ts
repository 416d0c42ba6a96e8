import { perKey } from '../queue/per-key.js'
import { type Scope, type SharedCode, sharedCode } from '../queue/scope.js'

/** Threads that share the cells of a feature. */
export const LANES = 64
/** Of a workgroup where no other kernel is beside. */
export const NORM_THREADS = 256
/** Features that a workgroup owns. */
export const normFeatures = (threads = NORM_THREADS): number => threads / LANES
const PARTS = 8

/** A function (t, x) that sums over the lanes of each feature, in a fixed order by two levels whatever the workgroup's size. */
export const laneSum = perKey((features: number): SharedCode => {
  const name = `lane_sum_${features}`
  return sharedCode(
    name,
    /* wgsl */ `
var<workgroup> ${name}_threads: array<f32, ${features * LANES}>;
var<workgroup> ${name}_parts: array<f32, ${PARTS * features}>;
fn ${name}(t: u32, x: f32) -> f32 {
  ${name}_threads[t] = x;
  workgroupBarrier();
  if (t < ${PARTS * features}u) {
    var part = 0.0;
    for (var i = 0u; i < ${LANES / PARTS}u; i++) { part += ${name}_threads[i * ${PARTS * features}u + t]; }
    ${name}_parts[t] = part;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < ${PARTS}u; i++) { total += ${name}_parts[i * ${features}u + t % ${features}u]; }
  return total;
}
`,
  )
})

/** The feature and the lane of a thread, and how many cells it is to go through: none past the last feature. */
export const laneOf = ({ p }: Scope<'width' | 'cells', never>, features: number): string => /* wgsl */ `
  let j = group.x * ${features}u + t % ${features}u;
  let lane = t / ${features}u;
  let inside = j < ${p.width};
  let cells = select(0u, ${p.cells}, inside);`
