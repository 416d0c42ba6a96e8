import { type KernelSource, kernelSource, type Work } from '../queue/kernel-source.js'
import { type Groups, type Launch, launch } from '../queue/launch.js'
import { perKey } from '../queue/per-key.js'

/** Scalars beside those of both: workgroups of the first, and the shapes of both. */
const GRID = {
  firstGroups: 'u32',
  firstX: 'u32',
  firstY: 'u32',
  firstZ: 'u32',
  secondX: 'u32',
  secondY: 'u32',
  secondZ: 'u32',
} as const

const prefixed = <T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]))

/** A scalar's name without the prefixes of kernels that are one of several in a dispatch. */
export const bareName = (scalar: string): string => scalar.replace(/^(?:first_|second_)+/, '')

/** The kernel's code with its buffers, its scalars and the names that it declares prefixed. Adam's scalars are the same for both. */
function renamed(prefix: string, { code, scalars, bufferNames }: KernelSource): string {
  const own = new Set(
    Array.from(
      code.matchAll(/\b(?:fn|const|struct|alias)\s+(\w+)|\bvar<\w+>\s+(\w+)/g),
      ([, a, b]) => a ?? b,
    ),
  )
  for (const name of bufferNames) own.add(name)
  return code
    .replace(/\bp\.(\w+)/g, (all, name: string) => (name in scalars ? `p.${prefix}${name}` : all))
    .replace(/(?<![.\w])[A-Za-z_]\w*/g, (name) => (own.has(name) ? prefix + name : name))
}

/** Two kernels as one: the first workgroups do the one, those that follow the other. */
const sourceOfBoth = perKey((first: KernelSource, second: KernelSource) =>
  kernelSource({
    name: `${first.name} & ${second.name}`,
    threads: first.threads,
    scalars: { ...prefixed('first_', first.scalars), ...prefixed('second_', second.scalars), ...GRID },
    adam: Boolean(first.adam || second.adam),
    buffers: { ...prefixed('first_', first.buffers), ...prefixed('second_', second.buffers) },
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
    work: (scalars) => sum(workOf(first, 'first_', scalars), workOf(second, 'second_', scalars)),
  }),
)

function workOf(source: KernelSource, prefix: string, scalars: Record<string, number>): Work | undefined {
  return source.work?.(Object.fromEntries(source.scalarNames.map((name) => [name, scalars[prefix + name]!])))
}

function sum(a: Work | undefined, b: Work | undefined): Work | undefined {
  if (!a || !b) return a ?? b
  return { flops: a.flops + b.flops, bytes: a.bytes + b.bytes }
}

const count = ([x, y, z]: Groups): number => x * y * z

/** Two launches that do not depend on each other as one; none where they have different threads. */
export function besideEachOther(first: Launch, second: Launch): Launch | undefined {
  if (first.source.threads !== second.source.threads) return undefined
  const [one, other] = [first.dispatch, second.dispatch]
  const [firstX, firstY, firstZ] = one.groups
  const [secondX, secondY, secondZ] = other.groups
  const firstGroups = count(one.groups)
  const grid = { firstGroups, firstX, firstY, firstZ, secondX, secondY, secondZ }
  return launch<string, string>(sourceOfBoth(first.source, second.source), {
    buffers: { ...prefixed('first_', one.buffers), ...prefixed('second_', other.buffers) },
    scalars: { ...prefixed('first_', one.scalars), ...prefixed('second_', other.scalars), ...grid },
    adam: one.adam ?? other.adam,
    groups: [firstGroups + count(other.groups), 1, 1],
  })
}
