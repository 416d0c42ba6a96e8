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
 * Reads of the nonzero entries. Packed: gene and count share a word, 16 bits each. Else two words: gene, bits of the count.
 */
export const entryReads = (packed: boolean): string =>
  packed
    ? /* wgsl */ `
fn entry_gene(k: u32) -> u32 { return entries[k] & 0xffffu; }
fn entry_count(k: u32) -> f32 { return f32(entries[k] >> 16u); }
`
    : /* wgsl */ `
fn entry_gene(k: u32) -> u32 { return entries[2u * k]; }
fn entry_count(k: u32) -> f32 { return bitcast<f32>(entries[2u * k + 1u]); }
`

/**
 * The chunk of a cell's entries, the first of them and the one past the last, the same for all threads of its workgroup in the
 * eyes of a compiler too: a buffer that other words of are written gives it no such promise.
 */
export const CELL_ENTRIES = /* wgsl */ `
var<workgroup> entries_of_cell: vec3u;
fn cell_entries(t: u32, cell: u32) -> vec3u {
  if (t == 0u) {
    entries_of_cell = vec3u(
      metadata[${FIELD.chunk}u * p.capacity + cell],
      metadata[${FIELD.start}u * p.capacity + cell],
      metadata[${FIELD.end}u * p.capacity + cell]);
  }
  return workgroupUniformLoad(&entries_of_cell);
}
`

/**
 * Covariates of a linear layer. `uses` holds: number of categorical and of continuous covariates taken, number of their weight
 * rows; then field and first weight row of each categorical covariate, field of each continuous one.
 */
export const covariateSum = (weightAt = '0u') => /* wgsl */ `
fn covariate_sum(cell: u32, first: u32, width: u32, column: u32) -> f32 {
  let categorical = uses[0];
  let continuous = uses[1];
  var sum = 0.0;
  for (var k = 0u; k < categorical; k++) {
    let code = metadata[uses[3u + 2u * k] * p.capacity + cell];
    sum += weight[${weightAt} + (first + uses[4u + 2u * k] + code) * width + column];
  }
  for (var k = 0u; k < continuous; k++) {
    let x = bitcast<f32>(metadata[uses[3u + 2u * categorical + k] * p.capacity + cell]);
    sum += x * weight[${weightAt} + (first + uses[2] - continuous + k) * width + column];
  }
  return sum;
}
`

/** What a cell has in a covariate's weight row: 1 in its category's, its value in a continuous covariate's. */
export const COVARIATE_INPUT = /* wgsl */ `
fn covariate_input(cell: u32, row: u32) -> f32 {
  let categorical = uses[0];
  let continuous = uses[1];
  let first = uses[2] - continuous;
  if (row >= first) {
    return bitcast<f32>(metadata[uses[3u + 2u * categorical + row - first] * p.capacity + cell]);
  }
  var k = 0u;
  while (k + 1u < categorical && uses[4u + 2u * (k + 1u)] <= row) { k++; }
  let code = metadata[uses[3u + 2u * k] * p.capacity + cell];
  return select(0.0, 1.0, code == row - uses[4u + 2u * k]);
}
`

/** Sums over a workgroup in a fixed order, by two levels of about equal width: two barriers. */
export const workgroupSum = (threads: number): string => {
  const parts = 2 ** Math.ceil(Math.log2(threads) / 2)
  const share = threads / parts
  return /* wgsl */ `
var<workgroup> sum_threads: array<f32, ${threads}>;
var<workgroup> sum_parts: array<f32, ${parts}>;
fn workgroup_sum(t: u32, x: f32) -> f32 {
  sum_threads[t] = x;
  workgroupBarrier();
  if (t < ${parts}u) {
    var part = 0.0;
    for (var i = 0u; i < ${share}u; i++) { part += sum_threads[i * ${parts}u + t]; }
    sum_parts[t] = part;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < ${parts}u; i++) { total += sum_parts[i]; }
  return total;
}
`
}
