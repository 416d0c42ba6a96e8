import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import { NOISE_SCALARS, RELU_DROPOUT } from './activation.js'
import { STORE_GRADIENT } from './adam.js'
import { covariateSum, workgroupSum } from './minibatch.js'
import { PHILOX } from './philox.js'

/** Threads that share the cells of a feature. */
const LANES = 64
/** Of a workgroup where no other kernel is beside. */
export const NORM_THREADS = 256
/** Features that a workgroup owns. */
export const normFeatures = (threads = NORM_THREADS): number => threads / LANES
const PARTS = 8

/** Sums over the lanes of each feature, in a fixed order by two levels that does not depend on the workgroup's size. */
const laneSums = (features: number) => /* wgsl */ `
var<workgroup> lane_threads: array<f32, ${features * LANES}>;
var<workgroup> lane_parts: array<f32, ${PARTS * features}>;
fn lane_sum(t: u32, x: f32) -> f32 {
  lane_threads[t] = x;
  workgroupBarrier();
  if (t < ${PARTS * features}u) {
    var part = 0.0;
    for (var i = 0u; i < ${LANES / PARTS}u; i++) { part += lane_threads[i * ${PARTS * features}u + t]; }
    lane_parts[t] = part;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < ${PARTS}u; i++) { total += lane_parts[i * ${features}u + t % ${features}u]; }
  return total;
}
`

const place = (features: number) => /* wgsl */ `
  let j = group.x * ${features}u + t % ${features}u;
  let lane = t / ${features}u;
  let inside = j < p.width;
  let cells = select(0u, p.cells, inside);`

const NORM_SCALARS = { cells: 'u32', width: 'u32', training: 'u32' } as const
/** Scale and shift as buffers of their own. */
const OWN_SCALE = /* wgsl */ `
fn scale_of(j: u32) -> f32 { return scale[j]; }
fn shift_of(j: u32) -> f32 { return shift[j]; }
`

const NORM_BUFFERS = {
  input: 'read f32',
  scale: 'read f32',
  shift: 'read f32',
  running: 'read_write f32',
  output: 'read_write f32',
  saved: 'read_write f32',
} as const

/** Batch normalisation: a workgroup owns features and passes over their cells (epsilon 1e-3, momentum 0.01). */
const batchNormCode = (put: string, before = '') => /* wgsl */ `${laneSums(normFeatures())}${put}
fn main(group: vec3u, groups: vec3u, t: u32) {
  ${place(normFeatures())}
  ${before}
  var mean = 0.0;
  var inverse = 0.0;
  if (p.training != 0u) {
    var sum = 0.0;
    for (var i = lane; i < cells; i += ${LANES}u) { sum += input[i * p.width + j]; }
    mean = lane_sum(t, sum) / f32(p.cells);
    var squares = 0.0;
    for (var i = lane; i < cells; i += ${LANES}u) {
      let d = input[i * p.width + j] - mean;
      squares += d * d;
    }
    squares = lane_sum(t, squares);
    inverse = 1.0 / sqrt(squares / f32(p.cells) + 1e-3);
    if (inside && lane == 0u) {
      let unbiased = squares / f32(max(p.cells, 2u) - 1u);
      running[j] = 0.99 * running[j] + 0.01 * mean;
      running[p.width + j] = 0.99 * running[p.width + j] + 0.01 * unbiased;
      saved[j] = mean;
      saved[p.width + j] = inverse;
    }
  } else if (inside) {
    mean = running[j];
    inverse = 1.0 / sqrt(running[p.width + j] + 1e-3);
  }
  if (!inside) { return; }
  let g = scale_of(j) * inverse;
  let b = shift_of(j);
  for (var i = lane; i < cells; i += ${LANES}u) {
    let at = i * p.width + j;
    put_normalised(at, i, j, (input[at] - mean) * g + b);
  }
}`

export const batchNorm = kernelSource({
  name: 'batch norm',
  threads: NORM_THREADS,
  scalars: NORM_SCALARS,
  buffers: NORM_BUFFERS,
  code: batchNormCode(`${OWN_SCALE}fn put_normalised(at: u32, i: u32, j: u32, x: f32) { output[at] = x; }`),
})

/** ReLU and dropout of what was normalised. */
const ACTIVATE = /* wgsl */ `${PHILOX}${RELU_DROPOUT}
fn put_normalised(at: u32, i: u32, j: u32, x: f32) {
  output[at] = x;
  var y = relu(x);
  if (p.dropout > 0.0) { y *= kept(philox(p.seed, p.purpose, j / 4u, i, p.step), j); }
  activation[at] = y;
}
`

/** Batch normalisation with ReLU and dropout after it. */
export const batchNormRelu = kernelSource({
  name: 'batch norm, relu, dropout',
  threads: NORM_THREADS,
  scalars: { ...NORM_SCALARS, dropout: 'f32', ...NOISE_SCALARS },
  buffers: { ...NORM_BUFFERS, activation: 'read_write f32' },
  code: batchNormCode(OWN_SCALE + ACTIVATE),
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
  code: batchNormCode(
    /* wgsl */ `${covariateSum('p.weightAt')}${ACTIVATE}
fn scale_of(j: u32) -> f32 { return weight[p.scaleAt + j]; }
fn shift_of(j: u32) -> f32 { return weight[p.shiftAt + j]; }
`,
    /* wgsl */ `
  for (var i = lane; i < cells; i += ${LANES}u) {
    var x = 0.0;
    for (var k = 0u; k < p.k; k++) { x += layerInput[i * p.k + k] * weight[p.weightAt + k * p.width + j]; }
    input[i * p.width + j] = x + weight[p.biasAt + j] + covariate_sum(i, p.k, p.width, j);
  }`,
  ),
})

/**
 * Back through batch normalisation: a feature's sums of the gradient and of gradient × normalised input, from them the gradients
 * by scale, shift and input.
 *
 * @param gradient WGSL that declares `g`, the gradient by what was normalised, at `at`
 */
const normGradientCode = (
  gradient: string,
  features = normFeatures(),
) => /* wgsl */ `${laneSums(features)}${STORE_GRADIENT}
fn main(group: vec3u, groups: vec3u, t: u32) {
  ${place(features)}
  let mean = saved[min(j, p.width - 1u)];
  let inverse = saved[p.width + min(j, p.width - 1u)];
  var sumG = 0.0;
  var sumGx = 0.0;
  for (var i = lane; i < cells; i += ${LANES}u) {
    let at = i * p.width + j;
    ${gradient}
    sumG += g;
    sumGx += g * ((input[at] - mean) * inverse);
  }
  sumG = lane_sum(t, sumG);
  sumGx = lane_sum(t, sumGx);
  if (!inside) { return; }
  if (lane == 0u) {
    put(p.scaleAt + j, sumGx);
    put(p.shiftAt + j, sumG);
  }
  let meanG = sumG / f32(p.cells);
  let meanGx = sumGx / f32(p.cells);
  let factor = scale[j] * inverse;
  for (var i = lane; i < cells; i += ${LANES}u) {
    let at = i * p.width + j;
    let x = (input[at] - mean) * inverse;
    inputGradient[at] = factor * (outputGradient[at] - meanG - x * meanGx);
  }
}`

export const batchNormGradient = kernelSource({
  name: 'batch norm gradient',
  threads: NORM_THREADS,
  scalars: { cells: 'u32', width: 'u32', scaleAt: 'u32', shiftAt: 'u32' },
  buffers: {
    input: 'read f32',
    scale: 'read f32',
    saved: 'read f32',
    outputGradient: 'read f32',
    gradient: 'read_write f32',
    inputGradient: 'read_write f32',
  },
  code: normGradientCode('let g = outputGradient[at];'),
})

/**
 * The gradient back through dropout, ReLU and batch normalisation. What comes from above may still lie in the layers of a split
 * product: they are added up on the way and the sum is stored too.
 */
export const batchNormReluGradient = perKey((threads: number) =>
  kernelSource({
    name: 'batch norm, relu, dropout gradient',
    threads,
    scalars: {
      cells: 'u32',
      width: 'u32',
      scaleAt: 'u32',
      shiftAt: 'u32',
      dropout: 'f32',
      layers: 'u32',
      layerSize: 'u32',
    },
    buffers: {
      input: 'read f32',
      scale: 'read f32',
      saved: 'read f32',
      activation: 'read f32',
      parts: 'read f32',
      activationGradient: 'read_write f32',
      outputGradient: 'read_write f32',
      gradient: 'read_write f32',
      inputGradient: 'read_write f32',
    },
    code: normGradientCode(
      /* wgsl */ `if (p.layers > 0u) {
      var sum = parts[at];
      for (var k = 1u; k < p.layers; k++) { sum += parts[k * p.layerSize + at]; }
      activationGradient[at] = sum;
    }
    var g = 0.0;
    if (activation[at] > 0.0) { g = 1.0 / (1.0 - p.dropout) * activationGradient[at]; }
    outputGradient[at] = g;`,
      normFeatures(threads),
    ),
  }),
)

const ROW_THREADS = 64

/** Layer normalisation: a workgroup owns a cell (epsilon 1e-5). */
export const layerNorm = kernelSource({
  name: 'layer norm',
  threads: ROW_THREADS,
  scalars: { width: 'u32' },
  buffers: { input: 'read f32', output: 'read_write f32', saved: 'read_write f32' },
  code: /* wgsl */ `${workgroupSum(ROW_THREADS)}
fn main(group: vec3u, groups: vec3u, t: u32) {
  let row = group.x * p.width;
  var part = 0.0;
  for (var j = t; j < p.width; j += ${ROW_THREADS}u) { part += input[row + j]; }
  let mean = workgroup_sum(t, part) / f32(p.width);
  part = 0.0;
  for (var j = t; j < p.width; j += ${ROW_THREADS}u) {
    let d = input[row + j] - mean;
    part += d * d;
  }
  let inverse = 1.0 / sqrt(workgroup_sum(t, part) / f32(p.width) + 1e-5);
  if (t == 0u) { saved[group.x] = inverse; }
  for (var j = t; j < p.width; j += ${ROW_THREADS}u) { output[row + j] = (input[row + j] - mean) * inverse; }
}`,
})

export const layerNormGradient = kernelSource({
  name: 'layer norm gradient',
  threads: ROW_THREADS,
  scalars: { width: 'u32' },
  buffers: {
    output: 'read f32',
    saved: 'read f32',
    outputGradient: 'read f32',
    inputGradient: 'read_write f32',
  },
  code: /* wgsl */ `${workgroupSum(ROW_THREADS)}
fn main(group: vec3u, groups: vec3u, t: u32) {
  let row = group.x * p.width;
  var partG = 0.0;
  var partGy = 0.0;
  for (var j = t; j < p.width; j += ${ROW_THREADS}u) {
    partG += outputGradient[row + j];
    partGy += outputGradient[row + j] * output[row + j];
  }
  let meanG = workgroup_sum(t, partG) / f32(p.width);
  let meanGy = workgroup_sum(t, partGy) / f32(p.width);
  let inverse = saved[group.x];
  for (var j = t; j < p.width; j += ${ROW_THREADS}u) {
    inputGradient[row + j] = inverse * (outputGradient[row + j] - meanG - output[row + j] * meanGy);
  }
}`,
})
