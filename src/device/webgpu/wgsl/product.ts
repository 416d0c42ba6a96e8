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

/** Bytes of workgroup memory. */
export const tileBytes = ({ m, n, k }: Tile): number => 4 * k * (m + 4 + n + 4)

/** Which index of an operand runs along memory, so that neighbouring threads read neighbouring words. */
export type Along = 'k' | 'outer'

const COMPONENTS = ['x', 'y', 'z', 'w']
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

/** Loads one operand's slice: `left(m, k)` or `right(k, n)` are functions of the kernel that give 0 outside. */
function load(
  name: string,
  outer: number,
  tile: Tile,
  along: Along,
  element: (o: string, k: string) => string,
) {
  const quads = outer / 4
  const [q, k] = along === 'k' ? [`i / ${tile.k}u`, `i % ${tile.k}u`] : [`i % ${quads}u`, `i / ${quads}u`]
  const parts = range(4).map((c) => element(`4u * quad + ${c}u`, 'k0 + k'))
  return /* wgsl */ `
    for (var i = t; i < ${quads * tile.k}u; i += ${tileThreads(tile)}u) {
      let quad = ${q};
      let k = ${k};
      ${name}[k * ${quads + 1}u + quad] = vec4f(${parts.join(', ')});
    }`
}

/** Several products in one dispatch, one each along z: WGSL that names the job, and its m and n. */
export interface ProductJobs {
  start: string
  m: string
  n: string
}

/**
 * A tiled matrix product. The kernel around it gives `left(m, k)` and `right(k, n)` (zero outside of the matrices),
 * `finish(m, n, split, value)` for the elements inside, and the scalars `m`, `n`, `k` and `kSplit`: the summands of each
 * workgroup along z. Sums run in the order of k, so a result does not depend on the schedule.
 */
export function product(tile: Tile, leftAlong: Along, rightAlong: Along, jobs?: ProductJobs): string {
  const rowQuads = tile.rows / 4
  const columnQuads = tile.columns / 4
  const across = tile.n / tile.columns
  const { start, m: rows, n: columns } = jobs ?? { start: '', m: 'p.m', n: 'p.n' }
  const split = jobs ? '0u' : 'group.z'
  const accumulators = range(tile.rows).flatMap((r) => range(columnQuads).map((c) => `acc${r}_${c}`))
  return /* wgsl */ `
var<workgroup> lefts: array<vec4f, ${tile.k * (tile.m / 4 + 1)}>;
var<workgroup> rights: array<vec4f, ${tile.k * (tile.n / 4 + 1)}>;

fn main(group: vec3u, groups: vec3u, t: u32) {
  let m0 = group.x * ${tile.m}u;
  let n0 = group.y * ${tile.n}u;
  ${start}
  let kEnd = min(p.k, (${split} + 1u) * p.kSplit);
  let tn = t % ${across}u;
  let tm = t / ${across}u;
  ${accumulators.map((name) => `var ${name} = vec4f();`).join(' ')}
  for (var k0 = ${split} * p.kSplit; k0 < kEnd; k0 += ${tile.k}u) {
    ${load('lefts', tile.m, tile, leftAlong, (o, k) => `left(m0 + ${o}, ${k}, kEnd)`)}
    ${load('rights', tile.n, tile, rightAlong, (o, k) => `right(${k}, n0 + ${o}, kEnd)`)}
    workgroupBarrier();
    for (var k = 0u; k < ${tile.k}u; k++) {
      ${range(rowQuads)
        .map((q) => `let l${q} = lefts[k * ${tile.m / 4 + 1}u + tm * ${rowQuads}u + ${q}u];`)
        .join(' ')}
      ${range(columnQuads)
        .map((q) => `let r${q} = rights[k * ${tile.n / 4 + 1}u + tn * ${columnQuads}u + ${q}u];`)
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
      range(columnQuads).map((c) => `put_quad(mm + ${r}u, nn + ${4 * c}u, ${split}, acc${r}_${c});`),
    )
    .join('\n  ')}
}

fn put_quad(m: u32, n: u32, split: u32, x: vec4f) {
  if (m >= ${rows}) { return; }
  ${range(4)
    .map((c) => `if (n + ${c}u < ${columns}) { finish(m, n + ${c}u, split, x.${COMPONENTS[c]}); }`)
    .join('\n  ')}
}
`
}
