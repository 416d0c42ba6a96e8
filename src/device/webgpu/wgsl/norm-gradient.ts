import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import type { Scope } from '../queue/scope.js'
import { storeGradient } from './adam.js'
import { each } from './at-once.js'
import { LANES, laneOf, laneSum, NORM_THREADS, normFeatures } from './lanes.js'

const GRADIENT_SCALARS = { cells: 'u32', width: 'u32', scaleAt: 'u32', shiftAt: 'u32' } as const

const GRADIENT_BUFFERS = {
  input: 'read f32',
  scale: 'read f32',
  saved: 'read f32',
  gradient: 'read_write f32',
  inputGradient: 'read_write f32',
} as const

/**
 * Back through batch normalisation: a feature's sums of the gradient and of gradient × normalised input, from them the gradients
 * by scale, shift and input.
 *
 * @param gradient WGSL that declares `g`, the gradient by what was normalised, at `at`
 */
function normGradientCode(
  scope: Scope<keyof typeof GRADIENT_SCALARS, keyof typeof GRADIENT_BUFFERS | 'outputGradient'>,
  gradient: string,
  features: number,
): string {
  const { p, buffers, use } = scope
  const { input, scale, saved, outputGradient, inputGradient } = buffers
  const sum = use(laneSum(features))
  const put = storeGradient(scope)
  return /* wgsl */ `${laneOf(scope, features)}
  let mean = ${saved`min(j, ${p.width} - 1u)`};
  let inverse = ${saved`${p.width} + min(j, ${p.width} - 1u)`};
  var sumG = 0.0;
  var sumGx = 0.0;
  for (var i = lane; i < cells; i += ${LANES}u) {
    let at = i * ${p.width} + j;
    ${gradient}
    sumG += g;
    sumGx += g * ((${input`at`} - mean) * inverse);
  }
  sumG = ${sum}(t, sumG);
  sumGx = ${sum}(t, sumGx);
  if (!inside) { return; }
  if (lane == 0u) {
    ${put}(${p.scaleAt} + j, sumGx);
    ${put}(${p.shiftAt} + j, sumG);
  }
  let meanG = sumG / f32(${p.cells});
  let meanGx = sumGx / f32(${p.cells});
  let factor = ${scale`j`} * inverse;
  for (var i = lane; i < cells; i += ${LANES}u) {
    let at = i * ${p.width} + j;
    let x = (${input`at`} - mean) * inverse;
    ${inputGradient`at`} = factor * (${outputGradient`at`} - meanG - x * meanGx);
  }`
}

export const batchNormGradient = kernelSource({
  name: 'batch norm gradient',
  threads: NORM_THREADS,
  scalars: GRADIENT_SCALARS,
  buffers: { ...GRADIENT_BUFFERS, outputGradient: 'read f32' },
  code: (scope) =>
    normGradientCode(scope, `let g = ${scope.buffers.outputGradient`at`};`, normFeatures(NORM_THREADS)),
})

/** Layers of a sum that are read before they are added up, in order. */
const LAYERS_AT_ONCE = 8

/**
 * The gradient back through dropout, ReLU and batch normalisation. What comes from above may still lie in the layers of a split
 * product: they are added up on the way and the sum is stored too.
 */
export const batchNormReluGradient = perKey((threads: number) =>
  kernelSource({
    name: 'batch norm, relu, dropout gradient',
    threads,
    scalars: { ...GRADIENT_SCALARS, dropout: 'f32', layers: 'u32', layerSize: 'u32' },
    buffers: {
      ...GRADIENT_BUFFERS,
      activation: 'read f32',
      parts: 'read f32',
      activationGradient: 'read_write f32',
      outputGradient: 'read_write f32',
    },
    code: (scope) => {
      const { p, buffers } = scope
      const { activation, parts, activationGradient, outputGradient } = buffers
      const gradient = /* wgsl */ `
    if (${p.layers} > 0u) {
      var sum = ${parts`at`};
      var k = 1u;
      for (; k + ${LAYERS_AT_ONCE}u <= ${p.layers}; k += ${LAYERS_AT_ONCE}u) {
        ${each(LAYERS_AT_ONCE, (l) => `let part${l} = ${parts`(k + ${l}u) * ${p.layerSize} + at`};`)}
        ${each(LAYERS_AT_ONCE, (l) => `sum += part${l};`)}
      }
      for (; k < ${p.layers}; k++) { sum += ${parts`k * ${p.layerSize} + at`}; }
      ${activationGradient`at`} = sum;
    }
    var g = 0.0;
    if (${activation`at`} > 0.0) { g = 1.0 / (1.0 - ${p.dropout}) * ${activationGradient`at`}; }
    ${outputGradient`at`} = g;`
      return normGradientCode(scope, gradient, normFeatures(threads))
    },
  }),
)
