import type { Scope } from '../queue/scope.js'

/**
 * How a matrix product is cut up: a workgroup computes m × n elements, stepping k summands at a time through workgroup
 * memory; a thread keeps rows × columns of them in registers (multiples of 4).
 */
export interface Tile {
  m: number
  n: number
  k: number
  rows: number
  columns: number
}

export const tileName = ({ m, n, k, rows, columns }: Tile): string => `${m}x${n}x${k} ${rows}x${columns}`

export const tileThreads = ({ m, n, rows, columns }: Tile): number => (m / rows) * (n / columns)

/** One of the matrices that are multiplied. */
export interface Operand {
  /** Which index runs along memory, so that neighbouring threads read neighbouring words. */
  along: 'k' | 'outer'
  /** Body of a function that gives element (m, k) of the left or (k, n) of the right, 0 outside, where `k` reaches `kEnd`. */
  element: string
}

/** What a kernel makes of a product. */
export interface Product {
  left: Operand
  right: Operand
  /** Body of a function that takes `x`, element (m, n) of a `split` of the sum. */
  finish: string
  /** Rows and columns of the result. */
  m: string
  n: string
  /** One product each along z, in place of the splits of one: WGSL that comes before, from `group` and the place (m0, n0). */
  job?: string
}

/** Body of a function that gives an element inside a matrix, and 0 outside. */
export const elementWhere = (inside: string, element: string): string =>
  `if (${inside}) { return ${element}; } return 0.0;`

const COMPONENTS = ['x', 'y', 'z', 'w']
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Loads one operand's slice. */
function load(
  slice: string,
  outer: number,
  tile: Tile,
  along: Operand['along'],
  element: (o: string, k: string) => string,
) {
  const quads = outer / 4
  const [q, k] = along === 'k' ? [`i / ${tile.k}u`, `i % ${tile.k}u`] : [`i % ${quads}u`, `i / ${quads}u`]
  const parts = range(4).map((c) => element(`4u * quad + ${c}u`, 'k0 + k'))
  return /* wgsl */ `
    for (var i = t; i < ${quads * tile.k}u; i += ${tileThreads(tile)}u) {
      let quad = ${q};
      let k = ${k};
      ${slice}[k * ${quads + 1}u + quad] = vec4f(${parts.join(', ')});
    }`
}

/** Declares a function that finishes four neighbouring elements of the result, as far as they are inside. */
function putQuad({ fn }: Scope<never, never>, { finish, m, n }: Product): string {
  const finishOne = fn('finish', '(m: u32, n: u32, split: u32, x: f32)', finish)
  return fn(
    'put_quad',
    '(m: u32, n: u32, split: u32, x: vec4f)',
    /* wgsl */ `
  if (m >= ${m}) { return; }
  ${range(4)
    .map((c) => `if (n + ${c}u < ${n}) { ${finishOne}(m, n + ${c}u, split, x.${COMPONENTS[c]}); }`)
    .join('\n  ')}`,
  )
}

/**
 * A tiled matrix product, each workgroup along z with `kSplit` of the summands. Sums run in the order of k, so a result does not
 * depend on the schedule.
 */
export function product(scope: Scope<'k' | 'kSplit', never>, tile: Tile, parts: Product): string {
  const { p, fn, workgroup } = scope
  const { job } = parts
  const left = fn('left', '(m: u32, k: u32, kEnd: u32) -> f32', parts.left.element)
  const right = fn('right', '(k: u32, n: u32, kEnd: u32) -> f32', parts.right.element)
  const put = putQuad(scope, parts)
  const lefts = workgroup('lefts', `array<vec4f, ${tile.k * (tile.m / 4 + 1)}>`)
  const rights = workgroup('rights', `array<vec4f, ${tile.k * (tile.n / 4 + 1)}>`)
  const rowQuads = tile.rows / 4
  const columnQuads = tile.columns / 4
  const across = tile.n / tile.columns
  const split = job === undefined ? 'group.z' : '0u'
  const accumulators = range(tile.rows).flatMap((r) => range(columnQuads).map((c) => `acc${r}_${c}`))
  return /* wgsl */ `
  let m0 = group.x * ${tile.m}u;
  let n0 = group.y * ${tile.n}u;
  ${job ?? ''}
  let kEnd = min(${p.k}, (${split} + 1u) * ${p.kSplit});
  let tn = t % ${across}u;
  let tm = t / ${across}u;
  ${accumulators.map((name) => `var ${name} = vec4f();`).join(' ')}
  for (var k0 = ${split} * ${p.kSplit}; k0 < kEnd; k0 += ${tile.k}u) {
    ${load(lefts, tile.m, tile, parts.left.along, (o, k) => `${left}(m0 + ${o}, ${k}, kEnd)`)}
    ${load(rights, tile.n, tile, parts.right.along, (o, k) => `${right}(${k}, n0 + ${o}, kEnd)`)}
    workgroupBarrier();
    for (var k = 0u; k < ${tile.k}u; k++) {
      ${range(rowQuads)
        .map((q) => `let l${q} = ${lefts}[k * ${tile.m / 4 + 1}u + tm * ${rowQuads}u + ${q}u];`)
        .join(' ')}
      ${range(columnQuads)
        .map((q) => `let r${q} = ${rights}[k * ${tile.n / 4 + 1}u + tn * ${columnQuads}u + ${q}u];`)
        .join(' ')}
      ${range(tile.rows)
        .flatMap((r) =>
          range(columnQuads).map((c) => `acc${r}_${c} += l${r >> 2}.${COMPONENTS[r & 3]} * r${c};`),
        )
        .join('\n      ')}
    }
    workgroupBarrier();
  }
  let mm = m0 + tm * ${tile.rows}u;
  let nn = n0 + tn * ${tile.columns}u;
  ${range(tile.rows)
    .flatMap((r) =>
      range(columnQuads).map((c) => `${put}(mm + ${r}u, nn + ${4 * c}u, ${split}, acc${r}_${c});`),
    )
    .join('\n  ')}`
}
