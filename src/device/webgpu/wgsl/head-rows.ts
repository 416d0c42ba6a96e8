import type { Likelihood } from '../../device.js'
import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import type { Scope } from '../queue/scope.js'
import { meansOf, overGenes, type Scale } from './head-means.js'
import { ownBatch, WORK_SCALARS } from './head-work.js'
import { likelihoodTerms } from './likelihood.js'
import { cellEntries, entryReads, FIELD } from './minibatch.js'
import { workgroupSum } from './workgroup.js'

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
  const logit = (g: string) => work`row + ${g}`
  const gradient = (g: string) => work`${p.gradientAt} + row + ${g}`
  const zero = (g: string) => work`${p.zeroAt} + row + ${g}`
  // what a gene's terms are made of, apart from the logit
  const parameters = (g: string, i: number | string) => /* wgsl */ `
    let log_theta${i} = ${dispersed ? logDispersion`dispersions + ${g}` : '0.0'};
    let pi${i} = ${inflated ? zero(g) : '0.0'};`
  const theta = (i: number | string) => (dispersed ? `min(exp_(log_theta${i}), 1e9)` : '1.0')
  const keep = (g: string) => /* wgsl */ `
    sums += terms.xy;
    ${gradient(g)} = terms.y;
    ${dispersed ? `${work`${p.dispersionAt} + row + ${g}`} = weight * theta * terms.z;` : ''}
    ${inflated ? `${zero(g)} = weight * terms.w;` : ''}`
  const zeros = overGenes(
    p.genes,
    threads,
    (g, i) => /* wgsl */ `
    let counted${i} = ${dense`row + ${g}`} != 0.0;
    let a${i} = ${logit(g)};${parameters(g, i)}`,
    (g, i) => /* wgsl */ `if (!counted${i}) {
    let theta = ${theta(i)};
    let terms = zero_terms(${mean(`a${i}`)}, theta, pi${i});
    ${keep(g)}
    }`,
  )
  const byLogits = overGenes(
    p.genes,
    threads,
    (g, i) => `let q${i} = ${gradient(g)}; let a${i} = ${logit(g)};`,
    (g, i) =>
      scale === 'softmax'
        ? `${gradient(g)} = weight * (q${i} - exp_(a${i} - most) * share);`
        : `${gradient(g)} = weight * q${i} * sigmoid(a${i}) / max(softplus(a${i}), 1e-30);`,
  )
  return /* wgsl */ `
  let cell = group.x;
  let span = ${entriesOf}(t, cell);
  if (span.x != ${p.chunk}) { return; }
  let row = cell * ${p.genes};
  let weight = -1.0 / f32(${p.cells});
  let dispersions = select(0u, ${batch} * ${p.genes}, ${p.byBatch} != 0u);
  ${before}
  var sums = vec2f();
${zeros}
  for (var k = span.y + t; k < span.z; k += ${threads}u) {
    let g = ${entries.gene}(k);
    let a = ${logit('g')};${parameters('g', '')}
    let theta = ${theta('')};
    let terms = count_terms(${entries.count}(k), ${mean('a')}, theta, pi);
    ${keep('g')}
  }
  let likelihood = ${sum}(t, sums.x);
  let total = ${sum}(t, sums.y);
  if (t == 0u) {
    ${logLikelihood`cell`} = likelihood - bitcast<f32>(${metadata`${FIELD.constant}u * ${p.capacity} + cell`});
    ${work`${p.sumAt} + cell`} = weight * total;
  }
  ${scale === 'softmax' ? 'let share = total / total_exponential;' : ''}
  storageBarrier();
${byLogits}`
}

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
