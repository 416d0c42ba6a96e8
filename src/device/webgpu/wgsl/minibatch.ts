import { perKey } from '../queue/per-key.js'
import { type Scope, type SharedCode, sharedCode } from '../queue/scope.js'

/**
 * What the device knows of each cell, a row of the minibatch: field f of cell i is `meta[f * capacity + i]`. Floats travel
 * as their bits. The categorical covariates follow, then the continuous ones.
 */
export const FIELD = {
  /** Chunk of the counts that holds the cell. */
  chunk: 0,
  /** Its entries there: [start, end). */
  start: 1,
  end: 2,
  /** Log of the size that scales expected counts. */
  logSize: 3,
  /** Sum of ln x! over the counts. */
  constant: 4,
  covariates: 5,
} as const

/**
 * Declares reads of the nonzero entries, functions of an entry's number. Packed: gene and count share a word, 16 bits each. Else
 * two words: gene, bits of the count.
 */
export function entryReads({ buffers: { entries }, fn }: Scope<never, 'entries'>, packed: boolean) {
  const gene = packed ? `${entries`k`} & 0xffffu` : entries`2u * k`
  const count = packed ? `f32(${entries`k`} >> 16u)` : `bitcast<f32>(${entries`2u * k + 1u`})`
  return {
    gene: fn('entry_gene', '(k: u32) -> u32', `return ${gene};`),
    count: fn('entry_count', '(k: u32) -> f32', `return ${count};`),
  }
}

/**
 * Declares a function (t, cell) that gives the chunk of a cell's entries, the first of them and the one past the last, the same
 * for all threads of its workgroup in the eyes of a compiler too: a buffer that other words of are written gives it no such
 * promise.
 */
export function cellEntries({ p, buffers, fn, workgroup }: Scope<'capacity', 'metadata'>): string {
  const entries = workgroup('entries_of_cell', 'vec3u')
  const fact = (field: number) => buffers.metadata`${field}u * ${p.capacity} + cell`
  return fn(
    'cell_entries',
    '(t: u32, cell: u32) -> vec3u',
    /* wgsl */ `
  if (t == 0u) { ${entries} = vec3u(${fact(FIELD.chunk)}, ${fact(FIELD.start)}, ${fact(FIELD.end)}); }
  return workgroupUniformLoad(&${entries});`,
  )
}

/**
 * Declares a function (cell, first, width, column): the covariates of a linear layer, whose weight rows follow the `first`.
 * `uses` holds: number of categorical and of continuous covariates taken, number of their weight rows; then field and first
 * weight row of each categorical covariate, field of each continuous one.
 *
 * @param weightAt where the layer's weight starts in the buffer
 */
export function covariateSum(
  { p, buffers: { uses, metadata, weight }, fn }: Scope<'capacity', 'uses' | 'metadata' | 'weight'>,
  weightAt = '0u',
): string {
  return fn(
    'covariate_sum',
    '(cell: u32, first: u32, width: u32, column: u32) -> f32',
    /* wgsl */ `
  let categorical = ${uses`0`};
  let continuous = ${uses`1`};
  var sum = 0.0;
  for (var k = 0u; k < categorical; k++) {
    let code = ${metadata`${uses`3u + 2u * k`} * ${p.capacity} + cell`};
    sum += ${weight`${weightAt} + (first + ${uses`4u + 2u * k`} + code) * width + column`};
  }
  for (var k = 0u; k < continuous; k++) {
    let x = bitcast<f32>(${metadata`${uses`3u + 2u * categorical + k`} * ${p.capacity} + cell`});
    sum += x * ${weight`${weightAt} + (first + ${uses`2`} - continuous + k) * width + column`};
  }
  return sum;`,
  )
}

/**
 * Declares a function (cell, row): what a cell has in a covariate's weight row, 1 in its category's, its value in a continuous
 * covariate's.
 */
export function covariateInput({
  p,
  buffers: { uses, metadata },
  fn,
}: Scope<'capacity', 'uses' | 'metadata'>): string {
  return fn(
    'covariate_input',
    '(cell: u32, row: u32) -> f32',
    /* wgsl */ `
  let categorical = ${uses`0`};
  let continuous = ${uses`1`};
  let first = ${uses`2`} - continuous;
  if (row >= first) {
    return bitcast<f32>(${metadata`${uses`3u + 2u * categorical + row - first`} * ${p.capacity} + cell`});
  }
  var k = 0u;
  while (k + 1u < categorical && ${uses`4u + 2u * (k + 1u)`} <= row) { k++; }
  let code = ${metadata`${uses`3u + 2u * k`} * ${p.capacity} + cell`};
  return select(0.0, 1.0, code == row - ${uses`4u + 2u * k`});`,
  )
}

/** A function (t, x) that sums over a workgroup in a fixed order, by two levels of about equal width: two barriers. */
export const workgroupSum = perKey((threads: number): SharedCode => {
  const parts = 2 ** Math.ceil(Math.log2(threads) / 2)
  const share = threads / parts
  const name = `workgroup_sum_${threads}`
  return sharedCode(
    name,
    /* wgsl */ `
var<workgroup> ${name}_threads: array<f32, ${threads}>;
var<workgroup> ${name}_parts: array<f32, ${parts}>;
fn ${name}(t: u32, x: f32) -> f32 {
  ${name}_threads[t] = x;
  workgroupBarrier();
  if (t < ${parts}u) {
    var part = 0.0;
    for (var i = 0u; i < ${share}u; i++) { part += ${name}_threads[i * ${parts}u + t]; }
    ${name}_parts[t] = part;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < ${parts}u; i++) { total += ${name}_parts[i]; }
  return total;
}
`,
  )
})
