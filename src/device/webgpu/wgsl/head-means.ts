import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import type { Scope, Words } from '../queue/scope.js'
import { loopAtOnce } from './at-once.js'
import { MATH } from './math.js'
import { entryReads, FIELD } from './minibatch.js'
import { workgroupMaximum, workgroupSum } from './workgroup.js'

export type Scale = 'softmax' | 'softplus'

/** A logit so low that its gene has no share in the softmax, no mean, and so nothing in likelihood and gradients. */
const MASKED = '-1e30'

/** Logits of a cell's genes: the buffer that has gene g's at `row + g`, and whether some are masked. */
interface Logits {
  words: Words
  masked: boolean
}

/** A loop of a workgroup's threads over a row's genes, by WGSL as {@link loopAtOnce} takes it. */
export const overGenes = (
  genes: string,
  threads: number,
  read: (gene: string, r: number) => string,
  then: (gene: string, r: number) => string,
): string => loopAtOnce({ first: 't', end: genes, step: threads, rounds: 4 }, read, then)

/** How a row of logits becomes expected counts: WGSL that comes before, and a mean by the WGSL of a logit. */
export function meansOf(
  { p, buffers, fn, use }: Scope<'genes' | 'capacity' | 'drawnSize', 'logSize' | 'metadata'>,
  { words: logits, masked }: Logits,
  scale: Scale,
  threads: number,
): { before: string; mean: (logit: string) => string } {
  use(MATH)
  const logSize = fn(
    'log_size',
    '(cell: u32) -> f32',
    /* wgsl */ `
  if (${p.drawnSize} != 0u) { return ${buffers.logSize`cell`}; }
  return bitcast<f32>(${buffers.metadata`${FIELD.logSize}u * ${p.capacity} + cell`});`,
  )
  const logit = (g: string) => logits`row + ${g}`
  const readLogit = (g: string, i: number) => `let a${i} = ${logit(g)};`
  if (scale === 'softplus') {
    return { before: `let size = exp_(${logSize}(cell));`, mean: (a) => `size * softplus(${a})` }
  }
  const maximum = use(workgroupMaximum(threads))
  const sum = use(workgroupSum(threads))
  const size = `exp_(${logSize}(cell) - log_(total_exponential))`
  return {
    // the softmax's normaliser: the largest logit, and the sum of exponentials from there
    before: /* wgsl */ `
  var most = -3.4e38;
  ${overGenes(p.genes, threads, readLogit, (_, i) => `most = max(most, a${i});`)}
  most = ${maximum}(t, most);
  var exponentials = 0.0;
  ${overGenes(p.genes, threads, readLogit, (_, i) => `exponentials += exp_(a${i} - most);`)}
  let total_exponential = ${sum}(t, exponentials);
  let size = ${
    // a cell of which every gene is masked has no mean at all
    masked ? `select(${size}, 0.0, most < 0.1 * ${MASKED})` : size
  };`,
    mean: (a) => `size * exp_(${a} - most)`,
  }
}

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
  ${overGenes(
    p.genes,
    threads,
    (g, i) => `let a${i} = ${buffers.mean`row + ${g}`};`,
    (g, i) => `${buffers.mean`row + ${g}`} = ${mean(`a${i}`)};`,
  )}`
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
