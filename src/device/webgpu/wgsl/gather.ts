import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import type { Scope } from '../queue/scope.js'
import { loopAtOnce } from './at-once.js'
import { MATH } from './math.js'
import { covariateSum, entryReads, FIELD, ownCovariates } from './minibatch.js'

const GATHER_SCALARS = {
  chunk: 'u32',
  capacity: 'u32',
  genes: 'u32',
  fields: 'u32',
  totalCells: 'u32',
  rowsAt: 'u32',
  placesAt: 'u32',
} as const

const GATHER_BUFFERS = {
  rows: 'read u32',
  facts: 'read u32',
  entries: 'read u32',
  metadata: 'read_write u32',
  dense: 'read_write f32',
} as const

type GatherScope = Scope<keyof typeof GATHER_SCALARS, keyof typeof GATHER_BUFFERS>
type Entries = ReturnType<typeof entryReads>

/** @param sent whether the place of the cell's entries comes with the row numbers; its facts say how many there are */
function gatherCode(
  { p, buffers: { rows, facts, metadata, dense }, use }: GatherScope,
  { gene, count }: Entries,
  threads: number,
  sent: boolean,
): string {
  use(MATH)
  const fact = (field: number) => facts`${field}u * ${p.totalCells} + cell`
  return /* wgsl */ `
  let i = group.x;
  let cell = ${rows`${p.rowsAt} + i`};
  if (${fact(FIELD.chunk)} != ${p.chunk}) { return; }
  let start = ${sent ? rows`${p.placesAt} + i` : fact(FIELD.start)};
  let end = ${sent ? `start + ${fact(FIELD.end)}` : fact(FIELD.end)};
  for (var f = t; f < ${p.fields}; f += ${threads}u) {
    var fact = ${facts`f * ${p.totalCells} + cell`};
    ${sent ? `if (f >= ${FIELD.start}u && f <= ${FIELD.missingEnd}u) { fact += start; }` : ''}
    ${metadata`f * ${p.capacity} + i`} = fact;
  }
  for (var g = t; g < ${p.genes}; g += ${threads}u) { ${dense`i * ${p.genes} + g`} = 0.0; }
  storageBarrier();
  for (var k = start + t; k < end; k += ${threads}u) { ${dense`i * ${p.genes} + ${gene}(k)`} = log1p_(${count}(k)); }`
}

/**
 * Fills a minibatch: the facts of each cell and log1p of its counts as a dense row. A workgroup owns a row; cells whose
 * counts lie in another chunk are left to that chunk's dispatch. `facts` has `fields` rows of all cells of the data set;
 * where the entries of counts that are sent lie is told beside the row numbers.
 */
export const gatherCells = perKey((packed: boolean, threads: number, sent: boolean) =>
  kernelSource({
    name: 'gather',
    threads,
    scalars: GATHER_SCALARS,
    buffers: GATHER_BUFFERS,
    code: (scope) => gatherCode(scope, entryReads(scope, packed), threads, sent),
  }),
)

const COLUMNS = 128

/** The same, and log1p of the counts times a weight while the cell's entries are at hand: the encoder's first layer. */
export const gatherLinear = perKey((packed: boolean, threads: number, sent: boolean) => {
  const lanes = 64
  const shares = threads / lanes
  return kernelSource({
    name: 'gather and sparse linear',
    threads,
    scalars: { ...GATHER_SCALARS, n: 'u32', weightAt: 'u32', biasAt: 'u32' },
    buffers: { ...GATHER_BUFFERS, weight: 'read f32', uses: 'read u32', output: 'read_write f32' },
    code: (scope) => {
      const { p, buffers, workgroup } = scope
      const { weight, output } = buffers
      const entries = entryReads(scope, packed)
      const covariates = covariateSum(scope, ownCovariates(scope), p.weightAt)
      const genes = workgroup('genes', `array<u32, ${threads}>`)
      const values = workgroup('values', `array<f32, ${threads}>`)
      const parts = workgroup('parts', `array<vec2f, ${threads}>`)
      const sumUp = loopAtOnce(
        { first: 'share', end: 'n', step: shares, rounds: 8 },
        (k, i) => /* wgsl */ `
    let from${i} = ${genes}[${k}];
    let weights${i} = vec2f(${weight`from${i} + one`}, ${weight`from${i} + two`});`,
        (k, i) => `sum += ${values}[${k}] * weights${i};`,
      )
      return /* wgsl */ `${gatherCode(scope, entries, threads, sent)}
  // a thread has two columns: two sums that do not wait for each other
  let share = t / ${lanes}u;
  for (var column0 = 0u; column0 < ${p.n}; column0 += ${COLUMNS}u) {
    let column = column0 + t % ${lanes}u;
    let one = min(column, ${p.n} - 1u);
    let two = min(column + ${lanes}u, ${p.n} - 1u);
    var sum = vec2f();
    for (var k0 = start; k0 < end; k0 += ${threads}u) {
      let n = min(${threads}u, end - k0);
      workgroupBarrier();
      if (t < n) {
        ${genes}[t] = ${p.weightAt} + ${entries.gene}(k0 + t) * ${p.n};
        ${values}[t] = log1p_(${entries.count}(k0 + t));
      }
      workgroupBarrier();
${sumUp}
    }
    workgroupBarrier();
    ${parts}[t] = sum;
    workgroupBarrier();
    if (share == 0u) {
      for (var s = 1u; s < ${shares}u; s++) { sum += ${parts}[s * ${lanes}u + t]; }
      for (var c = 0u; c < 2u; c++) {
        let j = column + c * ${lanes}u;
        if (j < ${p.n}) {
          ${output`i * ${p.n} + j`} = sum[c] + ${weight`${p.biasAt} + j`} + ${covariates}(i, ${p.genes}, ${p.n}, j);
        }
      }
    }
  }`
    },
  })
})
