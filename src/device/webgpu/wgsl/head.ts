import type { Likelihood } from '../../device.js'
import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import { ADAM_STEP, STORE_GRADIENT } from './adam.js'
import { likelihoodTerms } from './likelihood.js'
import { MATH } from './math.js'
import { CELL_ENTRIES, entryReads, FIELD, workgroupSum } from './minibatch.js'

export type Scale = 'softmax' | 'softplus'

/** The softmax's normaliser of a row of logits: its maximum, and the sum of exponentials from there. */
const rowMaximum = (threads: number) => /* wgsl */ `
var<workgroup> max_threads: array<f32, ${threads}>;
var<workgroup> max_parts: array<f32, 16>;
fn row_maximum(t: u32, x: f32) -> f32 {
  max_threads[t] = x;
  workgroupBarrier();
  if (t < 16u) {
    var most = max_threads[t];
    for (var i = 1u; i < ${threads / 16}u; i++) { most = max(most, max_threads[i * 16u + t]); }
    max_parts[t] = most;
  }
  workgroupBarrier();
  var most = max_parts[0];
  for (var i = 1u; i < 16u; i++) { most = max(most, max_parts[i]); }
  return most;
}
`

const normaliser = (buffer: string, row: string, threads: number) => /* wgsl */ `
  var most = -3.4e38;
  for (var g = t; g < p.genes; g += ${threads}u) { most = max(most, ${buffer}[${row} + g]); }
  most = row_maximum(t, most);
  var exponentials = 0.0;
  for (var g = t; g < p.genes; g += ${threads}u) { exponentials += exp_(${buffer}[${row} + g] - most); }
  let total_exponential = workgroup_sum(t, exponentials);`

const LOG_SIZE = /* wgsl */ `
fn log_size(cell: u32) -> f32 {
  if (p.drawnSize != 0u) { return logSize[cell]; }
  return bitcast<f32>(metadata[${FIELD.logSize}u * p.capacity + cell]);
}`

/** Where the rows of the head's workspace start: logits, gradient by logits, by log θ, logits of dropout and their gradient. */
export const WORK_SCALARS = { gradientAt: 'u32', dispersionAt: 'u32', zeroAt: 'u32', sumAt: 'u32' } as const

/**
 * The row pass: a workgroup owns a cell. Softmax, likelihood and the loss's gradient by every logit, by the log dispersions
 * and by the logits of dropout; the products that follow only read them. Zeros are a dense pass without gamma functions, the
 * nonzeros a second one over the cell's entries, so that no thread waits for another's logarithms.
 */
export const headRows = perKey((likelihood: Likelihood, scale: Scale, packed: boolean, threads: number) => {
  const dispersed = likelihood !== 'poisson'
  const inflated = likelihood === 'zinb'
  const softmax = scale === 'softmax'
  const meanOf = softmax ? 'size * exp_(work[row + g] - most)' : 'size * softplus(work[row + g])'
  return kernelSource({
    name: `head rows ${likelihood}`,
    threads,
    // logits twice, log1p counts, the gradients by the logits three times; what is by dispersion and dropout
    work: ({ cells, genes }) => ({
      flops: 0,
      bytes: 4 * cells * genes * (6 + Number(dispersed) + 2 * Number(inflated)),
    }),
    scalars: {
      chunk: 'u32',
      capacity: 'u32',
      cells: 'u32',
      genes: 'u32',
      drawnSize: 'u32',
      byBatch: 'u32',
      ...WORK_SCALARS,
    },
    buffers: {
      metadata: 'read u32',
      entries: 'read u32',
      dense: 'read f32',
      logSize: 'read f32',
      logDispersion: 'read f32',
      work: 'read_write f32',
      logLikelihood: 'read_write f32',
    },
    code: /* wgsl */ `${likelihoodTerms(likelihood)}${entryReads(packed)}${CELL_ENTRIES}${workgroupSum(threads)}${rowMaximum(threads)}${LOG_SIZE}
fn main(group: vec3u, groups: vec3u, t: u32) {
  let cell = group.x;
  let span = cell_entries(t, cell);
  if (span.x != p.chunk) { return; }
  let row = cell * p.genes;
  let weight = -1.0 / f32(p.cells);
  let dispersions = select(0u, metadata[${FIELD.covariates}u * p.capacity + cell] * p.genes, p.byBatch != 0u);
  ${softmax ? normaliser('work', 'row', threads) : ''}
  let size = exp_(log_size(cell)${softmax ? ' - log_(total_exponential)' : ''});
  var sums = vec2f();
  for (var g = t; g < p.genes; g += ${threads}u) {
    if (dense[row + g] != 0.0) { continue; }
    let theta = ${dispersed ? 'min(exp_(logDispersion[dispersions + g]), 1e9)' : '1.0'};
    let pi = ${inflated ? 'work[p.zeroAt + row + g]' : '0.0'};
    let terms = zero_terms(${meanOf}, theta, pi);
    sums += terms.xy;
    work[p.gradientAt + row + g] = terms.y;
    ${dispersed ? 'work[p.dispersionAt + row + g] = weight * theta * terms.z;' : ''}
    ${inflated ? 'work[p.zeroAt + row + g] = weight * terms.w;' : ''}
  }
  for (var k = span.y + t; k < span.z; k += ${threads}u) {
    let g = entry_gene(k);
    let theta = ${dispersed ? 'min(exp_(logDispersion[dispersions + g]), 1e9)' : '1.0'};
    let pi = ${inflated ? 'work[p.zeroAt + row + g]' : '0.0'};
    let terms = count_terms(entry_count(k), ${meanOf}, theta, pi);
    sums += terms.xy;
    work[p.gradientAt + row + g] = terms.y;
    ${dispersed ? 'work[p.dispersionAt + row + g] = weight * theta * terms.z;' : ''}
    ${inflated ? 'work[p.zeroAt + row + g] = weight * terms.w;' : ''}
  }
  let likelihood = workgroup_sum(t, sums.x);
  let total = workgroup_sum(t, sums.y);
  if (t == 0u) {
    logLikelihood[cell] = likelihood - bitcast<f32>(metadata[${FIELD.constant}u * p.capacity + cell]);
    work[p.sumAt + cell] = weight * total;
  }
  ${softmax ? 'let share = total / total_exponential;' : ''}
  storageBarrier();
  for (var g = t; g < p.genes; g += ${threads}u) {
    let q = work[p.gradientAt + row + g];
    ${
      softmax
        ? 'work[p.gradientAt + row + g] = weight * (q - exp_(work[row + g] - most) * share);'
        : `let a = work[row + g];
    work[p.gradientAt + row + g] = weight * q * sigmoid(a) / max(softplus(a), 1e-30);`
    }
  }
}`,
  })
})

/** Logits (in `mean`) become expected counts. A workgroup owns a cell. */
export const headMeans = perKey((scale: Scale, threads: number) => {
  const softmax = scale === 'softmax'
  return kernelSource({
    name: 'head means',
    threads,
    scalars: { capacity: 'u32', genes: 'u32', drawnSize: 'u32' },
    buffers: { metadata: 'read u32', logSize: 'read f32', mean: 'read_write f32' },
    code: /* wgsl */ `${MATH}${workgroupSum(threads)}${rowMaximum(threads)}${LOG_SIZE}
fn main(group: vec3u, groups: vec3u, t: u32) {
  let cell = group.x;
  let row = cell * p.genes;
  ${softmax ? normaliser('mean', 'row', threads) : ''}
  let size = exp_(log_size(cell)${softmax ? ' - log_(total_exponential)' : ''});
  for (var g = t; g < p.genes; g += ${threads}u) {
    mean[row + g] = ${softmax ? 'size * exp_(mean[row + g] - most)' : 'size * softplus(mean[row + g])'};
  }
}`,
  })
})

/** Threads that share the cells of a gene, whatever the workgroup's size: the order of a sum is its result. */
const COLUMN_LANES = 8

/** Genes that a workgroup of the column pass owns. */
export const columnGenes = (threads: number): number => threads / COLUMN_LANES

/**
 * The column pass: sums over the cells, which are the gradients by the biases and the log dispersions. A workgroup owns genes;
 * along y, one for each batch where dispersions go by batch.
 */
const columnsCode = (likelihood: Likelihood, threads: number, put: string) => {
  const genes = columnGenes(threads)
  return /* wgsl */ `${put}
var<workgroup> column_parts: array<vec3f, ${threads}>;
fn main(group: vec3u, groups: vec3u, t: u32) {
  let g = group.x * ${genes}u + t % ${genes}u;
  let lane = t / ${genes}u;
  var sums = vec3f();
  if (g < p.genes) {
    for (var i = lane; i < p.cells; i += ${COLUMN_LANES}u) {
      let at = i * p.genes + g;
      ${
        likelihood === 'poisson'
          ? ''
          : `if (p.byBatch == 0u || metadata[${FIELD.covariates}u * p.capacity + i] == group.y) { sums.y += work[p.dispersionAt + at]; }`
      }
      if (group.y == 0u) {
        sums.x += work[p.gradientAt + at];
        ${likelihood === 'zinb' ? 'sums.z += work[p.zeroAt + at];' : ''}
      }
    }
  }
  column_parts[t] = sums;
  workgroupBarrier();
  if (lane != 0u || g >= p.genes) { return; }
  for (var k = 1u; k < ${COLUMN_LANES}u; k++) { sums += column_parts[k * ${genes}u + t]; }
  ${likelihood === 'poisson' ? '' : 'put(p.logDispersionAt + group.y * p.genes + g, sums.y);'}
  if (group.y == 0u) {
    put(p.biasAt + g, sums.x);
    ${likelihood === 'zinb' ? 'put(p.zeroBiasAt + g, sums.z);' : ''}
  }
}`
}

const COLUMN_SCALARS = {
  capacity: 'u32',
  cells: 'u32',
  genes: 'u32',
  byBatch: 'u32',
  ...WORK_SCALARS,
  biasAt: 'u32',
  zeroBiasAt: 'u32',
  logDispersionAt: 'u32',
} as const

export const headColumnGradient = perKey((likelihood: Likelihood, threads: number) =>
  kernelSource({
    name: 'head columns',
    threads,
    scalars: COLUMN_SCALARS,
    buffers: { metadata: 'read u32', work: 'read f32', gradient: 'read_write f32' },
    code: columnsCode(likelihood, threads, STORE_GRADIENT),
  }),
)

export const headColumnUpdate = perKey((likelihood: Likelihood, threads: number) =>
  kernelSource({
    name: 'head columns with adam',
    threads,
    scalars: COLUMN_SCALARS,
    adam: true,
    buffers: {
      metadata: 'read u32',
      work: 'read f32',
      value: 'read_write f32',
      firstMoment: 'read_write f32',
      secondMoment: 'read_write f32',
    },
    code: columnsCode(likelihood, threads, ADAM_STEP),
  }),
)
