import { kernelSource } from '../queue/kernel-source.js'
import type { Scope } from '../queue/scope.js'
import { NOISE_SCALARS, RELU_DROPOUT } from './activation.js'
import { LANES, laneOf, laneSum, NORM_THREADS, normFeatures } from './lanes.js'
import { covariateSum, ownCovariates } from './minibatch.js'

const NORM_SCALARS = { cells: 'u32', width: 'u32', training: 'u32' } as const

const NORM_BUFFERS = {
  input: 'read f32',
  scale: 'read f32',
  shift: 'read f32',
  running: 'read_write f32',
  output: 'read_write f32',
  saved: 'read_write f32',
} as const

/** Where batch normalisation has its parameters of feature j, and what becomes of `x`, its result at `at` for cell i. */
interface Normalised {
  scale: string
  shift: string
  put: string
}

/** Batch normalisation: a workgroup owns features and passes over their cells (epsilon 1e-3, momentum 0.01). */
function batchNormCode(
  {
    p,
    buffers: { input, running, saved },
    use,
  }: Scope<keyof typeof NORM_SCALARS, 'input' | 'running' | 'saved'>,
  { scale, shift, put }: Normalised,
): string {
  const sum = use(laneSum(normFeatures()))
  return /* wgsl */ `
  var mean = 0.0;
  var inverse = 0.0;
  if (${p.training} != 0u) {
    var sum = 0.0;
    for (var i = lane; i < cells; i += ${LANES}u) { sum += ${input`i * ${p.width} + j`}; }
    mean = ${sum}(t, sum) / f32(${p.cells});
    var squares = 0.0;
    for (var i = lane; i < cells; i += ${LANES}u) {
      let d = ${input`i * ${p.width} + j`} - mean;
      squares += d * d;
    }
    squares = ${sum}(t, squares);
    inverse = 1.0 / sqrt(squares / f32(${p.cells}) + 1e-3);
    if (inside && lane == 0u) {
      let unbiased = squares / f32(max(${p.cells}, 2u) - 1u);
      ${running`j`} = 0.99 * ${running`j`} + 0.01 * mean;
      ${running`${p.width} + j`} = 0.99 * ${running`${p.width} + j`} + 0.01 * unbiased;
      ${saved`j`} = mean;
      ${saved`${p.width} + j`} = inverse;
    }
  } else if (inside) {
    mean = ${running`j`};
    inverse = 1.0 / sqrt(${running`${p.width} + j`} + 1e-3);
  }
  if (!inside) { return; }
  let g = ${scale} * inverse;
  let b = ${shift};
  for (var i = lane; i < cells; i += ${LANES}u) {
    let at = i * ${p.width} + j;
    let x = (${input`at`} - mean) * g + b;
    ${put}
  }`
}

/** Scale and shift as buffers of their own. */
const ownScale = ({ buffers: { scale, shift } }: Scope<never, 'scale' | 'shift'>) => ({
  scale: scale`j`,
  shift: shift`j`,
})

export const batchNorm = kernelSource({
  name: 'batch norm',
  threads: NORM_THREADS,
  scalars: NORM_SCALARS,
  buffers: NORM_BUFFERS,
  code: (scope) => {
    const put = `${scope.buffers.output`at`} = x;`
    return laneOf(scope, normFeatures()) + batchNormCode(scope, { ...ownScale(scope), put })
  },
})

/** ReLU and dropout of what was normalised. */
function activate({
  p,
  buffers: { output, activation },
  use,
}: Scope<'dropout' | keyof typeof NOISE_SCALARS, 'output' | 'activation'>): string {
  use(RELU_DROPOUT)
  return /* wgsl */ `
    ${output`at`} = x;
    var y = relu(x);
    if (${p.dropout} > 0.0) { y *= kept(philox(${p.seed}, ${p.purpose}, j / 4u, i, ${p.step}), j, ${p.dropout}); }
    ${activation`at`} = y;`
}

/** Batch normalisation with ReLU and dropout after it. */
export const batchNormRelu = kernelSource({
  name: 'batch norm, relu, dropout',
  threads: NORM_THREADS,
  scalars: { ...NORM_SCALARS, dropout: 'f32', ...NOISE_SCALARS },
  buffers: { ...NORM_BUFFERS, activation: 'read_write f32' },
  code: (scope) =>
    laneOf(scope, normFeatures()) + batchNormCode(scope, { ...ownScale(scope), put: activate(scope) }),
})

/** Inputs up to which a thread that owns a feature may well multiply them itself. */
export const MOST_NARROW_INPUTS = 64

/** A linear layer with few inputs, batch normalisation, ReLU and dropout: a whole hidden layer. */
export const narrowLayer = kernelSource({
  name: 'linear, batch norm, relu, dropout',
  threads: NORM_THREADS,
  scalars: {
    ...NORM_SCALARS,
    dropout: 'f32',
    ...NOISE_SCALARS,
    k: 'u32',
    capacity: 'u32',
    weightAt: 'u32',
    biasAt: 'u32',
    scaleAt: 'u32',
    shiftAt: 'u32',
  },
  buffers: {
    layerInput: 'read f32',
    weight: 'read f32',
    metadata: 'read u32',
    uses: 'read u32',
    running: 'read_write f32',
    saved: 'read_write f32',
    input: 'read_write f32',
    output: 'read_write f32',
    activation: 'read_write f32',
  },
  code: (scope) => {
    const { p, buffers } = scope
    const { layerInput, weight, input } = buffers
    const covariates = covariateSum(scope, ownCovariates(scope), p.weightAt)
    const norm = batchNormCode(scope, {
      scale: weight`${p.scaleAt} + j`,
      shift: weight`${p.shiftAt} + j`,
      put: activate(scope),
    })
    return /* wgsl */ `${laneOf(scope, normFeatures())}
  for (var i = lane; i < cells; i += ${LANES}u) {
    var x = 0.0;
    for (var k = 0u; k < ${p.k}; k++) { x += ${layerInput`i * ${p.k} + k`} * ${weight`${p.weightAt} + k * ${p.width} + j`}; }
    ${input`i * ${p.width} + j`} = x + ${weight`${p.biasAt} + j`} + ${covariates}(i, ${p.k}, ${p.width}, j);
  }
  ${norm}`
  },
})
