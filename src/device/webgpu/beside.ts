import { type KernelSource, kernelSource } from './kernel-source.js'
import type { Dispatch, Launch } from './launch.js'
import type { View } from './view.js'

/** Two kernels in one dispatch: the first workgroups do the one, those that follow the other. */
export interface Pair {
  readonly source: KernelSource
  /** Whether each buffer is one that only the second kernel has. */
  readonly ofSecond: readonly boolean[]
}

/** Scalars that follow those of both: workgroups of the first, and the shapes of both. */
const GRID = {
  firstGroups: 'u32',
  firstX: 'u32',
  firstY: 'u32',
  firstZ: 'u32',
  secondX: 'u32',
  secondY: 'u32',
  secondZ: 'u32',
} as const

export const GRID_SCALARS = Object.keys(GRID).length

const pairs = new WeakMap<KernelSource, WeakMap<KernelSource, Pair>>()

/** The two kernels as one; made once. Buffers of one name must be one. */
export function pairOf(first: KernelSource, second: KernelSource): Pair {
  let seconds = pairs.get(first)
  if (!seconds) {
    seconds = new WeakMap()
    pairs.set(first, seconds)
  }
  let pair = seconds.get(second)
  if (!pair) {
    pair = makePair(first, second)
    seconds.set(second, pair)
  }
  return pair
}

const prefixed = <T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]))

/** The kernel's code with the names that it declares, and its scalars, prefixed. Adam's scalars are the same for both. */
function renamed(prefix: string, { code, scalars }: KernelSource): string {
  const declared = new Set(
    Array.from(
      code.matchAll(/\b(?:fn|const|struct|alias)\s+(\w+)|\bvar<\w+>\s+(\w+)/g),
      ([, a, b]) => a ?? b,
    ),
  )
  return code
    .replace(/\bp\.(\w+)/g, (all, name: string) => (name in scalars ? `p.${prefix}${name}` : all))
    .replace(/(?<![.\w])[A-Za-z_]\w*/g, (name) => (declared.has(name) ? prefix + name : name))
}

function makePair(first: KernelSource, second: KernelSource): Pair {
  const buffers = { ...first.buffers }
  for (const [name, access] of Object.entries(second.buffers)) {
    if (!buffers[name]?.startsWith('read_write')) buffers[name] = access
  }
  const source = kernelSource({
    name: `${first.name} & ${second.name}`,
    threads: first.threads,
    scalars: { ...prefixed('first_', first.scalars), ...prefixed('second_', second.scalars), ...GRID },
    adam: Boolean(first.adam || second.adam),
    buffers,
    code: /* wgsl */ `${renamed('first_', first)}
${renamed('second_', second)}
fn place(i: u32, x: u32, y: u32) -> vec3u { return vec3u(i % x, i / x % y, i / (x * y)); }
fn main(group: vec3u, groups: vec3u, t: u32) {
  if (group.x < p.firstGroups) {
    first_main(place(group.x, p.firstX, p.firstY), vec3u(p.firstX, p.firstY, p.firstZ), t);
  } else {
    let i = group.x - p.firstGroups;
    second_main(place(i, p.secondX, p.secondY), vec3u(p.secondX, p.secondY, p.secondZ), t);
  }
}`,
  })
  const { bufferNames } = source
  return { source, ofSecond: bufferNames.map((name) => !(name in first.buffers)) }
}

const groupsOf = ({ groups: [x, y, z] }: Dispatch<string, string>): number => x * y * z

/** Workgroups of both. */
export const groupsOfBoth = (first: Launch, second: Launch): number =>
  groupsOf(first.dispatch) + groupsOf(second.dispatch)

/** The scalars of `GRID`. */
export function writeGrid(words: Uint32Array, at: number, first: Launch, second: Launch): void {
  words[at] = groupsOf(first.dispatch)
  words.set(first.dispatch.groups, at + 1)
  words.set(second.dispatch.groups, at + 4)
}

/** The scalars of both and those of `GRID`, in the pair's order. */
export function scalarsOfBoth(first: Launch, second: Launch): number[] {
  const own = [first, second].flatMap(({ source, dispatch }) =>
    source.scalarNames.map((name) => dispatch.scalars[name]!),
  )
  return [...own, groupsOf(first.dispatch), ...first.dispatch.groups, ...second.dispatch.groups]
}

/** The buffers of both in the pair's order; none when the two cannot share a dispatch. */
export function buffersOfBoth(pair: Pair, first: Launch, second: Launch): View[] | undefined {
  const views: View[] = []
  const { bufferNames } = pair.source
  for (let i = 0; i < bufferNames.length; i++) {
    const name = bufferNames[i]!
    const own = pair.ofSecond[i] ? undefined : first.dispatch.buffers[name]
    const others = second.dispatch.buffers[name]
    if (own && others && own !== others) return undefined
    views.push((own ?? others)!)
  }
  return views
}
