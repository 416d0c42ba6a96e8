import { kernelSource, type Work } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import { ADAM_STEP, STORE_GRADIENT } from './adam.js'
import { MATH } from './math.js'
import { CELL_ENTRIES, COVARIATE_INPUT, covariateSum, entryReads } from './minibatch.js'
import { product, type Tile, tileName, tileThreads } from './product.js'

/** Of a product whose operands and result each pass memory once; the result so many times. */
const productWork =
  (passes = 1) =>
  ({ m, n, k }: Record<'m' | 'n' | 'k', number>): Work => ({
    flops: 2 * m * n * k,
    bytes: 4 * (m * k + k * n + passes * m * n),
  })

const PRODUCT_SCALARS = { m: 'u32', n: 'u32', k: 'u32', kSplit: 'u32' } as const

/** cells × inputs times inputs × outputs, plus bias and covariates. */
export const linearForward = perKey((tile: Tile) =>
  kernelSource({
    name: `linear ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(),
    scalars: { ...PRODUCT_SCALARS, capacity: 'u32' },
    buffers: {
      input: 'read f32',
      weight: 'read f32',
      bias: 'read f32',
      metadata: 'read u32',
      uses: 'read u32',
      output: 'read_write f32',
    },
    code: `${covariateSum()}
fn left(m: u32, k: u32, kEnd: u32) -> f32 { if (m < p.m && k < kEnd) { return input[m * p.k + k]; } return 0.0; }
fn right(k: u32, n: u32, kEnd: u32) -> f32 { if (n < p.n && k < kEnd) { return weight[k * p.n + n]; } return 0.0; }
fn finish(m: u32, n: u32, split: u32, x: f32) {
  output[m * p.n + n] = x + bias[n] + covariate_sum(m, p.k, p.n, n);
}
${product(tile, 'k', 'outer')}`,
  }),
)

/** A product of plain matrices, m × k times k × n; `kSplit` summands a layer of the output (splits × m × n). */
export const plainProduct = perKey((tile: Tile) =>
  kernelSource({
    name: `product ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(),
    scalars: { ...PRODUCT_SCALARS, layer: 'u32' },
    buffers: { input: 'read f32', weight: 'read f32', output: 'read_write f32' },
    code: `
fn left(m: u32, k: u32, kEnd: u32) -> f32 { if (m < p.m && k < kEnd) { return input[m * p.k + k]; } return 0.0; }
fn right(k: u32, n: u32, kEnd: u32) -> f32 { if (n < p.n && k < kEnd) { return weight[k * p.n + n]; } return 0.0; }
fn finish(m: u32, n: u32, split: u32, x: f32) { output[((p.layer + split) * p.m + m) * p.n + n] = x; }
${product(tile, 'k', 'outer')}`,
  }),
)

/** Adds the layers of a split product up, in order. */
export const sumLayers = kernelSource({
  name: 'sum layers',
  threads: 256,
  scalars: { size: 'u32', layers: 'u32' },
  buffers: { input: 'read f32', output: 'read_write f32' },
  code: /* wgsl */ `
fn main(group: vec3u, groups: vec3u, t: u32) {
  for (var i = group.x * 256u + t; i < p.size; i += groups.x * 256u) {
    var sum = input[i];
    for (var k = 1u; k < p.layers; k++) { sum += input[k * p.size + i]; }
    output[i] = sum;
  }
}`,
})

/** Rows times the rows of a weight that is outputs × inputs (m × k times the transpose of n × k): with a bias, or added to. */
export const transposedProduct = perKey((tile: Tile) =>
  kernelSource({
    name: `transposed product ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(),
    scalars: { ...PRODUCT_SCALARS, biased: 'u32', accumulate: 'u32' },
    buffers: { input: 'read f32', weight: 'read f32', bias: 'read f32', output: 'read_write f32' },
    code: `
fn left(m: u32, k: u32, kEnd: u32) -> f32 { if (m < p.m && k < kEnd) { return input[m * p.k + k]; } return 0.0; }
fn right(k: u32, n: u32, kEnd: u32) -> f32 { if (n < p.n && k < kEnd) { return weight[n * p.k + k]; } return 0.0; }
fn finish(m: u32, n: u32, split: u32, x: f32) {
  let at = m * p.n + n;
  var sum = x;
  if (p.biased != 0u) { sum += bias[n]; }
  if (p.accumulate != 0u) { sum += output[at]; }
  output[at] = sum;
}
${product(tile, 'k', 'k')}`,
  }),
)

/**
 * Gradient by a weight, the transposed input times the output's gradient: a sum over the minibatch's cells. Rows past the
 * `inputs` are those of the covariates, then one for the bias, so that one dispatch does all of a layer.
 */
const weightGradientCode = (tile: Tile, put: string) => `${COVARIATE_INPUT}${put}
fn left(m: u32, k: u32, kEnd: u32) -> f32 {
  if (m >= p.m || k >= kEnd) { return 0.0; }
  if (m < p.inputs) { return input[k * p.inputs + m]; }
  if (m < p.inputs + uses[2]) { return covariate_input(k, m - p.inputs); }
  return 1.0;
}
fn right(k: u32, n: u32, kEnd: u32) -> f32 { if (n < p.n && k < kEnd) { return outputGradient[k * p.n + n]; } return 0.0; }
fn finish(m: u32, n: u32, split: u32, x: f32) {
  if (m < p.inputs + uses[2]) { put(p.weightAt + m * p.n + n, x); } else { put(p.biasAt + n, x); }
}
${product(tile, 'outer', 'outer')}`

const WEIGHT_GRADIENT_SCALARS = {
  ...PRODUCT_SCALARS,
  capacity: 'u32',
  inputs: 'u32',
  weightAt: 'u32',
  biasAt: 'u32',
} as const

const WEIGHT_GRADIENT_BUFFERS = {
  input: 'read f32',
  outputGradient: 'read f32',
  metadata: 'read u32',
  uses: 'read u32',
} as const

export const weightGradient = perKey((tile: Tile) =>
  kernelSource({
    name: `weight gradient ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(),
    scalars: WEIGHT_GRADIENT_SCALARS,
    buffers: { ...WEIGHT_GRADIENT_BUFFERS, gradient: 'read_write f32' },
    code: weightGradientCode(tile, STORE_GRADIENT),
  }),
)

export const weightUpdate = perKey((tile: Tile) =>
  kernelSource({
    name: `weight update ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(6),
    scalars: WEIGHT_GRADIENT_SCALARS,
    adam: true,
    buffers: {
      ...WEIGHT_GRADIENT_BUFFERS,
      value: 'read_write f32',
      firstMoment: 'read_write f32',
      secondMoment: 'read_write f32',
    },
    code: weightGradientCode(tile, ADAM_STEP),
  }),
)

/**
 * The weight gradients beside the latent in one dispatch: along z the layer above the draw (with its covariates), then those to
 * mean and raw variance, which share their input.
 */
export const latentWeightGradients = perKey((tile: Tile) =>
  kernelSource({
    name: `latent weight gradients ${tileName(tile)}`,
    threads: tileThreads(tile),
    scalars: {
      k: 'u32',
      kSplit: 'u32',
      capacity: 'u32',
      dimensions: 'u32',
      above: 'u32',
      below: 'u32',
      aboveRows: 'u32',
      aboveWeightAt: 'u32',
      aboveBiasAt: 'u32',
      meanWeightAt: 'u32',
      meanBiasAt: 'u32',
      varianceWeightAt: 'u32',
      varianceBiasAt: 'u32',
    },
    buffers: {
      draw: 'read f32',
      aboveGradient: 'read f32',
      hidden: 'read f32',
      meanGradient: 'read f32',
      rawVarianceGradient: 'read f32',
      metadata: 'read u32',
      uses: 'read u32',
      gradient: 'read_write f32',
    },
    code: /* wgsl */ `${COVARIATE_INPUT}${STORE_GRADIENT}
var<private> job: u32;
var<private> rows: u32;
var<private> columns: u32;
fn left(m: u32, k: u32, kEnd: u32) -> f32 {
  if (m >= rows || k >= kEnd) { return 0.0; }
  if (m == rows - 1u) { return 1.0; }
  if (job > 0u) { return hidden[k * p.below + m]; }
  if (m < p.dimensions) { return draw[k * p.dimensions + m]; }
  return covariate_input(k, m - p.dimensions);
}
fn right(k: u32, n: u32, kEnd: u32) -> f32 {
  if (n >= columns || k >= kEnd) { return 0.0; }
  if (job == 0u) { return aboveGradient[k * p.above + n]; }
  if (job == 1u) { return meanGradient[k * p.dimensions + n]; }
  return rawVarianceGradient[k * p.dimensions + n];
}
fn finish(m: u32, n: u32, split: u32, x: f32) {
  let weights = array(p.aboveWeightAt, p.meanWeightAt, p.varianceWeightAt);
  let biases = array(p.aboveBiasAt, p.meanBiasAt, p.varianceBiasAt);
  if (m < rows - 1u) { put(weights[job] + m * columns + n, x); } else { put(biases[job] + n, x); }
}
${product(tile, 'outer', 'outer', {
  start: `let jobRows = select(p.below + 1u, p.aboveRows, group.z == 0u);
  let jobColumns = select(p.dimensions, p.above, group.z == 0u);
  if (m0 >= jobRows || n0 >= jobColumns) { return; }
  job = group.z;
  rows = jobRows;
  columns = jobColumns;`,
  m: 'rows',
  n: 'columns',
})}`,
  }),
)

/** Outputs that a workgroup of the sparse product takes. */
export const SPARSE_COLUMNS = 64

/**
 * log1p of the counts times a weight, by the nonzeros alone. A workgroup takes 64 outputs of one cell; its rows of
 * threads share the cell's entries, which are staged in workgroup memory.
 */
export const sparseForward = perKey((packed: boolean, threads: number) => {
  const shares = threads / SPARSE_COLUMNS
  return kernelSource({
    name: 'sparse linear',
    threads,
    scalars: { chunk: 'u32', capacity: 'u32', genes: 'u32', n: 'u32' },
    buffers: {
      entries: 'read u32',
      weight: 'read f32',
      bias: 'read f32',
      metadata: 'read u32',
      uses: 'read u32',
      output: 'read_write f32',
    },
    code: `${MATH}${entryReads(packed)}${CELL_ENTRIES}${covariateSum()}
var<workgroup> genes: array<u32, ${threads}>;
var<workgroup> values: array<f32, ${threads}>;
var<workgroup> parts: array<f32, ${threads}>;

fn main(group: vec3u, groups: vec3u, t: u32) {
  let cell = group.x;
  let span = cell_entries(t, cell);
  if (span.x != p.chunk) { return; }
  let start = span.y;
  let end = span.z;
  let column = group.y * ${SPARSE_COLUMNS}u + t % ${SPARSE_COLUMNS}u;
  let share = t / ${SPARSE_COLUMNS}u;
  let used = min(column, p.n - 1u);
  var sum = 0.0;
  for (var k0 = start; k0 < end; k0 += ${threads}u) {
    let n = min(${threads}u, end - k0);
    workgroupBarrier();
    if (t < n) {
      genes[t] = entry_gene(k0 + t) * p.n;
      values[t] = log1p_(entry_count(k0 + t));
    }
    workgroupBarrier();
    var k = share;
    for (; k + ${3 * shares}u < n; k += ${4 * shares}u) {
      let a = weight[genes[k] + used];
      let b = weight[genes[k + ${shares}u] + used];
      let c = weight[genes[k + ${2 * shares}u] + used];
      let d = weight[genes[k + ${3 * shares}u] + used];
      sum += values[k] * a;
      sum += values[k + ${shares}u] * b;
      sum += values[k + ${2 * shares}u] * c;
      sum += values[k + ${3 * shares}u] * d;
    }
    for (; k < n; k += ${shares}u) { sum += values[k] * weight[genes[k] + used]; }
  }
  parts[t] = sum;
  workgroupBarrier();
  if (share != 0u || column >= p.n) { return; }
  for (var s = 1u; s < ${shares}u; s++) { sum += parts[s * ${SPARSE_COLUMNS}u + t]; }
  output[cell * p.n + column] = sum + bias[column] + covariate_sum(cell, p.genes, p.n, column);
}`,
  })
})
