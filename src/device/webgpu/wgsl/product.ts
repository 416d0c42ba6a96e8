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

/** Four rows of four columns of a result at once. */
export interface Block {
  /** Whether all of those from (m, n) on are inside, and in rows that lie one behind the other. */
  inside: string
  /** Body of a function that takes `x0` to `x3`, the rows from (m, n) on. */
  finish: string
}

/** What a kernel makes of a product. */
export interface Product {
  left: Operand
  right: Operand
  /** Body of a function that takes `x`, element (m, n) of a `split` of the sum. */
  finish: string
  /** The same for many elements, where it is not a mere store: what they read is then waited for once. */
  block?: Block
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

/** How a thread loads its part of one operand's slices. */
interface Loads {
  /** Reads it from the slice that starts at a summand, into registers. */
  read: (k0: string) => string
  /** Hands it to the workgroup. */
  hand: string
  /** The registers. */
  declare: string
}

function loads(
  slice: string,
  outer: number,
  tile: Tile,
  along: Operand['along'],
  element: (o: string, k: string) => string,
): Loads {
  const quads = outer / 4
  const threads = tileThreads(tile)
  const own = range((quads * tile.k) / threads).map((i) => {
    const at = `(t + ${i * threads}u)`
    const [quad, k] =
      along === 'k'
        ? [`${at} / ${tile.k}u`, `${at} % ${tile.k}u`]
        : [`${at} % ${quads}u`, `${at} / ${quads}u`]
    return { name: `${slice}_${i}`, quad, k }
  })
  return {
    declare: own.map(({ name }) => `var ${name} = vec4f();`).join(' '),
    read: (k0) =>
      own
        .map(({ name, quad, k }) => {
          const parts = range(4).map((c) => element(`4u * (${quad}) + ${c}u`, `${k0} + ${k}`))
          return `${name} = vec4f(${parts.join(', ')});`
        })
        .join('\n    '),
    hand: own
      .map(({ name, quad, k }) => `${slice}[(${k}) * ${quads + 1}u + ${quad}] = ${name};`)
      .join('\n    '),
  }
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

/** Declares a function that finishes a row of a quad each of `x0` to `x3`. */
function putRows({ fn }: Scope<never, never>, { block }: Product, put: string): string {
  const rows = range(4)
    .map((r) => `${put}(m + ${r}u, n, split, x${r});`)
    .join('\n  ')
  const signature = '(m: u32, n: u32, split: u32, x0: vec4f, x1: vec4f, x2: vec4f, x3: vec4f)'
  if (!block) return fn('put_rows', signature, `  ${rows}`)
  const all = fn('put_block', signature, block.finish)
  return fn(
    'put_rows',
    signature,
    /* wgsl */ `
  if (${block.inside}) { ${all}(m, n, split, x0, x1, x2, x3); return; }
  ${rows}`,
  )
}

/**
 * A tiled matrix product, each workgroup along z with `kSplit` of the summands. Sums run in the order of k, so a result does not
 * depend on the schedule. The next slice is on its way from memory while one is multiplied: small products, whose few
 * workgroups leave a large card half empty, wait for memory more than for anything else.
 */
export function product(scope: Scope<'k' | 'kSplit', never>, tile: Tile, parts: Product): string {
  const { p, fn, workgroup } = scope
  const { job } = parts
  const left = fn('left', '(m: u32, k: u32, kEnd: u32) -> f32', parts.left.element)
  const right = fn('right', '(k: u32, n: u32, kEnd: u32) -> f32', parts.right.element)
  const put = putRows(scope, parts, putQuad(scope, parts))
  const lefts = workgroup('lefts', `array<vec4f, ${tile.k * (tile.m / 4 + 1)}>`)
  const rights = workgroup('rights', `array<vec4f, ${tile.k * (tile.n / 4 + 1)}>`)
  const rowQuads = tile.rows / 4
  const columnQuads = tile.columns / 4
  const across = tile.n / tile.columns
  const split = job === undefined ? 'group.z' : '0u'
  const [ofLeft, ofRight] = [
    loads(lefts, tile.m, tile, parts.left.along, (o, k) => `${left}(m0 + ${o}, ${k}, kEnd)`),
    loads(rights, tile.n, tile, parts.right.along, (o, k) => `${right}(${k}, n0 + ${o}, kEnd)`),
  ]
  const accumulators = range(tile.rows).flatMap((r) => range(columnQuads).map((c) => `acc${r}_${c}`))
  return /* wgsl */ `
  let m0 = group.x * ${tile.m}u;
  let n0 = group.y * ${tile.n}u;
  ${job ?? ''}
  let kEnd = min(${p.k}, (${split} + 1u) * ${p.kSplit});
  let tn = t % ${across}u;
  let tm = t / ${across}u;
  ${accumulators.map((name) => `var ${name} = vec4f();`).join(' ')}
  ${ofLeft.declare} ${ofRight.declare}
  let kStart = ${split} * ${p.kSplit};
  ${ofLeft.read('kStart')}
  ${ofRight.read('kStart')}
  for (var k0 = kStart; k0 < kEnd; k0 += ${tile.k}u) {
    ${ofLeft.hand}
    ${ofRight.hand}
    workgroupBarrier();
    let kNext = k0 + ${tile.k}u;
    ${ofLeft.read('kNext')}
    ${ofRight.read('kNext')}
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
  ${range(rowQuads)
    .flatMap((q) =>
      range(columnQuads).map((c) => {
        const rows = range(4).map((r) => `acc${4 * q + r}_${c}`)
        return `${put}(mm + ${4 * q}u, nn + ${4 * c}u, ${split}, ${rows.join(', ')});`
      }),
    )
    .join('\n  ')}`
}
