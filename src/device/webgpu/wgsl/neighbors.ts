import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import type { Scope, Words } from '../queue/scope.js'

/** Rows of a workgroup, a thread each. */
export const NEIGHBOR_THREADS = 64
/** Candidates whose distances a thread sums side by side. */
const ABREAST = 8
/** Candidates that a thread can hold back before it sorts them into its list. */
const HELD = 20
/** Groups of four columns that a thread takes of its row at once. */
const MOST_GROUPS = 16
/** Groups of four columns staged in workgroup memory: with what is held back, below the 16 KiB that every GPU has. */
const STAGED = 256

/** How a table lies on the device: columns in groups of four, in parts of equal width, padded with zeros. */
export interface TableLayout {
  /** Groups of four columns in a part. */
  groups: number
  parts: number
  /** Words of a row. */
  stride: number
  /** Candidates staged at once. */
  staged: number
}

export function tableLayout(columns: number): TableLayout {
  const all = Math.max(1, Math.ceil(columns / 4))
  const parts = Math.ceil(all / MOST_GROUPS)
  return layoutOf(Math.ceil(all / parts), parts)
}

function layoutOf(groups: number, parts: number): TableLayout {
  // sums that go over several parts stay in a thread's registers meanwhile
  const staged = parts > 1 ? ABREAST : ABREAST * Math.floor(STAGED / groups / ABREAST)
  return { groups, parts, stride: 4 * groups * parts, staged }
}

const lines = (n: number, line: (i: number) => string): string =>
  Array.from({ length: n }, (_, i) => line(i)).join('\n')

const fourOf = (buffer: Words, at: string): string =>
  `vec4f(${[0, 1, 2, 3].map((i) => buffer`${at} + ${i}u`).join(', ')})`

/** The largest float: no distance yet. */
const MOST = '3.4028234e38'

const SEARCH_SCALARS = {
  k: 'u32',
  rows: 'u32',
  /** Where the first row and the first candidate lie in their buffers, and their numbers in the whole table. */
  rowAt: 'u32',
  firstRow: 'u32',
  candidates: 'u32',
  candidateAt: 'u32',
  firstCandidate: 'u32',
  /** 1 for the first candidates of the table: the lists are empty. */
  fresh: 'u32',
} as const

/**
 * Declares how a thread keeps its list: the row that it owns, the farthest of its list, and candidates that it holds back, with
 * functions that hold one and that sort all of them into the list.
 */
function lists({
  p,
  buffers: { nearest, distances },
  fn,
  workgroup,
  thread,
}: Scope<keyof typeof SEARCH_SCALARS, 'nearest' | 'distances'>) {
  const slot = thread('slot', 'u32')
  const held = thread('held', 'u32')
  const worst = thread('worst', 'f32')
  const heldDistance = workgroup('held_distance', `array<f32, ${HELD * NEIGHBOR_THREADS}>`)
  const heldRow = workgroup('held_row', `array<u32, ${HELD * NEIGHBOR_THREADS}>`)
  const hold = fn(
    'hold',
    '(t: u32, distance: f32, candidate: u32)',
    /* wgsl */ `
  let row = ${p.firstCandidate} + candidate;
  if (candidate >= ${p.candidates} || row == ${p.firstRow} + ${slot}) { return; }
  ${heldDistance}[${held} * ${NEIGHBOR_THREADS}u + t] = distance;
  ${heldRow}[${held} * ${NEIGHBOR_THREADS}u + t] = row;
  ${held}++;`,
  )
  const sortIn = fn(
    'sort_in',
    '(t: u32)',
    /* wgsl */ `
  let last = (${p.k} - 1u) * ${p.rows} + ${slot};
  for (var i = 0u; i < ${held}; i++) {
    let distance = ${heldDistance}[i * ${NEIGHBOR_THREADS}u + t];
    if (distance >= ${worst}) { continue; }
    var at = last;
    while (at >= ${p.rows}) {
      let before = ${distances`at - ${p.rows}`};
      if (before <= distance) { break; }
      ${distances`at`} = before;
      ${nearest`at`} = ${nearest`at - ${p.rows}`};
      at -= ${p.rows};
    }
    ${distances`at`} = distance;
    ${nearest`at`} = ${heldRow}[i * ${NEIGHBOR_THREADS}u + t];
    ${worst} = ${distances`last`};
  }
  ${held} = 0u;`,
  )
  return { slot, held, worst, hold, sortIn }
}

/**
 * Goes through a stretch of candidates for a block of rows and keeps a list of the k nearest to each row, nearest first.
 * Distances are sums of squared differences. Candidates come in the order of their rows, so ties go to the lower one.
 *
 * A thread owns a row. A candidate that is closer than the last of the list is held back first: all threads of a workgroup sort
 * theirs in together once one of them holds many, else a few would keep the others waiting in almost every tile. Lists
 * lie rank by rank, so that words of one rank lie side by side.
 */
export const nearestRows = perKey((groups: number, parts: number) => {
  const { stride, staged } = layoutOf(groups, parts)
  return kernelSource({
    name: 'nearest rows',
    threads: NEIGHBOR_THREADS,
    work: ({ rows, candidates }) => ({ flops: 3 * stride * rows * candidates, bytes: 0 }),
    scalars: SEARCH_SCALARS,
    buffers: {
      table: 'read f32',
      candidates: 'read f32',
      nearest: 'read_write u32',
      distances: 'read_write f32',
    },
    code: (scope) => {
      const { p, buffers, workgroup } = scope
      const { table, candidates, nearest, distances } = buffers
      const { slot, held, worst, hold, sortIn } = lists(scope)
      const tile = workgroup('tile', `array<vec4f, ${staged * groups}>`)
      // one more than the last tile after which a thread held many
      const crowded = workgroup('crowded', 'atomic<u32>')
      const start = lines(ABREAST, (c) => `var s${c} = 0.0;`)
      const add = lines(ABREAST, (c) =>
        lines(
          groups,
          (g) => `{ let e = q${g} - ${tile}[(at + ${c}u) * ${groups}u + ${g}u]; s${c} += dot(e, e); }`,
        ),
      )
      const sums = Array.from({ length: ABREAST }, (_, c) => `s${c}`)
      const keep = (at: string) => /* wgsl */ `
if (${sums.reduce((least, sum) => `min(${least}, ${sum})`)} < ${worst}) {
  var sums = array(${sums.join(', ')});
  for (var c = 0u; c < ${ABREAST}u; c++) {
    if (sums[c] < ${worst}) { ${hold}(t, sums[c], tile_at + ${at} + c); }
  }
}
if (${held} > ${HELD - ABREAST}u || (${at} == ${staged - ABREAST}u && (many || last))) { ${sortIn}(t); }`
      return /* wgsl */ `
  ${slot} = group.x * ${NEIGHBOR_THREADS}u + t;
  let row_at = (${p.rowAt} + min(${slot}, ${p.rows} - 1u)) * ${stride}u;
  ${worst} = -1.0;
  if (${slot} < ${p.rows}) {
    if (${p.fresh} == 1u) {
      for (var at = ${slot}; at < ${p.k} * ${p.rows}; at += ${p.rows}) {
        ${distances`at`} = ${MOST};
        ${nearest`at`} = 0xffffffffu;
      }
      ${worst} = ${MOST};
    } else {
      ${worst} = ${distances`(${p.k} - 1u) * ${p.rows} + ${slot}`};
    }
  }
  for (var i = 0u; i * ${staged}u < ${p.candidates}; i++) {
    let tile_at = i * ${staged}u;
    let last = tile_at + ${staged}u >= ${p.candidates};
    var many = false;
    ${parts > 1 ? start : ''}
    for (var part = 0u; part < ${parts}u; part++) {
      workgroupBarrier();
      for (var word = t; word < ${staged * groups}u; word += ${NEIGHBOR_THREADS}u) {
        let row = ${p.candidateAt} + tile_at + word / ${groups}u;
        let at = (row * ${parts}u + part) * ${4 * groups}u + word % ${groups}u * 4u;
        ${tile}[word] = ${fourOf(candidates, 'at')};
      }
      if (part == 0u) { many = atomicLoad(&${crowded}) == i; }
      workgroupBarrier();
      let row_part = row_at + part * ${4 * groups}u;
      ${lines(groups, (g) => `let q${g} = ${fourOf(table, `row_part + ${4 * g}u`)};`)}
      for (var at = 0u; at < ${staged}u; at += ${ABREAST}u) {
        ${parts > 1 ? '' : start}
        ${add}
        ${parts > 1 ? '' : keep('at')}
      }
    }
    ${parts > 1 ? keep('0u') : ''}
    if (${held} > ${HELD / 2}u) { atomicStore(&${crowded}, i + 1u); }
  }`
    },
  })
})
