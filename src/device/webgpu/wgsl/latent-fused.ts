import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import { sharedCode } from '../queue/scope.js'
import { loopAtOnce } from './at-once.js'
import { DRAW_SCALARS, LATENT_SCALARS, normal, priorOf } from './latent.js'
import { MATH } from './math.js'
import { workgroupSum } from './workgroup.js'

/** Threads of the fused kernels: outputs times shares of a sum. */
const OUTPUTS = 32
const SHARES = 4
const FUSED = OUTPUTS * SHARES

/** Widest layer and most latent dimensions whose rows the fused kernels keep in workgroup memory. */
export const MOST_FUSED = { hidden: 2048, dimensions: 512 } as const

/** Sums of the shares of an output, in order; to be called by all threads. */
const SHARE_SUM = sharedCode(
  'share_sum',
  /* wgsl */ `
var<workgroup> share_parts: array<f32, ${FUSED}>;
fn share_sum(t: u32, x: f32) -> f32 {
  workgroupBarrier();
  share_parts[t] = x;
  workgroupBarrier();
  let o = t % ${OUTPUTS}u;
  var sum = share_parts[o];
  for (var s = 1u; s < ${SHARES}u; s++) { sum += share_parts[s * ${OUTPUTS}u + o]; }
  return sum;
}
`,
)

/** A loop over a share of a layer's places, by WGSL as {@link loopAtOnce} takes it. */
const shareOf = (
  width: string,
  read: (place: string, r: number) => string,
  then: (place: string, r: number) => string,
): string => loopAtOnce({ first: 'share', end: width, step: SHARES, rounds: 8 }, read, then)

/** The two linear layers to mean and raw variance, and the draw from them. A workgroup a cell. */
export const encodeLatent = perKey((hidden: number) =>
  kernelSource({
    name: 'encode latent',
    threads: FUSED,
    scalars: {
      ...LATENT_SCALARS,
      hidden: 'u32',
      meanWeightAt: 'u32',
      meanBiasAt: 'u32',
      varianceWeightAt: 'u32',
      varianceBiasAt: 'u32',
    },
    buffers: {
      input: 'read f32',
      values: 'read f32',
      prior: 'read f32',
      metadata: 'read u32',
      mean: 'read_write f32',
      rawVariance: 'read_write f32',
      output: 'read_write f32',
      kl: 'read_write f32',
    },
    code: (scope) => {
      const { p, buffers, workgroup, use } = scope
      const { input, values } = buffers
      use(MATH)
      const shareSum = use(SHARE_SUM)
      const row = workgroup('row', `array<f32, ${hidden}>`)
      return /* wgsl */ `
  let cell = group.x;
  for (var j = t; j < ${p.hidden}; j += ${FUSED}u) { ${row}[j] = ${input`cell * ${p.hidden} + j`}; }
  workgroupBarrier();
  let of_prior = ${priorOf(scope)}(cell);
  let inverse = 1.0 / of_prior.y;
  let log_prior = log_(of_prior.y);
  let share = t / ${OUTPUTS}u;
  var terms = 0.0;
  for (var k0 = 0u; k0 < ${p.dimensions}; k0 += ${OUTPUTS}u) {
    let k = k0 + t % ${OUTPUTS}u;
    var m = 0.0;
    var r = 0.0;
    if (k < ${p.dimensions}) {
${shareOf(
  p.hidden,
  (j, i) => /* wgsl */ `
    let mean${i} = ${values`${p.meanWeightAt} + ${j} * ${p.dimensions} + k`};
    let raw${i} = ${values`${p.varianceWeightAt} + ${j} * ${p.dimensions} + k`};`,
  (j, i) => `m += ${row}[${j}] * mean${i}; r += ${row}[${j}] * raw${i};`,
)}
    }
    m = ${shareSum}(t, m);
    r = ${shareSum}(t, r);
    if (share == 0u && k < ${p.dimensions}) {
      m += ${values`${p.meanBiasAt} + k`};
      r += ${values`${p.varianceBiasAt} + k`};
      let at = cell * ${p.dimensions} + k;
      ${buffers.mean`at`} = m;
      ${buffers.rawVariance`at`} = r;
      let variance = exp_(r) + 1e-4;
      ${buffers.output`at`} = m + sqrt(variance) * ${normal(scope)}(cell, k);
      let d = m - of_prior.x;
      terms += 0.5 * ((variance + d * d) * inverse - 1.0 - log_(variance) + log_prior);
    }
  }
  let total = ${use(workgroupSum(FUSED))}(t, terms);
  if (t == 0u) { ${buffers.kl`cell`} = total; }`
    },
  }),
)

/**
 * Back through the latent, a workgroup a cell: gradient by the draw from the layer above, by mean and raw variance under the
 * standard prior, and by the hidden layer below.
 */
export const latentBackward = perKey((above: number, dimensions: number) =>
  kernelSource({
    name: 'latent backward',
    threads: FUSED,
    scalars: {
      dimensions: 'u32',
      ...DRAW_SCALARS,
      klWeight: 'f32',
      above: 'u32',
      below: 'u32',
      aboveWeightAt: 'u32',
      meanWeightAt: 'u32',
      varianceWeightAt: 'u32',
    },
    buffers: {
      aboveGradient: 'read f32',
      values: 'read f32',
      mean: 'read f32',
      rawVariance: 'read f32',
      drawGradient: 'read_write f32',
      meanGradient: 'read_write f32',
      rawVarianceGradient: 'read_write f32',
      belowGradient: 'read_write f32',
    },
    code: (scope) => {
      const { p, buffers, workgroup, use } = scope
      const { values } = buffers
      use(MATH)
      const row = workgroup('row', `array<f32, ${above}>`)
      const byMean = workgroup('by_mean', `array<f32, ${dimensions}>`)
      const byRaw = workgroup('by_raw', `array<f32, ${dimensions}>`)
      return /* wgsl */ `
  let cell = group.x;
  for (var j = t; j < ${p.above}; j += ${FUSED}u) { ${row}[j] = ${buffers.aboveGradient`cell * ${p.above} + j`}; }
  workgroupBarrier();
  let share = t / ${OUTPUTS}u;
  for (var k0 = 0u; k0 < ${p.dimensions}; k0 += ${OUTPUTS}u) {
    let k = k0 + t % ${OUTPUTS}u;
    var g = 0.0;
    if (k < ${p.dimensions}) {
${shareOf(
  p.above,
  (j, i) => `let weight${i} = ${values`${p.aboveWeightAt} + k * ${p.above} + ${j}`};`,
  (j, i) => `g += ${row}[${j}] * weight${i};`,
)}
    }
    g = ${use(SHARE_SUM)}(t, g);
    if (share == 0u && k < ${p.dimensions}) {
      let at = cell * ${p.dimensions} + k;
      let e = exp_(${buffers.rawVariance`at`});
      let variance = e + 1e-4;
      let m = g + ${p.klWeight} * ${buffers.mean`at`};
      let r = 0.5 * (g * ${normal(scope)}(cell, k) / sqrt(variance) + ${p.klWeight} * (1.0 - 1.0 / variance)) * e;
      ${buffers.drawGradient`at`} = g;
      ${buffers.meanGradient`at`} = m;
      ${buffers.rawVarianceGradient`at`} = r;
      ${byMean}[k] = m;
      ${byRaw}[k] = r;
    }
  }
  workgroupBarrier();
  for (var j = t; j < ${p.below}; j += ${FUSED}u) {
    var sum = 0.0;
    for (var k = 0u; k < ${p.dimensions}; k++) {
      sum += ${byMean}[k] * ${values`${p.meanWeightAt} + j * ${p.dimensions} + k`};
      sum += ${byRaw}[k] * ${values`${p.varianceWeightAt} + j * ${p.dimensions} + k`};
    }
    ${buffers.belowGradient`cell * ${p.below} + j`} = sum;
  }`
    },
  }),
)
