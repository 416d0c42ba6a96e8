import type { Likelihood } from '../../device.js'
import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import type { Scope } from '../queue/scope.js'
import { ADAM_SCALARS, adamStep, storeGradient } from './adam.js'
import { loopAtOnce } from './at-once.js'
import { ownBatch, WORK_SCALARS } from './head-work.js'

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
  /** The batch of a cell, in WGSL. */
  batch: (cell: string) => string
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
  const readBiases = (at: string, i: number) => /* wgsl */ `
      let logit${i} = ${work`${p.gradientAt} + ${at}`};
      ${inflated ? `let zero${i} = ${work`${p.zeroAt} + ${at}`};` : ''}`
  const sumBiases = (i: number) => /* wgsl */ `
      if (group.y == 0u) {
        sums.x += logit${i};
        ${inflated ? `sums.z += zero${i};` : ''}
      }`
  const sumUp = loopAtOnce(
    { first: 'lane', end: p.cells, step: COLUMN_LANES, rounds: 4 },
    (cell, i) => /* wgsl */ `
      let place${i} = ${cell} * ${p.genes} + g;
      ${dispersed ? `let dispersion${i} = ${work`${p.dispersionAt} + place${i}`};` : ''}
      ${biased ? readBiases(`place${i}`, i) : ''}`,
    (cell, i) => /* wgsl */ `
      ${dispersed ? `if (${p.byBatch} == 0u || ${batch(cell)} == group.y) { sums.y += dispersion${i}; }` : ''}
      ${biased ? sumBiases(i) : ''}`,
  )
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
${sumUp}
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
      const columns: Columns = { likelihood, threads, biased: true, batch: (cell) => ownBatch(scope, cell) }
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
      const columns: Columns = { likelihood, threads, biased: true, batch: (cell) => ownBatch(scope, cell) }
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
        const { codes } = scope.buffers
        const batch = (cell: string) => (given ? `u32(${codes`${cell}`})` : ownBatch(scope, cell))
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
        const { codes } = scope.buffers
        const batch = (cell: string) => (given ? `u32(${codes`${cell}`})` : ownBatch(scope, cell))
        return columnsCode(scope, { likelihood, threads, biased, batch }, adamStep(scope))
      },
    }),
)
