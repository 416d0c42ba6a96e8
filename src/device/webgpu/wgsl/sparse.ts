import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import type { Scope } from '../queue/scope.js'
import { MATH } from './math.js'
import {
  type CovariateReads,
  cellEntries,
  covariateSum,
  entryReads,
  GIVEN_COVARIATES,
  type Given,
  givenCovariates,
  ownCovariates,
} from './minibatch.js'

/** Outputs that a workgroup of the sparse product takes. */
export const SPARSE_COLUMNS = 64

const SPARSE_SCALARS = { chunk: 'u32', capacity: 'u32', genes: 'u32', n: 'u32' } as const

const SPARSE_BUFFERS = {
  entries: 'read u32',
  weight: 'read f32',
  bias: 'read f32',
  metadata: 'read u32',
  uses: 'read u32',
  output: 'read_write f32',
} as const

function sparseCode(
  scope: Scope<keyof typeof SPARSE_SCALARS, keyof typeof SPARSE_BUFFERS>,
  reads: CovariateReads,
  packed: boolean,
  threads: number,
): string {
  const shares = threads / SPARSE_COLUMNS
  const { p, buffers, workgroup, use } = scope
  const { weight, bias, output } = buffers
  use(MATH)
  const entries = entryReads(scope, packed)
  const covariates = covariateSum(scope, reads)
  const genes = workgroup('genes', `array<u32, ${threads}>`)
  const values = workgroup('values', `array<f32, ${threads}>`)
  const parts = workgroup('parts', `array<f32, ${threads}>`)
  return /* wgsl */ `
  let cell = group.x;
  let span = ${cellEntries(scope)}(t, cell);
  if (span.x != ${p.chunk}) { return; }
  let start = span.y;
  let end = span.z;
  let column = group.y * ${SPARSE_COLUMNS}u + t % ${SPARSE_COLUMNS}u;
  let share = t / ${SPARSE_COLUMNS}u;
  let used = min(column, ${p.n} - 1u);
  var sum = 0.0;
  for (var k0 = start; k0 < end; k0 += ${threads}u) {
    let n = min(${threads}u, end - k0);
    workgroupBarrier();
    if (t < n) {
      ${genes}[t] = ${entries.gene}(k0 + t) * ${p.n};
      ${values}[t] = log1p_(${entries.count}(k0 + t));
    }
    workgroupBarrier();
    var k = share;
    for (; k + ${3 * shares}u < n; k += ${4 * shares}u) {
      let a = ${weight`${genes}[k] + used`};
      let b = ${weight`${genes}[k + ${shares}u] + used`};
      let c = ${weight`${genes}[k + ${2 * shares}u] + used`};
      let d = ${weight`${genes}[k + ${3 * shares}u] + used`};
      sum += ${values}[k] * a;
      sum += ${values}[k + ${shares}u] * b;
      sum += ${values}[k + ${2 * shares}u] * c;
      sum += ${values}[k + ${3 * shares}u] * d;
    }
    for (; k < n; k += ${shares}u) { sum += ${values}[k] * ${weight`${genes}[k] + used`}; }
  }
  ${parts}[t] = sum;
  workgroupBarrier();
  if (share != 0u || column >= ${p.n}) { return; }
  for (var s = 1u; s < ${shares}u; s++) { sum += ${parts}[s * ${SPARSE_COLUMNS}u + t]; }
  ${output`cell * ${p.n} + column`} = sum + ${bias`column`} + ${covariates}(cell, ${p.genes}, ${p.n}, column);`
}

/**
 * log1p of the counts times a weight, by the nonzeros alone. A workgroup takes 64 outputs of one cell; its rows of
 * threads share the cell's entries, which are staged in workgroup memory.
 */
export const sparseForward = perKey((packed: boolean, threads: number) =>
  kernelSource({
    name: 'sparse linear',
    threads,
    scalars: SPARSE_SCALARS,
    buffers: SPARSE_BUFFERS,
    code: (scope) => sparseCode(scope, ownCovariates(scope), packed, threads),
  }),
)

/** The same with covariates of tensors. */
export const sparseForwardGiven = perKey((packed: boolean, threads: number, given: Given) =>
  kernelSource({
    name: 'sparse linear, given covariates',
    threads,
    scalars: SPARSE_SCALARS,
    buffers: { ...SPARSE_BUFFERS, ...GIVEN_COVARIATES },
    code: (scope) => sparseCode(scope, givenCovariates(scope, given), packed, threads),
  }),
)
