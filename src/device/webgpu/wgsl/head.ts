import type { Likelihood } from '../../device.js'
import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import { type Scope, type SharedCode, sharedCode, type Words } from '../queue/scope.js'
import { ADAM_SCALARS, adamStep, storeGradient } from './adam.js'
import { likelihoodTerms } from './likelihood.js'
import { MATH } from './math.js'
import { cellEntries, entryReads, FIELD, workgroupSum } from './minibatch.js'

export type Scale = 'softmax' | 'softplus'

/** A function (t, x) that gives the largest number of a workgroup. */
const workgroupMaximum = perKey((threads: number): SharedCode => {
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

/**
 * How a row of logits becomes expected counts: WGSL that comes before, and a mean.
 *
 * @param logits the buffer that has gene g's at `row + g`
 */
function meansOf(
  { p, buffers, fn, use }: Scope<'genes' | 'capacity' | 'drawnSize', 'logSize' | 'metadata'>,
  logits: Words,
  scale: Scale,
  threads: number,
): { before: string; mean: string } {
  use(MATH)
  const logSize = fn(
    'log_size',
    '(cell: u32) -> f32',
    /* wgsl */ `
  if (${p.drawnSize} != 0u) { return ${buffers.logSize`cell`}; }
  return bitcast<f32>(${buffers.metadata`${FIELD.logSize}u * ${p.capacity} + cell`});`,
  )
  const logit = logits`row + g`
  if (scale === 'softplus') {
    return { before: `let size = exp_(${logSize}(cell));`, mean: `size * softplus(${logit})` }
  }
  const maximum = use(workgroupMaximum(threads))
  const sum = use(workgroupSum(threads))
  return {
    // the softmax's normaliser: the largest logit, and the sum of exponentials from there
    before: /* wgsl */ `
  var most = -3.4e38;
  for (var g = t; g < ${p.genes}; g += ${threads}u) { most = max(most, ${logit}); }
  most = ${maximum}(t, most);
  var exponentials = 0.0;
  for (var g = t; g < ${p.genes}; g += ${threads}u) { exponentials += exp_(${logit} - most); }
  let total_exponential = ${sum}(t, exponentials);
  let size = exp_(${logSize}(cell) - log_(total_exponential));`,
    mean: `size * exp_(${logit} - most)`,
  }
}

/**
 * Where the parts of the head's workspace start that come after the logits: gradients by the logits, those by log θ, logits of
 * dropout in whose place come their gradients, and each cell's sum of gradients.
 */
export const WORK_SCALARS = { gradientAt: 'u32', dispersionAt: 'u32', zeroAt: 'u32', sumAt: 'u32' } as const

/**
 * The row pass: a workgroup owns a cell. Softmax, likelihood and the loss's gradient by every logit, by the log dispersions
 * and by the logits of dropout; the products that follow only read them. Zeros are a dense pass without gamma functions, the
 * nonzeros a second one over the cell's entries, so that no thread waits for another's logarithms.
 */
export const headRows = perKey((likelihood: Likelihood, scale: Scale, packed: boolean, threads: number) => {
  const dispersed = likelihood !== 'poisson'
  const inflated = likelihood === 'zinb'
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
    code: (scope) => {
      const { p, buffers, use } = scope
      const { metadata, dense, logDispersion, work, logLikelihood } = buffers
      use(likelihoodTerms(likelihood))
      const sum = use(workgroupSum(threads))
      const entries = entryReads(scope, packed)
      const entriesOf = cellEntries(scope)
      const { before, mean } = meansOf(scope, work, scale, threads)
      const logit = work`row + g`
      const gradient = work`${p.gradientAt} + row + g`
      const zero = work`${p.zeroAt} + row + g`
      const theta = dispersed ? `min(exp_(${logDispersion`dispersions + g`}), 1e9)` : '1.0'
      const pi = inflated ? zero : '0.0'
      const keep = /* wgsl */ `
    sums += terms.xy;
    ${gradient} = terms.y;
    ${dispersed ? `${work`${p.dispersionAt} + row + g`} = weight * theta * terms.z;` : ''}
    ${inflated ? `${zero} = weight * terms.w;` : ''}`
      return /* wgsl */ `
  let cell = group.x;
  let span = ${entriesOf}(t, cell);
  if (span.x != ${p.chunk}) { return; }
  let row = cell * ${p.genes};
  let weight = -1.0 / f32(${p.cells});
  let dispersions = select(0u, ${metadata`${FIELD.covariates}u * ${p.capacity} + cell`} * ${p.genes}, ${p.byBatch} != 0u);
  ${before}
  var sums = vec2f();
  for (var g = t; g < ${p.genes}; g += ${threads}u) {
    if (${dense`row + g`} != 0.0) { continue; }
    let theta = ${theta};
    let pi = ${pi};
    let terms = zero_terms(${mean}, theta, pi);
    ${keep}
  }
  for (var k = span.y + t; k < span.z; k += ${threads}u) {
    let g = ${entries.gene}(k);
    let theta = ${theta};
    let pi = ${pi};
    let terms = count_terms(${entries.count}(k), ${mean}, theta, pi);
    ${keep}
  }
  let likelihood = ${sum}(t, sums.x);
  let total = ${sum}(t, sums.y);
  if (t == 0u) {
    ${logLikelihood`cell`} = likelihood - bitcast<f32>(${metadata`${FIELD.constant}u * ${p.capacity} + cell`});
    ${work`${p.sumAt} + cell`} = weight * total;
  }
  ${scale === 'softmax' ? 'let share = total / total_exponential;' : ''}
  storageBarrier();
  for (var g = t; g < ${p.genes}; g += ${threads}u) {
    let q = ${gradient};
    ${
      scale === 'softmax'
        ? `${gradient} = weight * (q - exp_(${logit} - most) * share);`
        : `let a = ${logit};
    ${gradient} = weight * q * sigmoid(a) / max(softplus(a), 1e-30);`
    }
  }`
    },
  })
})

/** Logits (in `mean`) become expected counts. A workgroup owns a cell. */
export const headMeans = perKey((scale: Scale, threads: number) =>
  kernelSource({
    name: 'head means',
    threads,
    scalars: { capacity: 'u32', genes: 'u32', drawnSize: 'u32' },
    buffers: { metadata: 'read u32', logSize: 'read f32', mean: 'read_write f32' },
    code: (scope) => {
      const { p, buffers } = scope
      const { before, mean } = meansOf(scope, buffers.mean, scale, threads)
      return /* wgsl */ `
  let cell = group.x;
  let row = cell * ${p.genes};
  ${before}
  for (var g = t; g < ${p.genes}; g += ${threads}u) { ${buffers.mean`row + g`} = ${mean}; }`
    },
  }),
)

/** Threads that share the cells of a gene, whatever the workgroup's size: the order of a sum is its result. */
const COLUMN_LANES = 8

/** Genes that a workgroup of the column pass owns. */
export const columnGenes = (threads: number): number => threads / COLUMN_LANES

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

/**
 * The column pass: sums over the cells, which are the gradients by the biases and the log dispersions. A workgroup owns genes;
 * along y, one for each batch where dispersions go by batch.
 *
 * @param put the function that takes a gradient
 */
function columnsCode(
  { p, buffers: { metadata, work }, workgroup }: Scope<keyof typeof COLUMN_SCALARS, 'metadata' | 'work'>,
  likelihood: Likelihood,
  threads: number,
  put: string,
): string {
  const dispersed = likelihood !== 'poisson'
  const inflated = likelihood === 'zinb'
  const genes = columnGenes(threads)
  const parts = workgroup('column_parts', `array<vec3f, ${threads}>`)
  const batch = metadata`${FIELD.covariates}u * ${p.capacity} + i`
  return /* wgsl */ `
  let g = group.x * ${genes}u + t % ${genes}u;
  let lane = t / ${genes}u;
  var sums = vec3f();
  if (g < ${p.genes}) {
    for (var i = lane; i < ${p.cells}; i += ${COLUMN_LANES}u) {
      let at = i * ${p.genes} + g;
      ${dispersed ? `if (${p.byBatch} == 0u || ${batch} == group.y) { sums.y += ${work`${p.dispersionAt} + at`}; }` : ''}
      if (group.y == 0u) {
        sums.x += ${work`${p.gradientAt} + at`};
        ${inflated ? `sums.z += ${work`${p.zeroAt} + at`};` : ''}
      }
    }
  }
  ${parts}[t] = sums;
  workgroupBarrier();
  if (lane != 0u || g >= ${p.genes}) { return; }
  for (var k = 1u; k < ${COLUMN_LANES}u; k++) { sums += ${parts}[k * ${genes}u + t]; }
  ${dispersed ? `${put}(${p.logDispersionAt} + group.y * ${p.genes} + g, sums.y);` : ''}
  if (group.y == 0u) {
    ${put}(${p.biasAt} + g, sums.x);
    ${inflated ? `${put}(${p.zeroBiasAt} + g, sums.z);` : ''}
  }`
}

export const headColumnGradient = perKey((likelihood: Likelihood, threads: number) =>
  kernelSource({
    name: 'head columns',
    threads,
    scalars: COLUMN_SCALARS,
    buffers: { metadata: 'read u32', work: 'read f32', gradient: 'read_write f32' },
    code: (scope) => columnsCode(scope, likelihood, threads, storeGradient(scope)),
  }),
)

export const headColumnUpdate = perKey((likelihood: Likelihood, threads: number) =>
  kernelSource({
    name: 'head columns with adam',
    threads,
    scalars: { ...COLUMN_SCALARS, ...ADAM_SCALARS },
    buffers: {
      metadata: 'read u32',
      work: 'read f32',
      value: 'read_write f32',
      firstMoment: 'read_write f32',
      secondMoment: 'read_write f32',
    },
    code: (scope) => columnsCode(scope, likelihood, threads, adamStep(scope)),
  }),
)
