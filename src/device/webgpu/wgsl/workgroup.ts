import { perKey } from '../queue/per-key.js'
import { type SharedCode, sharedCode } from '../queue/scope.js'

/** A function (t, x) that sums over a workgroup in a fixed order, by two levels of about equal width: two barriers. */
export const workgroupSum = perKey((threads: number): SharedCode => {
  const parts = 2 ** Math.ceil(Math.log2(threads) / 2)
  const share = threads / parts
  const name = `workgroup_sum_${threads}`
  return sharedCode(
    name,
    /* wgsl */ `
var<workgroup> ${name}_threads: array<f32, ${threads}>;
var<workgroup> ${name}_parts: array<f32, ${parts}>;
fn ${name}(t: u32, x: f32) -> f32 {
  ${name}_threads[t] = x;
  workgroupBarrier();
  if (t < ${parts}u) {
    var part = 0.0;
    for (var i = 0u; i < ${share}u; i++) { part += ${name}_threads[i * ${parts}u + t]; }
    ${name}_parts[t] = part;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < ${parts}u; i++) { total += ${name}_parts[i]; }
  return total;
}
`,
  )
})

/** A function (t, x) that gives the largest number of a workgroup. */
export const workgroupMaximum = perKey((threads: number): SharedCode => {
  const name = `workgroup_maximum_${threads}`
  return sharedCode(
    name,
    /* wgsl */ `
var<workgroup> ${name}_threads: array<f32, ${threads}>;
var<workgroup> ${name}_parts: array<f32, 16>;
fn ${name}(t: u32, x: f32) -> f32 {
  ${name}_threads[t] = x;
  workgroupBarrier();
  if (t < 16u) {
    var most = ${name}_threads[t];
    for (var i = 1u; i < ${threads / 16}u; i++) { most = max(most, ${name}_threads[i * 16u + t]); }
    ${name}_parts[t] = most;
  }
  workgroupBarrier();
  var most = ${name}_parts[0];
  for (var i = 1u; i < 16u; i++) { most = max(most, ${name}_parts[i]); }
  return most;
}
`,
  )
})
