import type { Likelihood } from '../../device.js'
import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import type { Scope, Words } from '../queue/scope.js'
import { ADAM_SCALARS, adamStep, storeGradient } from './adam.js'
import { likelihoodTerms } from './likelihood.js'
import { MATH } from './math.js'
import { cellEntries, entryReads, FIELD } from './minibatch.js'
import { workgroupMaximum, workgroupSum } from './workgroup.js'

export type Scale = 'softmax' | 'softplus'

/** A logit so low that its gene has no share in the softmax, no mean, and so nothing in likelihood and gradients. */
const MASKED = '-1e30'

/** Logits of a cell's genes: the buffer that has gene g's at `row + g`, and whether some are masked. */
interface Logits {
  words: Words
  masked: boolean
}

/** How a row of logits becomes expected counts: WGSL that comes before, and a mean. */
function meansOf(
  { p, buffers, fn, use }: Scope<'genes' | 'capacity' | 'drawnSize', 'logSize' | 'metadata'>,
  { words: logits, masked }: Logits,
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
  const size = `exp_(${logSize}(cell) - log_(total_exponential))`
  return {
    // the softmax's normaliser: the largest logit, and the sum of exponentials from there
    before: /* wgsl */ `
  var most = -3.4e38;
  for (var g = t; g < ${p.genes}; g += ${threads}u) { most = max(most, ${logit}); }
  most = ${maximum}(t, most);
  var exponentials = 0.0;
  for (var g = t; g < ${p.genes}; g += ${threads}u) { exponentials += exp_(${logit} - most); }
  let total_exponential = ${sum}(t, exponentials);
  let size = ${
    // a cell of which every gene is masked has no mean at all
    masked ? `select(${size}, 0.0, most < 0.1 * ${MASKED})` : size
  };`,
    mean: `size * exp_(${logit} - most)`,
  }
}

/**
 * Where the parts of the head's workspace start that come after the logits: gradients by the logits, those by log θ, logits of
 * dropout in whose place come their gradients, and each cell's sum of gradients.
 */
export const WORK_SCALARS = { gradientAt: 'u32', dispersionAt: 'u32', zeroAt: 'u32', sumAt: 'u32' } as const

const ROW_SCALARS = {
  chunk: 'u32',
  capacity: 'u32',
  cells: 'u32',
  genes: 'u32',
  drawnSize: 'u32',
  byBatch: 'u32',
  ...WORK_SCALARS,
} as const

const ROW_BUFFERS = {
  metadata: 'read u32',
  entries: 'read u32',
  dense: 'read f32',
  logSize: 'read f32',
  logDispersion: 'read f32',
  work: 'read_write f32',
  logLikelihood: 'read_write f32',
} as const

/** What a head's row pass is compiled for. */
interface Rows {
  likelihood: Likelihood
  scale: Scale
  packed: boolean
  threads: number
  /** Whether some logits are masked. */
  masked: boolean
}

// logits twice, log1p counts, the gradients by the logits three times; what is by dispersion and dropout
const rowWork =
  (likelihood: Likelihood) =>
  ({ cells, genes }: Record<'cells' | 'genes', number>) => ({
    flops: 0,
    bytes: 4 * cells * genes * (6 + Number(likelihood !== 'poisson') + 2 * Number(likelihood === 'zinb')),
  })

/**
 * The row pass: a workgroup owns a cell. Softmax, likelihood and the loss's gradient by every logit, by the log dispersions
 * and by the logits of dropout; the products that follow only read them. Zeros are a dense pass without gamma functions, the
 * nonzeros a second one over the cell's entries, so that no thread waits for another's logarithms.
 *
 * @param batch a cell's batch, whose dispersions it has
 */
function rowsCode(
  scope: Scope<keyof typeof ROW_SCALARS, keyof typeof ROW_BUFFERS>,
  { likelihood, scale, packed, threads, masked }: Rows,
  batch: string,
): string {
  const dispersed = likelihood !== 'poisson'
  const inflated = likelihood === 'zinb'
  const { p, buffers, use } = scope
  const { metadata, dense, logDispersion, work, logLikelihood } = buffers
  use(likelihoodTerms(likelihood))
  const sum = use(workgroupSum(threads))
  const entries = entryReads(scope, packed)
  const entriesOf = cellEntries(scope)
  const { before, mean } = meansOf(scope, { words: work, masked }, scale, threads)
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
  let dispersions = select(0u, ${batch} * ${p.genes}, ${p.byBatch} != 0u);
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
}

const ownBatch = ({ p, buffers: { metadata } }: Scope<'capacity', 'metadata'>, cell: string): string =>
  metadata`${FIELD.covariates}u * ${p.capacity} + ${cell}`

export const headRows = perKey((likelihood: Likelihood, scale: Scale, packed: boolean, threads: number) =>
  kernelSource({
    name: `head rows ${likelihood}`,
    threads,
    work: rowWork(likelihood),
    scalars: ROW_SCALARS,
    buffers: ROW_BUFFERS,
    code: (scope) =>
      rowsCode(scope, { likelihood, scale, packed, threads, masked: false }, ownBatch(scope, 'cell')),
  }),
)

/** The same for logits of which some are masked, or with batches given as a tensor. */
export const unusualHeadRows = perKey(
  (likelihood: Likelihood, scale: Scale, packed: boolean, threads: number, masked: boolean, given: boolean) =>
    kernelSource({
      name: `unusual head rows ${likelihood}`,
      threads,
      work: rowWork(likelihood),
      scalars: ROW_SCALARS,
      buffers: { ...ROW_BUFFERS, codes: 'read f32' },
      code: (scope) => {
        const batch = given ? `u32(${scope.buffers.codes`cell`})` : ownBatch(scope, 'cell')
        return rowsCode(scope, { likelihood, scale, packed, threads, masked }, batch)
      },
    }),
)

/**
 * Masks the logits of genes that a cell lacks, and of those whose counts are missing. A workgroup owns a cell; cells whose entries
 * lie in another chunk are left to that chunk's dispatch.
 *
 * @param absent whether a table tells which genes there are, by a code of each cell
 */
export const maskLogits = perKey((packed: boolean, threads: number, absent: boolean) =>
  kernelSource({
    name: 'mask logits',
    threads,
    scalars: { chunk: 'u32', capacity: 'u32', genes: 'u32', codeField: 'u32' },
    buffers: {
      metadata: 'read u32',
      entries: 'read u32',
      present: 'read f32',
      logits: 'read_write f32',
    },
    code: (scope) => {
      const { p, buffers } = scope
      const { metadata, present, logits } = buffers
      const entries = entryReads(scope, packed)
      const fact = (field: string) => metadata`${field} * ${p.capacity} + cell`
      const ofAbsent = /* wgsl */ `
  let code = ${fact(p.codeField)};
  for (var g = t; g < ${p.genes}; g += ${threads}u) {
    if (${present`code * ${p.genes} + g`} == 0.0) { ${logits`row + g`} = ${MASKED}; }
  }`
      return /* wgsl */ `
  let cell = group.x;
  if (${fact(`${FIELD.chunk}u`)} != ${p.chunk}) { return; }
  let row = cell * ${p.genes};
  ${absent ? ofAbsent : ''}
  let end = ${fact(`${FIELD.missingEnd}u`)};
  for (var k = ${fact(`${FIELD.end}u`)} + t; k < end; k += ${threads}u) { ${logits`row + ${entries.gene}(k)`} = ${MASKED}; }`
    },
  }),
)

/** Weighs what the row pass left, which is for a mean over the cells, by a gradient for each cell. A workgroup owns a cell. */
export const weighRows = perKey((likelihood: Likelihood, threads: number) =>
  kernelSource({
    name: `weigh head rows ${likelihood}`,
    threads,
    scalars: { cells: 'u32', genes: 'u32', ...WORK_SCALARS },
    buffers: { cellGradient: 'read f32', work: 'read_write f32' },
    code: ({ p, buffers: { cellGradient, work } }) => {
      const parts = [p.gradientAt]
      if (likelihood !== 'poisson') parts.push(p.dispersionAt)
      if (likelihood === 'zinb') parts.push(p.zeroAt)
      return /* wgsl */ `
  let cell = group.x;
  let weight = -f32(${p.cells}) * ${cellGradient`cell`};
  for (var g = t; g < ${p.genes}; g += ${threads}u) {
    let at = cell * ${p.genes} + g;
    ${parts.map((part) => `${work`${part} + at`} *= weight;`).join('\n    ')}
  }
  if (t == 0u) { ${work`${p.sumAt} + cell`} *= weight; }`
    },
  }),
)

/** Logits (in `mean`) become expected counts. A workgroup owns a cell. */
export const headMeans = perKey((scale: Scale, threads: number) =>
  kernelSource({
    name: 'head means',
    threads,
    scalars: { capacity: 'u32', genes: 'u32', drawnSize: 'u32' },
    buffers: { metadata: 'read u32', logSize: 'read f32', mean: 'read_write f32' },
    code: (scope) => {
      const { p, buffers } = scope
      const { before, mean } = meansOf(scope, { words: buffers.mean, masked: false }, scale, threads)
      return /* wgsl */ `
  let cell = group.x;
  let row = cell * ${p.genes};
  ${before}
  for (var g = t; g < ${p.genes}; g += ${threads}u) { ${buffers.mean`row + g`} = ${mean}; }`
    },
  }),
)

/** The same by a softmax over the logits that are not masked, for all genes. */
export const maskedHeadMeans = perKey((threads: number) =>
  kernelSource({
    name: 'masked head means',
    threads,
    scalars: { capacity: 'u32', genes: 'u32', drawnSize: 'u32' },
    buffers: { metadata: 'read u32', logSize: 'read f32', masked: 'read f32', mean: 'read_write f32' },
    code: (scope) => {
      const { p, buffers } = scope
      const { before } = meansOf(scope, { words: buffers.masked, masked: true }, 'softmax', threads)
      return /* wgsl */ `
  let cell = group.x;
  let row = cell * ${p.genes};
  ${before}
  for (var g = t; g < ${p.genes}; g += ${threads}u) {
    let share = exp_(${buffers.mean`row + g`} - most);
    ${buffers.mean`row + g`} = select(size * share, 0.0, size == 0.0);
  }`
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

/** What a column pass sums, and where it takes a cell's batch from. */
interface Columns {
  likelihood: Likelihood
  threads: number
  /** Whether there are biases. */
  biased: boolean
  /** The batch of cell i. */
  batch: string
}

/**
 * The column pass: sums over the cells, which are the gradients by the biases and the log dispersions. A workgroup owns genes;
 * along y, one for each batch where dispersions go by batch.
 *
 * @param put the function that takes a gradient
 */
function columnsCode(
  { p, buffers: { work }, workgroup }: Scope<keyof typeof COLUMN_SCALARS, 'metadata' | 'work'>,
  { likelihood, threads, biased, batch }: Columns,
  put: string,
): string {
  const dispersed = likelihood !== 'poisson'
  const inflated = likelihood === 'zinb'
  const genes = columnGenes(threads)
  const parts = workgroup('column_parts', `array<vec3f, ${threads}>`)
  const sumBiases = /* wgsl */ `
      if (group.y == 0u) {
        sums.x += ${work`${p.gradientAt} + at`};
        ${inflated ? `sums.z += ${work`${p.zeroAt} + at`};` : ''}
      }`
  const putBiases = /* wgsl */ `
  if (group.y == 0u) {
    ${put}(${p.biasAt} + g, sums.x);
    ${inflated ? `${put}(${p.zeroBiasAt} + g, sums.z);` : ''}
  }`
  return /* wgsl */ `
  let g = group.x * ${genes}u + t % ${genes}u;
  let lane = t / ${genes}u;
  var sums = vec3f();
  if (g < ${p.genes}) {
    for (var i = lane; i < ${p.cells}; i += ${COLUMN_LANES}u) {
      let at = i * ${p.genes} + g;
      ${dispersed ? `if (${p.byBatch} == 0u || ${batch} == group.y) { sums.y += ${work`${p.dispersionAt} + at`}; }` : ''}
      ${biased ? sumBiases : ''}
    }
  }
  ${parts}[t] = sums;
  workgroupBarrier();
  if (lane != 0u || g >= ${p.genes}) { return; }
  for (var k = 1u; k < ${COLUMN_LANES}u; k++) { sums += ${parts}[k * ${genes}u + t]; }
  ${dispersed ? `${put}(${p.logDispersionAt} + group.y * ${p.genes} + g, sums.y);` : ''}
  ${biased ? putBiases : ''}`
}

const COLUMN_BUFFERS = { metadata: 'read u32', work: 'read f32' } as const
const GRADIENT_TO = { gradient: 'read_write f32' } as const
const UPDATE_TO = {
  value: 'read_write f32',
  firstMoment: 'read_write f32',
  secondMoment: 'read_write f32',
} as const

export const headColumnGradient = perKey((likelihood: Likelihood, threads: number) =>
  kernelSource({
    name: 'head columns',
    threads,
    scalars: COLUMN_SCALARS,
    buffers: { ...COLUMN_BUFFERS, ...GRADIENT_TO },
    code: (scope) => {
      const columns = { likelihood, threads, biased: true, batch: ownBatch(scope, 'i') }
      return columnsCode(scope, columns, storeGradient(scope))
    },
  }),
)

export const headColumnUpdate = perKey((likelihood: Likelihood, threads: number) =>
  kernelSource({
    name: 'head columns with adam',
    threads,
    scalars: { ...COLUMN_SCALARS, ...ADAM_SCALARS },
    buffers: { ...COLUMN_BUFFERS, ...UPDATE_TO },
    code: (scope) => {
      const columns = { likelihood, threads, biased: true, batch: ownBatch(scope, 'i') }
      return columnsCode(scope, columns, adamStep(scope))
    },
  }),
)

/** The same two without biases, where the logits are given, or with batches given as a tensor. */
export const unusualHeadColumnGradient = perKey(
  (likelihood: Likelihood, threads: number, biased: boolean, given: boolean) =>
    kernelSource({
      name: 'unusual head columns',
      threads,
      scalars: COLUMN_SCALARS,
      buffers: { ...COLUMN_BUFFERS, codes: 'read f32', ...GRADIENT_TO },
      code: (scope) => {
        const batch = given ? `u32(${scope.buffers.codes`i`})` : ownBatch(scope, 'i')
        return columnsCode(scope, { likelihood, threads, biased, batch }, storeGradient(scope))
      },
    }),
)

export const unusualHeadColumnUpdate = perKey(
  (likelihood: Likelihood, threads: number, biased: boolean, given: boolean) =>
    kernelSource({
      name: 'unusual head columns with adam',
      threads,
      scalars: { ...COLUMN_SCALARS, ...ADAM_SCALARS },
      buffers: { ...COLUMN_BUFFERS, codes: 'read f32', ...UPDATE_TO },
      code: (scope) => {
        const batch = given ? `u32(${scope.buffers.codes`i`})` : ownBatch(scope, 'i')
        return columnsCode(scope, { likelihood, threads, biased, batch }, adamStep(scope))
      },
    }),
)
