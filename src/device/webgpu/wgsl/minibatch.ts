import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import type { Scope } from '../queue/scope.js'

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
  /** Those of the genes whose counts are missing follow: [end, missingEnd). */
  missingEnd: 3,
  /** The size that scales expected counts. */
  size: 4,
  logSize: 5,
  /** Sum of ln x! over the counts. */
  constant: 6,
  covariates: 7,
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

/** How a cell's code of a categorical covariate is read, and its value of a continuous one, by a field of the `uses`. */
export interface CovariateReads {
  readonly code: (field: string) => string
  readonly value: (field: string) => string
}

/** The minibatch's own covariates. */
export const ownCovariates = ({
  p,
  buffers: { metadata },
}: Scope<'capacity', 'metadata'>): CovariateReads => ({
  code: (field) => metadata`${field} * ${p.capacity} + cell`,
  value: (field) => `bitcast<f32>(${metadata`${field} * ${p.capacity} + cell`})`,
})

/** Covariates of tensors in place of the minibatch's: codes, values, or both. */
export const GIVEN_COVARIATES = { codes: 'read f32', values: 'read f32' } as const

/** Which of a layer's covariates are tensors. */
export type Given = 'codes' | 'values' | 'both'

export function givenCovariates(
  scope: Scope<'capacity', 'metadata' | 'uses' | keyof typeof GIVEN_COVARIATES>,
  given: Given,
): CovariateReads {
  const { uses, codes, values } = scope.buffers
  const own = ownCovariates(scope)
  const stride = uses`3u + 2u * ${uses`0`} + ${uses`1`}`
  return {
    code: given === 'values' ? own.code : (field) => `u32(${codes`cell * ${stride} + ${field}`})`,
    value: given === 'codes' ? own.value : (field) => values`cell * ${uses`1`} + ${field}`,
  }
}

/**
 * Declares a function (cell, first, width, column): the covariates of a linear layer, whose weight rows follow the `first`.
 * `uses` holds: number of categorical and of continuous covariates taken, number of their weight rows; then field and first
 * weight row of each categorical covariate, field of each continuous one; last the number of columns of given codes.
 *
 * @param weightAt where the layer's weight starts in the buffer
 */
export function covariateSum(
  { buffers: { uses, weight }, fn }: Scope<never, 'uses' | 'weight'>,
  { code, value }: CovariateReads,
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
    let code = ${code(uses`3u + 2u * k`)};
    sum += ${weight`${weightAt} + (first + ${uses`4u + 2u * k`} + code) * width + column`};
  }
  for (var k = 0u; k < continuous; k++) {
    let x = ${value(uses`3u + 2u * categorical + k`)};
    sum += x * ${weight`${weightAt} + (first + ${uses`2`} - continuous + k) * width + column`};
  }
  return sum;`,
  )
}

/**
 * Declares a function (cell, row): what a cell has in a covariate's weight row, 1 in its category's, its value in a continuous
 * covariate's.
 */
export function covariateInput(
  { buffers: { uses }, fn }: Scope<never, 'uses'>,
  { code, value }: CovariateReads,
): string {
  return fn(
    'covariate_input',
    '(cell: u32, row: u32) -> f32',
    /* wgsl */ `
  let categorical = ${uses`0`};
  let continuous = ${uses`1`};
  let first = ${uses`2`} - continuous;
  if (row >= first) {
    return ${value(uses`3u + 2u * categorical + row - first`)};
  }
  var k = 0u;
  while (k + 1u < categorical && ${uses`4u + 2u * (k + 1u)`} <= row) { k++; }
  let code = ${code(uses`3u + 2u * k`)};
  return select(0.0, 1.0, code == row - ${uses`4u + 2u * k`});`,
  )
}

/** A fact of each cell as a number. */
export const cellFact = perKey((float: boolean) =>
  kernelSource({
    name: 'cell fact',
    threads: 256,
    scalars: { cells: 'u32', capacity: 'u32', field: 'u32' },
    buffers: { metadata: 'read u32', output: 'read_write f32' },
    code: ({ p, buffers: { metadata, output } }) => {
      const fact = metadata`${p.field} * ${p.capacity} + i`
      return /* wgsl */ `
  for (var i = group.x * 256u + t; i < ${p.cells}; i += groups.x * 256u) {
    ${output`i`} = ${float ? `bitcast<f32>(${fact})` : `f32(${fact})`};
  }`
    },
  }),
)
