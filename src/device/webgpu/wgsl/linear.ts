import { kernelSource, type Work } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import type { Scope } from '../queue/scope.js'
import { ADAM_SCALARS, adamBlock, adamStep, storeGradient } from './adam.js'
import {
  type CovariateReads,
  covariateInput,
  covariateSum,
  GIVEN_COVARIATES,
  type Given,
  givenCovariates,
  ownCovariates,
} from './minibatch.js'
import { elementWhere, product, type Tile, tileName, tileThreads } from './product.js'

/** Of a product whose operands and result each pass memory once; the result so many times. */
const productWork =
  (passes = 1) =>
  ({ m, n, k }: Record<'m' | 'n' | 'k', number>): Work => ({
    flops: 2 * m * n * k,
    bytes: 4 * (m * k + k * n + passes * m * n),
  })

const PRODUCT_SCALARS = { m: 'u32', n: 'u32', k: 'u32', kSplit: 'u32' } as const

type ProductScope = Scope<keyof typeof PRODUCT_SCALARS, 'input' | 'weight'>

/** The input, m × k, as a product's left operand. */
const rowsOf = ({ p, buffers: { input } }: ProductScope) =>
  ({ along: 'k', element: elementWhere(`m < ${p.m} && k < kEnd`, input`m * ${p.k} + k`) }) as const

/** The weight, k × n, as its right one. */
const columnsOf = ({ p, buffers: { weight } }: ProductScope) =>
  ({ along: 'outer', element: elementWhere(`n < ${p.n} && k < kEnd`, weight`k * ${p.n} + n`) }) as const

const FORWARD_SCALARS = { ...PRODUCT_SCALARS, capacity: 'u32' } as const

const FORWARD_BUFFERS = {
  input: 'read f32',
  weight: 'read f32',
  bias: 'read f32',
  metadata: 'read u32',
  uses: 'read u32',
  output: 'read_write f32',
} as const

function forwardCode(
  scope: Scope<keyof typeof FORWARD_SCALARS, keyof typeof FORWARD_BUFFERS>,
  tile: Tile,
  reads: CovariateReads,
): string {
  const { p, buffers } = scope
  const covariates = covariateSum(scope, reads)
  return product(scope, tile, {
    left: rowsOf(scope),
    right: columnsOf(scope),
    finish: `${buffers.output`m * ${p.n} + n`} = x + ${buffers.bias`n`} + ${covariates}(m, ${p.k}, ${p.n}, n);`,
    m: p.m,
    n: p.n,
  })
}

/** cells × inputs times inputs × outputs, plus bias and covariates. */
export const linearForward = perKey((tile: Tile) =>
  kernelSource({
    name: `linear ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(),
    scalars: FORWARD_SCALARS,
    buffers: FORWARD_BUFFERS,
    code: (scope) => forwardCode(scope, tile, ownCovariates(scope)),
  }),
)

/** The same with covariates of tensors. */
export const linearForwardGiven = perKey((tile: Tile, given: Given) =>
  kernelSource({
    name: `linear, given covariates ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(),
    scalars: FORWARD_SCALARS,
    buffers: { ...FORWARD_BUFFERS, ...GIVEN_COVARIATES },
    code: (scope) => forwardCode(scope, tile, givenCovariates(scope, given)),
  }),
)

/** A product of plain matrices, m × k times k × n; `kSplit` summands a layer of the output (splits × m × n). */
export const plainProduct = perKey((tile: Tile) =>
  kernelSource({
    name: `product ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(),
    scalars: { ...PRODUCT_SCALARS, layer: 'u32' },
    buffers: { input: 'read f32', weight: 'read f32', output: 'read_write f32' },
    code: (scope) => {
      const { p, buffers } = scope
      return product(scope, tile, {
        left: rowsOf(scope),
        right: columnsOf(scope),
        finish: `${buffers.output`((${p.layer} + split) * ${p.m} + m) * ${p.n} + n`} = x;`,
        m: p.m,
        n: p.n,
      })
    },
  }),
)

/** Adds the layers of a split product up, in order. */
export const sumLayers = kernelSource({
  name: 'sum layers',
  threads: 256,
  scalars: { size: 'u32', layers: 'u32' },
  buffers: { input: 'read f32', output: 'read_write f32' },
  code: ({ p, buffers: { input, output } }) => /* wgsl */ `
  for (var i = group.x * 256u + t; i < ${p.size}; i += groups.x * 256u) {
    var sum = ${input`i`};
    for (var k = 1u; k < ${p.layers}; k++) { sum += ${input`k * ${p.size} + i`}; }
    ${output`i`} = sum;
  }`,
})

/** Rows times the rows of a weight that is outputs × inputs (m × k times the transpose of n × k): with a bias, or added to. */
export const transposedProduct = perKey((tile: Tile) =>
  kernelSource({
    name: `transposed product ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(),
    scalars: { ...PRODUCT_SCALARS, biased: 'u32', accumulate: 'u32' },
    buffers: { input: 'read f32', weight: 'read f32', bias: 'read f32', output: 'read_write f32' },
    code: (scope) => {
      const { p, buffers } = scope
      const { weight, bias, output } = buffers
      return product(scope, tile, {
        left: rowsOf(scope),
        right: {
          along: 'k',
          element: elementWhere(`n < ${p.n} && k < kEnd`, weight`n * ${p.k} + k`),
        },
        finish: /* wgsl */ `
  let at = m * ${p.n} + n;
  var sum = x;
  if (${p.biased} != 0u) { sum += ${bias`n`}; }
  if (${p.accumulate} != 0u) { sum += ${output`at`}; }
  ${output`at`} = sum;`,
        m: p.m,
        n: p.n,
      })
    },
  }),
)

const WEIGHT_GRADIENT_SCALARS = {
  ...PRODUCT_SCALARS,
  capacity: 'u32',
  inputs: 'u32',
  biasRow: 'u32',
  weightAt: 'u32',
  biasAt: 'u32',
} as const

const WEIGHT_GRADIENT_BUFFERS = {
  input: 'read f32',
  outputGradient: 'read f32',
  metadata: 'read u32',
  uses: 'read u32',
} as const

/**
 * Gradient by a weight, the transposed input times the output's gradient: a sum over the minibatch's cells. Rows past the
 * `inputs` are those of the covariates, then one for the bias, so that one dispatch does all of a layer.
 *
 * @param to the function that takes a gradient, and where there is one that which takes four rows of four
 */
function weightGradientCode(
  scope: Scope<keyof typeof WEIGHT_GRADIENT_SCALARS, keyof typeof WEIGHT_GRADIENT_BUFFERS>,
  tile: Tile,
  reads: CovariateReads,
  { put, block }: { put: string; block?: string },
): string {
  const { p, buffers } = scope
  const { input, outputGradient } = buffers
  return product(scope, tile, {
    left: {
      along: 'outer',
      element: /* wgsl */ `
  if (m < ${p.inputs} && k < kEnd) { return ${input`k * ${p.inputs} + m`}; }
  if (m >= ${p.m} || k >= kEnd) { return 0.0; }
  if (m < ${p.biasRow}) { return ${covariateInput(scope, reads)}(k, m - ${p.inputs}); }
  return 1.0;`,
    },
    right: {
      along: 'outer',
      element: elementWhere(`n < ${p.n} && k < kEnd`, outputGradient`k * ${p.n} + n`),
    },
    finish: /* wgsl */ `
  if (m < ${p.biasRow}) { ${put}(${p.weightAt} + m * ${p.n} + n, x); } else { ${put}(${p.biasAt} + n, x); }`,
    ...(block && {
      block: {
        inside: `m + 3u < ${p.biasRow} && n + 3u < ${p.n}`,
        finish: `  ${block}(${p.weightAt} + m * ${p.n} + n, ${p.n}, x0, x1, x2, x3);`,
      },
    }),
    m: p.m,
    n: p.n,
  })
}

const GRADIENT_TO = { gradient: 'read_write f32' } as const

const UPDATE_TO = {
  value: 'read_write f32',
  firstMoment: 'read_write f32',
  secondMoment: 'read_write f32',
} as const

const update = (scope: Scope<keyof typeof ADAM_SCALARS, keyof typeof UPDATE_TO>) => ({
  put: adamStep(scope),
  block: adamBlock(scope),
})

export const weightGradient = perKey((tile: Tile) =>
  kernelSource({
    name: `weight gradient ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(),
    scalars: WEIGHT_GRADIENT_SCALARS,
    buffers: { ...WEIGHT_GRADIENT_BUFFERS, ...GRADIENT_TO },
    code: (scope) => weightGradientCode(scope, tile, ownCovariates(scope), { put: storeGradient(scope) }),
  }),
)

export const weightUpdate = perKey((tile: Tile) =>
  kernelSource({
    name: `weight update ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(6),
    scalars: { ...WEIGHT_GRADIENT_SCALARS, ...ADAM_SCALARS },
    buffers: { ...WEIGHT_GRADIENT_BUFFERS, ...UPDATE_TO },
    code: (scope) => weightGradientCode(scope, tile, ownCovariates(scope), update(scope)),
  }),
)

/** The same two with covariates of tensors. */
export const weightGradientGiven = perKey((tile: Tile, given: Given) =>
  kernelSource({
    name: `weight gradient, given covariates ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(),
    scalars: WEIGHT_GRADIENT_SCALARS,
    buffers: { ...WEIGHT_GRADIENT_BUFFERS, ...GIVEN_COVARIATES, ...GRADIENT_TO },
    code: (scope) =>
      weightGradientCode(scope, tile, givenCovariates(scope, given), { put: storeGradient(scope) }),
  }),
)

export const weightUpdateGiven = perKey((tile: Tile, given: Given) =>
  kernelSource({
    name: `weight update, given covariates ${tileName(tile)}`,
    threads: tileThreads(tile),
    work: productWork(6),
    scalars: { ...WEIGHT_GRADIENT_SCALARS, ...ADAM_SCALARS },
    buffers: { ...WEIGHT_GRADIENT_BUFFERS, ...GIVEN_COVARIATES, ...UPDATE_TO },
    code: (scope) => weightGradientCode(scope, tile, givenCovariates(scope, given), update(scope)),
  }),
)
